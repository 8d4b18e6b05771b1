/** What strangers may take of the admin port. */
export interface AdminLimits {
  /** From connect to a finished login. */
  readonly loginMs: number;
  /** Logged in or not. */
  readonly connections: number;
  /** Of one command, and of what a client may send ahead of its replies. */
  readonly payloadBytes: number;
}

export const DEFAULT_LIMITS: AdminLimits = Object.freeze({
  loginMs: 10_000,
  connections: 64,
  payloadBytes: 1_048_576,
});
