/** The exit codes people script against. */
export const ExitCode = Object.freeze({
  /** done: switched, or the check says go */
  OK: 0,
  INTERNAL: 1,
  /** usage or configuration */
  USAGE: 2,
  /** nothing changed */
  REFUSED: 3,
  /** the old primary serves */
  ROLLED_BACK: 4,
  /** an operator is needed */
  FAILED: 5,
  /** nobody answers at the admin address; nothing was sent */
  NO_SERVER: 6,
  /** login refused, or the connection was lost in mid-switch: outcome unknown */
  CONNECTION: 7,
} as const);
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
