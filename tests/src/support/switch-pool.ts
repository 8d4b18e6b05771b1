import {
  Orchestrator,
  systemClock,
  type AtStep,
  type CheckReport,
  type Clock,
  type FailoverRequest,
  type FlightRecord,
  type PoolOptions,
  type PoolReport,
  type RejoinReport,
  type StepEvent,
  type SwitchRequest,
} from '@myswitch/orchestrator';
import { ACCOUNTS, temporaryFolder, type Cluster, type TestServer } from '@myswitch/testkit';
import { FakePlane } from './fake-plane';

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** An orchestrator over a real cluster and a fake data plane, in this process. */
export class SwitchPool {
  readonly cluster: Cluster;
  readonly stateDir: string;
  readonly lines: Line[] = [];
  plane: FakePlane;
  orchestrator: Orchestrator;
  atStep: AtStep = () => Promise.resolve();
  change: (options: PoolOptions) => PoolOptions;
  readonly #clock: Clock;

  constructor(
    cluster: Cluster,
    change: (options: PoolOptions) => PoolOptions = (options) => options,
    clock: Clock = systemClock,
  ) {
    this.cluster = cluster;
    this.#clock = clock;
    this.stateDir = temporaryFolder('state');
    this.change = change;
    this.plane = this.#newPlane();
    this.orchestrator = this.#newOrchestrator();
  }

  #newPlane(): FakePlane {
    return new FakePlane(this.cluster.nodes.map(({ name }) => name));
  }

  #newOrchestrator(): Orchestrator {
    return new Orchestrator({
      options: { stateDir: this.stateDir, pools: [this.change(poolOptions(this.cluster))] },
      plane: this.plane,
      clock: this.#clock,
      log: (level, message, fields) => {
        this.lines.push({ level, message, fields });
      },
      atStep: (step, when) => this.atStep(step, when),
    });
  }

  async start(): Promise<this> {
    await this.orchestrator.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.orchestrator.stop();
  }

  /** Another process in its place, with the same stateDir. */
  async restart(): Promise<void> {
    await this.orchestrator.stop();
    this.plane = this.#newPlane();
    this.orchestrator = this.#newOrchestrator();
    await this.orchestrator.start();
  }

  check(request: Partial<SwitchRequest> = {}): Promise<CheckReport> {
    return this.orchestrator.check('shop', { by: 'test', ...request });
  }

  switch(
    request: Partial<SwitchRequest> = {},
    abort: AbortSignal = new AbortController().signal,
  ): Promise<FlightRecord> {
    return this.orchestrator.switch('shop', { by: 'test', force: true, ...request }, () => undefined, abort);
  }

  failover(request: Partial<FailoverRequest>): Promise<FlightRecord> {
    return this.orchestrator.failover('shop', { by: 'test', ...request }, () => undefined);
  }

  rejoin(node: string): Promise<RejoinReport> {
    return this.orchestrator.rejoin('shop', { node, by: 'test' }, () => undefined, new AbortController().signal);
  }

  /** `confirm`: null, it is not. */
  rebuild(
    node: string,
    onStep: (event: StepEvent) => void = () => undefined,
    confirm: string | null = node,
    abort: AbortSignal = new AbortController().signal,
  ): Promise<RejoinReport> {
    return this.orchestrator.rejoin('shop', { node, by: 'test', rebuild: { confirm } }, onStep, abort);
  }

  async status(): Promise<PoolReport> {
    const [report] = await this.orchestrator.status('shop');
    if (report === undefined) throw new Error('no report');
    return report;
  }

  node(name: string): TestServer {
    const found = this.cluster.nodes.find((server) => server.name === name);
    if (found === undefined) throw new Error(`no server ${name}`);
    return found;
  }

  /** Names of the writable servers. */
  async writers(): Promise<string[]> {
    const names: string[] = [];
    for (const server of this.cluster.nodes) {
      const [row] = await server.sql('SELECT @@GLOBAL.read_only AS readOnly');
      if (Number(row?.['readOnly']) === 0) names.push(server.name);
    }
    return names;
  }
}

export const poolOptions = (cluster: Cluster): PoolOptions => ({
  name: 'shop',
  nodes: cluster.nodes.map(({ name, host, port }, index) => ({
    name,
    host,
    port,
    type: index === 0 ? 'PRIMARY' : 'SECONDARY',
    replication: { host, port },
    tls: null,
    weight: 100,
    site: null,
  })),
  control: ACCOUNTS.control,
  replication: ACCOUNTS.replication,
  users: [ACCOUNTS.app.user],
  monitor: { intervalMs: 250, failures: 4, schema: 'myswitch' },
  failover: { mode: 'manual', windowMs: 60_000, applyMs: 5000, failback: 'manual' },
  hooks: { before: null, after: null, stonith: null },
  rebuild: { command: null, timeoutMs: 60_000, restartMs: 10_000 },
  notify: null,
  checkpoints: [],
  switch: {
    maxLagMs: 1000,
    catchUpMs: 1500,
    drainMs: 500,
    fenceMs: 1500,
    applyMs: 2000,
    rollbackMs: 2000,
    bypass: 'refuse',
    allow: [],
    events: 'move',
  },
  hold: { maxMs: 10_000, clients: 1000, bytes: 1 << 20 },
});
