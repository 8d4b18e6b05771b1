/** What the control plane is told. Durations are milliseconds; passwords are already resolved. */
export interface OrchestratorOptions {
  /** Absolute path; journal, records and lock files live here. */
  readonly stateDir: string;
  readonly pools: readonly PoolOptions[];
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface NodeOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly type: 'PRIMARY' | 'SECONDARY';
  /** Where the other nodes reach it, when that is not host:port. */
  readonly replication: { readonly host: string; readonly port: number };
  readonly tls: NodeTls | null;
  /** The operator's preference among candidates of a failover; 0: never. */
  readonly weight: number;
  readonly site: string | null;
}

/** PEM texts. */
export interface NodeTls {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

export interface SwitchDefaults {
  readonly maxLagMs: number;
  readonly catchUpMs: number;
  readonly drainMs: number;
  readonly fenceMs: number;
  readonly applyMs: number;
  readonly rollbackMs: number;
  readonly bypass: 'refuse' | 'kill' | 'ignore';
  /** Accounts that may stay on a fenced node (backup, monitoring). */
  readonly allow: readonly string[];
  readonly events: 'move' | 'leave';
}

export interface PoolOptions {
  readonly name: string;
  readonly nodes: readonly NodeOptions[];
  readonly control: Credentials;
  readonly replication: Credentials | null;
  /** Names of the application accounts. */
  readonly users: readonly string[];
  readonly monitor: { readonly intervalMs: number; readonly failures: number; readonly schema: string };
  readonly failover: {
    readonly mode: 'manual' | 'automatic';
    /** After a failover none is begun by itself for this long: a pool that flaps needs a person. */
    readonly windowMs: number;
    /** For the candidate to apply what it has received. */
    readonly applyMs: number;
  };
  readonly switch: SwitchDefaults;
  readonly hold: { readonly maxMs: number; readonly clients: number; readonly bytes: number };
}
