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

export interface PermitRequest {
  /** Names pool and account. */
  readonly key: string;
  readonly max: number;
}

/** A password that a login has proved, which has to be asked for with TLS or RSA each time until it is known. Never in a log. */
export interface Proof {
  readonly pool: string;
  /** user@host of the account's row. */
  readonly row: string;
  /** What the server stores of it. */
  readonly stored: string;
  readonly password: Buffer;
}

/** All processes that carry clients, this one among them, as a client's command may ask them. */
export interface Peers {
  killSession(request: KillRequest): Promise<KillOutcome>;
  /** One more connection of an account that may have `max` of them, in all processes together; false: it has them. */
  takePermit(request: PermitRequest): Promise<boolean>;
  /** What one process has learned all of them know. */
  proved(proof: Proof): void;
  /** A permit that was taken is free again. */
  givePermit(key: string): void;
}
