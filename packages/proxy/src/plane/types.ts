import type { UnknownWrites } from '../session/unknown-writes';

/*
 * What the data plane takes from and gives to its control plane. The control plane has an interface of the same shape;
 * neither imports the other, and the composition checks that they fit.
 */

export interface Activation {
  readonly node: string;
  readonly epoch: number;
}

export interface Blocking {
  readonly session: number;
  readonly user: string;
  readonly client: string;
  readonly kind: 'busy' | 'pinned';
  readonly reason: string;
  readonly ageMs: number;
}

export type DrainResult =
  { readonly drained: true } | { readonly drained: false; readonly blocking: readonly Blocking[] };

export interface ReleaseReport {
  readonly held: number;
  readonly waitsMs: readonly number[];
  readonly moved: number;
  readonly pinned: number;
  readonly killed: number;
}

export interface PlaneNodeStats {
  readonly clients: number;
  readonly idleBackends: number;
  readonly backendIds: readonly number[];
}

export interface WorkMs {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface PlaneStats {
  readonly gate: 'OPEN' | 'HOLDING' | 'HELD' | 'RELEASING';
  readonly clients: number;
  readonly held: number;
  readonly accounts: readonly string[];
  readonly nodes: Readonly<Record<string, PlaneNodeStats>>;
  readonly workMs: WorkMs | null;
}

export interface SessionRow {
  readonly session: number;
  readonly user: string;
  readonly client: string;
  readonly schema: string | null;
  readonly node: string | null;
  readonly state: string;
  readonly pins: readonly string[];
  readonly weakPins: readonly string[];
  readonly ageMs: number;
}

export interface BackendRow {
  readonly node: string;
  readonly user: string;
  readonly connectionId: number;
  readonly state: string;
  readonly epoch: number;
  readonly session: number | null;
  readonly statements: number;
}

/**
 * A server's account, as mysql.user and mysql.global_priv tell it. Bytes of authentication strings as latin1. All rows of a
 * pool are told at once: one that is missing is gone.
 */
export interface AccountRow {
  /** '' for an anonymous user. */
  readonly user: string;
  readonly host: string;
  readonly plugin: string;
  readonly authentication: string;
  /** MySQL: the hash that RETAIN CURRENT PASSWORD keeps (User_attributes, additional_password). */
  readonly second: string | null;
  /** MariaDB: IDENTIFIED VIA … OR …, in that order. The row's own plugin may be among them. */
  readonly alternatives: readonly { readonly plugin: string; readonly authentication: string }[];
  readonly locked: boolean;
  readonly passwordExpired: boolean;
  readonly tls: 'NONE' | 'ANY' | 'X509' | 'SPECIFIED';
  /** For SPECIFIED; '' when any will do. As in `/C=SE/CN=client`. */
  readonly issuer: string;
  readonly subject: string;
  /** OpenSSL's name; '' when any will do. */
  readonly cipher: string;
  /** 0: no limit. */
  readonly maxUserConnections: number;
}

/** An account that can't be served though its client knew the password. */
export interface RefusedAccount {
  readonly user: string;
  /** The client's address, without its port. */
  readonly client: string;
  /** user@host of the row that is meant for that client. */
  readonly row: string;
  /** The row that a server finds for us instead; null: it is not about that. */
  readonly matched: string | null;
  /** For an operator: what is in the way, and what to do. */
  readonly reason: string;
}

/** What a control plane can do with all processes that carry clients: see its own description of each call. */
export interface PlaneControl {
  activate(pool: string, active: Activation | null): Promise<void>;
  warm(pool: string, node: string, deadlineMs: number): Promise<{ backends: number }>;
  hold(pool: string): Promise<void>;
  drained(pool: string, deadlineMs: number): Promise<DrainResult>;
  kill(pool: string, kinds: readonly ('busy' | 'pinned')[]): Promise<number>;
  /** Ends every connection to a node that is dead or fenced; resolves with their number. None is opened before it is named again. */
  cut(pool: string, node: string): Promise<number>;
  serveReads(pool: string, node: string): Promise<void>;
  release(pool: string, active: Activation): Promise<ReleaseReport>;
  blocking(pool: string): Promise<Blocking[]>;
  stats(pool: string): Promise<PlaneStats>;
  sessions(pool: string): Promise<SessionRow[]>;
  backends(pool: string): Promise<BackendRow[]>;
  /** Replaces what was learned of the servers' accounts. Backends of a row whose password changed go to no new login. */
  accounts(pool: string, rows: readonly AccountRow[]): Promise<void>;
  /** Writes that got 08007, and what tells later what became of them. */
  unknownWrites(pool: string): Promise<UnknownWrites>;
  /** The last ones, each once. */
  refusedAccounts(pool: string): Promise<RefusedAccount[]>;
}
