import type { NodeType } from './report';

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
  readonly type: NodeType;
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

/** A program with its arguments, run without a shell. */
export interface CommandOptions {
  readonly command: readonly string[];
  /** Then it is killed, with all that it started. */
  readonly timeoutMs: number;
}

/** What an operator has run around a switch or failover. */
export interface HookOptions {
  readonly before: CommandOptions | null;
  readonly after: CommandOptions | null;
  /** Switches off a primary that can't be fenced by SQL. */
  readonly stonith: CommandOptions | null;
}

/** How a healthy node is copied over another. */
export interface RebuildOptions {
  /** Null: MySQL copies by its clone plugin, MariaDB can't. */
  readonly command: readonly string[] | null;
  /** For the copy; then it is ended. */
  readonly timeoutMs: number;
  /** For the server to answer again, once the copy is there. */
  readonly restartMs: number;
}

/** Tells people, once for each change. */
export interface NotifyOptions extends CommandOptions {
  readonly on: readonly NotifyKind[];
}

/** ADVICE: something that a person has to do. */
export const NOTIFY_KINDS = ['FAIL', 'RECOVERED', 'SWITCH', 'FAILOVER', 'TWO_WRITERS', 'ADVICE'] as const;
export type NotifyKind = (typeof NOTIFY_KINDS)[number];

/** Something that answers unless this site is cut off. `place` is for people. */
export type CheckpointOptions = { readonly place: 'inside' | 'edge' | 'outside' } & (
  | { readonly kind: 'tcp' | 'mysql'; readonly host: string; readonly port: number }
  | { readonly kind: 'http'; readonly url: string }
);

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
    /** Who gives ACTIVE back to a PRIMARY that was recovered. */
    readonly failback: 'manual' | 'on-recover';
  };
  readonly hooks: HookOptions;
  readonly rebuild: RebuildOptions;
  readonly notify: NotifyOptions | null;
  readonly checkpoints: readonly CheckpointOptions[];
  readonly switch: SwitchDefaults;
  readonly hold: { readonly maxMs: number; readonly clients: number; readonly bytes: number };
}
