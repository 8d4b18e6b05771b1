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
  /** Gate -> RELEASING -> OPEN towards `active`: the queue drains, backends of older epochs are closed. Resolves when the queue is empty. */
  release(pool: string, active: Activation): Promise<ReleaseReport>;
  /** Sessions that would have to be waited for if the gate closed now. */
  blocking(pool: string): Promise<Blocking[]>;
  stats(pool: string): Promise<PlaneStats>;
  /** Rows for SHOW SESSIONS, PINS, QUEUES and BACKENDS. */
  sessions(pool: string): Promise<SessionRow[]>;
  backends(pool: string): Promise<BackendRow[]>;
}

export interface Activation {
  readonly node: string;
  readonly epoch: number;
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
