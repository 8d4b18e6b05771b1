/** What a session is doing. */
export const SessionPhase = Object.freeze({
  /** no command under way */
  IDLE: 'IDLE',
  /** something is asked outside of the session's own connections */
  ASKING: 'ASKING',
  /** a command waits for a backend: at the gate, in a connection pool, or for a moment after the last one was lost */
  WAITING: 'WAITING',
  /** a backend is being made equal to the session */
  REPLAYING: 'REPLAYING',
  /** a command was sent and its reply is not complete */
  RUNNING: 'RUNNING',
  /** the client has its reply; we read back what the statement changed */
  SETTLING: 'SETTLING',
  CLOSED: 'CLOSED',
} as const);
export type SessionPhase = (typeof SessionPhase)[keyof typeof SessionPhase];

export const MOVES: Readonly<Record<SessionPhase, readonly SessionPhase[]>> = {
  IDLE: ['ASKING', 'WAITING', 'SETTLING', 'CLOSED'],
  ASKING: ['IDLE', 'CLOSED'],
  WAITING: ['REPLAYING', 'RUNNING', 'IDLE', 'CLOSED'],
  REPLAYING: ['RUNNING', 'WAITING', 'IDLE', 'CLOSED'],
  RUNNING: ['SETTLING', 'WAITING', 'IDLE', 'CLOSED'],
  SETTLING: ['IDLE', 'CLOSED'],
  CLOSED: [],
};
