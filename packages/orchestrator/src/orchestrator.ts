import { mkdir } from 'node:fs/promises';
import { sleep, systemClock, type Clock } from './clock';
import type { DataPlane } from './data-plane';
import { OrchestratorError } from './errors';
import type { Order } from './operate/order';
import type { OrchestratorOptions } from './options';
import { Places } from './watch/places';
import { PoolControl } from './pool/pool-control';
import type {
  CheckpointReport,
  CheckReport,
  ControlPlane,
  FailoverCheck,
  FailoverRequest,
  FlightRecord,
  PoolEvent,
  PoolRecord,
  PoolReport,
  RejoinReport,
  RejoinRequest,
  StepEvent,
  SwitchRequest,
} from './report';
import { Records } from './state/records';
import type { Log } from './log';
import type { AtStep } from './switch/timeline';

/** From one pool's first polls to the next one's: of hundreds of nodes at once, none would be polled in time. They stay spread. */
const SPREAD_MS = 20;

export interface OrchestratorParts {
  readonly options: OrchestratorOptions;
  readonly plane: DataPlane;
  readonly log: Log;
  readonly clock?: Clock;
  /** A test's seam: called around each step of a switch; throwing makes the step fail. */
  readonly atStep?: AtStep;
}

/** The control plane: one PoolControl a pool. */
export class Orchestrator implements ControlPlane {
  readonly #parts: OrchestratorParts;
  #pools: ReadonlyMap<string, PoolControl> = new Map();
  #records: Records | null = null;

  constructor(parts: OrchestratorParts) {
    this.#parts = parts;
  }

  /** Resolves when every pool was looked at, what an earlier process left is ended, and the data plane knows each ACTIVE. */
  async start(): Promise<void> {
    const { options, plane, log, clock = systemClock, atStep = () => Promise.resolve() } = this.#parts;
    await mkdir(options.stateDir, { recursive: true });
    const records = await Records.open(options.stateDir);
    this.#records = records;
    const places = new Places();
    const started = await Promise.allSettled(
      options.pools.map(async (pool, index) => {
        if (index > 0) await sleep(clock, index * SPREAD_MS);
        return PoolControl.start({ pool, plane, log, clock, atStep, records, places, stateDir: options.stateDir });
      }),
    );
    this.#pools = new Map(
      started.flatMap((one) => (one.status === 'fulfilled' ? [[one.value.name, one.value] as const] : [])),
    );
    const failed = started.find((one) => one.status === 'rejected');
    if (failed !== undefined) {
      await this.stop();
      throw failed.reason;
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.stop()));
    this.#pools = new Map();
  }

  status(pool?: string): Promise<PoolReport[]> {
    const pools = pool === undefined ? [...this.#pools.values()] : [this.#pool(pool)];
    return Promise.all(pools.map((one) => one.report()));
  }

  async check(pool: string, request: SwitchRequest): Promise<CheckReport> {
    return this.#pool(pool).flights.check(request);
  }

  async switch(
    pool: string,
    request: SwitchRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<FlightRecord> {
    return this.#pool(pool).flights.switch(request, onStep, abort);
  }

  async checkFailover(pool: string, request: FailoverRequest): Promise<FailoverCheck> {
    return this.#pool(pool).flights.checkFailover(request);
  }

  async failover(pool: string, request: FailoverRequest, onStep: (event: StepEvent) => void): Promise<FlightRecord> {
    return this.#pool(pool).flights.failover(request, onStep);
  }

  async rejoin(
    pool: string,
    request: RejoinRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<RejoinReport> {
    return this.#pool(pool).flights.rejoin(request, onStep, abort);
  }

  async switchback(
    pool: string,
    request: SwitchRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<FlightRecord> {
    return this.#pool(pool).flights.switchback(request, onStep, abort);
  }

  async activatePrimary(
    pool: string,
    request: SwitchRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<FlightRecord> {
    return this.#pool(pool).flights.activatePrimary(request, onStep, abort);
  }

  async checkpoints(pool: string): Promise<readonly CheckpointReport[]> {
    return this.#pool(pool).checkpoints();
  }

  async history(pool?: string): Promise<PoolRecord[]> {
    return this.#records === null ? [] : this.#records.list(pool);
  }

  async show(id: string): Promise<PoolRecord | null> {
    return this.#records === null ? null : this.#records.show(id);
  }

  async carryOut(pool: string, order: Order, by: string): Promise<string> {
    return this.#pool(pool).carryOut(order, by);
  }

  poolOf(node: string): string | null {
    return this.#parts.options.pools.find(({ nodes }) => nodes.some(({ name }) => name === node))?.name ?? null;
  }

  async events(pool?: string): Promise<PoolEvent[]> {
    const pools = pool === undefined ? [...this.#pools.values()] : [this.#pool(pool)];
    const events = (await Promise.all(pools.map((one) => one.events()))).flat();
    return events.sort((a, b) => a.at.localeCompare(b.at));
  }

  /** Throws NO_SUCH_POOL. */
  #pool(name: string): PoolControl {
    const pool = this.#pools.get(name);
    if (pool === undefined) {
      throw new OrchestratorError('NO_SUCH_POOL', `there is no pool ${name}`);
    }
    return pool;
  }
}
