/**
 * Ids of sessions, which clients know as those of their connections, begin where those of servers hardly come: KILL takes
 * both. They end where a signed 32-bit number does, which is what some drivers keep them in.
 */
export const FIRST_SESSION_ID = 1_000_000_001;
export const LAST_SESSION_ID = 0x7fff_ffff;

/** The ids that one process gives: `first`, `first + step`, … */
export interface SessionIds {
  readonly first: number;
  readonly step: number;
}
