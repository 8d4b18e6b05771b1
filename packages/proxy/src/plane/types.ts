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

/** What a control plane can do with all processes that carry clients: see its own description of each call. */
export interface PlaneControl {
  activate(pool: string, active: Activation | null): Promise<void>;
  warm(pool: string, node: string, deadlineMs: number): Promise<{ backends: number }>;
  hold(pool: string): Promise<void>;
  drained(pool: string, deadlineMs: number): Promise<DrainResult>;
  kill(pool: string, kinds: readonly ('busy' | 'pinned')[]): Promise<number>;
  release(pool: string, active: Activation): Promise<ReleaseReport>;
  blocking(pool: string): Promise<Blocking[]>;
  stats(pool: string): Promise<PlaneStats>;
  sessions(pool: string): Promise<SessionRow[]>;
  backends(pool: string): Promise<BackendRow[]>;
}
