/**
 * For sockets on both sides: a connection on which nothing has come for 60 s is probed by the system, each second, ten times. So
 * a machine or network that is gone is found after 70 s; the system's own default is more than two hours.
 */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000 } as const;
