/**
 * What the orchestrator needs of the proxies it commands. Everything is a promise because the proxies may be other
 * processes (cluster workers today, other machines later); a promise resolves only when *every* one of them has done it.
 */
export interface DataPlane {
  /** Names the node that new work goes to; `null`: nobody, clients wait at the gate. An epoch never goes back. */
  activate(pool: string, active: Activation | null): Promise<void>;
  /** Opens logged-in backends to `node` for every account in use. Rejects naming node and account when one can't log in. */
  warm(pool: string, node: string, deadlineMs: number): Promise<{ backends: number }>;
  /** Gate OPEN -> HOLDING: new work and logins wait, work that holds a backend goes on. */
  hold(pool: string): Promise<void>;
  /** Resolves when nothing runs through the pool any more (gate HELD), or at the deadline with what still does. */
  drained(pool: string, deadlineMs: number): Promise<DrainResult>;
  /** Ends what keeps the gate from draining; those clients keep their connection and get 1213/40001. Resolves with their number. */
  kill(pool: string, kinds: readonly ('busy' | 'pinned')[]): Promise<number>;
  /**
   * Gives a node up as dead or fenced: ends every connection to it at once, in any state of the gate, also those that are being made, and
   * what runs there ends as docs/architecture.md says ("When a backend is lost"). Resolves with their number. Nobody connects there until it
   * is named again, by `activate`, `release` or `warm`; as long as it is the active one all work waits at the gate.
   */
  cut(pool: string, node: string): Promise<number>;
  /**
   * In a hold: reads outside of transactions go to `node`, which takes no writes yet and is what the pool is about to be released to; all else
   * goes on waiting. Until the release.
   */
  serveReads(pool: string, node: string): Promise<void>;
  /** Gate -> RELEASING -> OPEN towards `active`: the queue drains, backends of older epochs are closed. Resolves when the queue is empty. */
  release(pool: string, active: Activation): Promise<ReleaseReport>;
  /** Sessions that would have to be waited for if the gate closed now. */
  blocking(pool: string): Promise<Blocking[]>;
  stats(pool: string): Promise<PlaneStats>;
  /** Replaces the accounts learned from the ACTIVE, in every process. Clients that are logged in stay. */
  accounts(pool: string, rows: readonly AccountRow[]): Promise<void>;
  /** Accounts whose clients gave the right password lately, and could not be let in all the same. */
  refusedAccounts(pool: string): Promise<RefusedAccount[]>;
  /** The last 1000 writes a process whose clients were told 08007, and what it takes to find out what became of them. */
  unknownWrites(pool: string): Promise<UnknownWrites>;
  /** Rows for SHOW SESSIONS, PINS, QUEUES and BACKENDS. */
  sessions(pool: string): Promise<SessionRow[]>;
  backends(pool: string): Promise<BackendRow[]>;
}

export interface Activation {
  readonly node: string;
  readonly epoch: number;
}

/**
 * A row of the server's account table, as it stands there. It holds what a password can be guessed from: never in a log, record, error
 * or SHOW. Of a row a person sees its user and host.
 */
export interface AccountRow {
  /** Empty: anybody. */
  readonly user: string;
  /** The pattern of the client's host: a name, an address, wildcards, a netmask; empty is like %, but matches after it. */
  readonly host: string;
  /** The plugin that the server asks first; `NO_LOGIN` for an account that can't be served. */
  readonly plugin: string;
  /** Bytes, one a character (latin1): a hash with a binary salt stays whole. */
  readonly authentication: string;
  /** A second password that is valid too (RETAIN CURRENT PASSWORD), in the same form. */
  readonly second: string | null;
  /** Other ways to log in (MariaDB's `OR`), in their order. */
  readonly alternatives: readonly { readonly plugin: string; readonly authentication: string }[];
  readonly locked: boolean;
  /** By PASSWORD EXPIRE or by its lifetime. */
  readonly passwordExpired: boolean;
  readonly tls: 'NONE' | 'ANY' | 'X509' | 'SPECIFIED';
  /** Of REQUIRE; empty: not asked for. */
  readonly issuer: string;
  readonly subject: string;
  readonly cipher: string;
  /** 0: the server's own limit; negative (MariaDB): nobody may connect. */
  readonly maxUserConnections: number;
}

/** Seen at a login, where it can't be told from the account table alone. */
export interface RefusedAccount {
  readonly user: string;
  /** The client's address, without its port. */
  readonly client: string;
  /** user@host of the row that is meant for that client. */
  readonly row: string;
  /** The row that the server finds for MySwitch instead; null: it is not about that. */
  readonly matched: string | null;
  /** For an operator: what is in the way, and what to do. */
  readonly reason: string;
}

/** A write of which the data plane does not know whether it was committed. */
export interface UnknownWrite {
  readonly session: number;
  readonly user: string;
  /** The node that it was sent to, and that server's id of the connection. */
  readonly node: string;
  readonly connectionId: number;
  /** What it was, without a word of it: INSERT, COMMIT … */
  readonly kind: string;
  /** Of the pool at that time. */
  readonly epoch: number;
  /** When it was sent, and when its connection was lost. */
  readonly beganMs: number;
  readonly agoMs: number;
  /** SHA-256, in base64, of the text as a server logs it, of a COMMIT that of the last write before it; null: not known. In memory only: it may be guessed from. */
  readonly print: string | null;
}

export interface UnknownWrites {
  readonly writes: readonly UnknownWrite[];
  /** GTIDs, or sets of them, of the last transactions that clients were told are committed; of each process in that order. */
  readonly acknowledged: readonly string[];
  /** There were more than are kept. */
  readonly forgot: boolean;
}

/** A session that a switch must wait for. `session` is the id that the client sees as CONNECTION_ID(). */
export interface Blocking {
  readonly session: number;
  readonly user: string;
  /** host:port of the client */
  readonly client: string;
  readonly kind: 'busy' | 'pinned';
  /** pin name (TEMPORARY_TABLE, GET_LOCK …) or what runs (STATEMENT, TRANSACTION); never statement text */
  readonly reason: string;
  readonly ageMs: number;
}

export type DrainResult =
  { readonly drained: true } | { readonly drained: false; readonly blocking: readonly Blocking[] };

export interface ReleaseReport {
  /** Commands and logins that waited at the gate, and how long each did (ms). */
  readonly held: number;
  readonly waitsMs: readonly number[];
  /** Client connections that now lead to the new node. */
  readonly moved: number;
  /** Weak pins released by this hold. */
  readonly pinned: number;
  readonly killed: number;
}

export interface PlaneStats {
  readonly gate: 'OPEN' | 'HOLDING' | 'HELD' | 'RELEASING';
  readonly clients: number;
  readonly held: number;
  /** Users with at least one client or backend. */
  readonly accounts: readonly string[];
  readonly nodes: Readonly<Record<string, PlaneNodeStats>>;
  /** How long statements and transactions held a backend lately (ms); null before any ran. */
  readonly workMs: { readonly p50: number; readonly p95: number; readonly max: number } | null;
}

export interface PlaneNodeStats {
  /** Sessions that hold a backend of this node now. */
  readonly clients: number;
  readonly idleBackends: number;
  /** Connection ids of our backends on that server: what is not among them may be a bypassing session. */
  readonly backendIds: readonly number[];
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
