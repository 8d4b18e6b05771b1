/** Since when a server runs. */
export interface Runs {
  /** Null: not known. */
  readonly since: Since | null;
  /** When it was found that it had been started again, ms since 1970; null: not since we look at it. */
  readonly restartedAt: number | null;
}

/** Between these moments of our monotonic clock it was started: servers tell their uptime in whole seconds, and take their time to. */
export interface Since {
  readonly earliest: number;
  readonly latest: number;
}

export const UNSEEN_RUNS: Runs = Object.freeze({ since: null, restartedAt: null });

/** By an answer to a question that was asked and answered at these moments. */
export const since = (uptimeSeconds: number, asked: number, answered: number): Since => ({
  earliest: asked - (uptimeSeconds + 1) * 1000,
  latest: answered - uptimeSeconds * 1000,
});

/**
 * Asked over each new connection alone: one that still stands says that the server was not started again, whatever its wall clock, by which it
 * reckons its uptime, makes of that. `at`: ms since 1970.
 */
export const ranOn = (runs: Runs, now: Since, at: number): Runs => ({
  since: now,
  restartedAt: runs.since !== null && now.earliest > runs.since.latest ? at : runs.restartedAt,
});
