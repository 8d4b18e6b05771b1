/** A client's KILL. */
export interface KillRequest {
  readonly pool: string;
  /** A session of ours, or a server's connection that one of ours is using. */
  readonly id: number;
  readonly what: 'query' | 'connection';
  /** Who asks: one may kill what is one's own. */
  readonly user: string;
  /** The server allows this user to kill anybody's. */
  readonly privileged: boolean;
}

/** UNKNOWN: no session of ours has that id; DENIED: it belongs to somebody else. */
export type KillOutcome = 'DONE' | 'DENIED' | 'UNKNOWN';

/** All processes that carry clients, this one among them, as a client's command may ask them. */
export interface Peers {
  killSession(request: KillRequest): Promise<KillOutcome>;
}
