import type {
  AccountRow,
  Activation,
  BackendRow,
  Blocking,
  DataPlane,
  DrainResult,
  PlaneStats,
  RefusedAccount,
  ReleaseReport,
  SessionRow,
  UnknownWrites,
} from '@myswitch/orchestrator';

interface Waiter {
  readonly since: number;
  readonly go: () => void;
}

/** A data plane of one process with a real gate and no sockets: work is a function that is handed the ACTIVE's name. */
export class FakePlane implements DataPlane {
  active: Activation | null = null;
  gate: PlaneStats['gate'] = 'OPEN';
  /** Every activation and release, in order. */
  readonly activations: (Activation | null)[] = [];
  /** What blocking() answers. */
  blockers: Blocking[] = [];
  /** Connection ids that count as ours, by node. */
  readonly backendIds: Record<string, number[]> = {};
  /** Makes a method fail. */
  broken: Partial<Record<'warm' | 'hold' | 'drained', string>> = {};
  /** A server does not answer a KILL. */
  killHangs = false;
  killed: string[] = [];
  /** Nodes given up as dead. */
  readonly cuts: string[] = [];
  /** Nodes that answered reads while the gate was closed. */
  readonly readers: string[] = [];
  /** Every table of accounts that it was given. */
  readonly learned: (readonly AccountRow[])[] = [];
  readonly nodes: readonly string[];
  #running = 0;
  #queue: Waiter[] = [];
  #idle: (() => void)[] = [];

  constructor(nodes: readonly string[]) {
    this.nodes = nodes;
  }

  /** Runs `work` on the ACTIVE; waits while the gate is closed. */
  async run<T>(work: (node: string) => Promise<T>): Promise<T> {
    while (this.gate !== 'OPEN' || this.active === null) {
      await new Promise<void>((resolve) => {
        this.#queue.push({ since: performance.now(), go: resolve });
      });
    }
    const { node } = this.active;
    this.#running += 1;
    try {
      return await work(node);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) {
        for (const done of this.#idle.splice(0)) done();
      }
    }
  }

  activate(_pool: string, active: Activation | null): Promise<void> {
    if (active !== null && this.active !== null && active.epoch < this.active.epoch) {
      throw new Error('an epoch went back');
    }
    this.activations.push(active);
    this.active = active;
    if (this.gate === 'OPEN') this.#drainQueue();
    return Promise.resolve();
  }

  warm(): Promise<{ backends: number }> {
    return this.broken.warm === undefined
      ? Promise.resolve({ backends: 2 })
      : Promise.reject(new Error(this.broken.warm));
  }

  hold(): Promise<void> {
    if (this.broken.hold !== undefined) return Promise.reject(new Error(this.broken.hold));
    if (this.gate !== 'OPEN') throw new Error(`hold of a gate that is ${this.gate}`);
    this.gate = 'HOLDING';
    return Promise.resolve();
  }

  async drained(_pool: string, deadlineMs: number): Promise<DrainResult> {
    if (this.broken.drained !== undefined) throw new Error(this.broken.drained);
    const done =
      this.#running === 0 ||
      (await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), deadlineMs);
        this.#idle.push(() => {
          clearTimeout(timer);
          resolve(true);
        });
      }));
    if (!done || this.blockers.length > 0) return { drained: false, blocking: this.blockers };
    this.gate = 'HELD';
    return { drained: true };
  }

  kill(_pool: string, kinds: readonly ('busy' | 'pinned')[]): Promise<number> {
    const before = this.blockers.length;
    this.killed.push(...kinds);
    if (this.killHangs) return new Promise(() => undefined);
    this.blockers = this.blockers.filter(({ kind }) => !kinds.includes(kind));
    return Promise.resolve(before - this.blockers.length);
  }

  cut(_pool: string, node: string): Promise<number> {
    this.cuts.push(node);
    return Promise.resolve(0);
  }

  serveReads(_pool: string, node: string): Promise<void> {
    this.readers.push(node);
    return Promise.resolve();
  }

  release(_pool: string, active: Activation): Promise<ReleaseReport> {
    this.activations.push(active);
    this.active = active;
    this.gate = 'OPEN';
    const now = performance.now();
    const waitsMs = this.#queue.map(({ since }) => now - since);
    this.#drainQueue();
    return Promise.resolve({ held: waitsMs.length, waitsMs, moved: waitsMs.length, pinned: 0, killed: 0 });
  }

  #drainQueue(): void {
    for (const { go } of this.#queue.splice(0)) go();
  }

  blocking(): Promise<Blocking[]> {
    return Promise.resolve(this.blockers);
  }

  accounts(_pool: string, rows: readonly AccountRow[]): Promise<void> {
    this.learned.push(rows);
    return Promise.resolve();
  }

  refusedAccounts(): Promise<RefusedAccount[]> {
    return Promise.resolve([]);
  }

  unknownWrites(): Promise<UnknownWrites> {
    return Promise.resolve({ writes: [], acknowledged: [], forgot: false });
  }

  stats(): Promise<PlaneStats> {
    return Promise.resolve({
      gate: this.gate,
      clients: 0,
      held: this.#queue.length,
      accounts: ['app'],
      nodes: Object.fromEntries(
        this.nodes.map((node) => [node, { clients: 0, idleBackends: 0, backendIds: this.backendIds[node] ?? [] }]),
      ),
      workMs: null,
    });
  }

  sessions(): Promise<SessionRow[]> {
    return Promise.resolve([]);
  }

  backends(): Promise<BackendRow[]> {
    return Promise.resolve([]);
  }
}
