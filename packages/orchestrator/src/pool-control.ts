import { AccountWatch } from './accounts/watch';
import { benchOf, type PoolDependencies } from './bench';
import { dismiss, runCheck, type Known } from './check';
import { conduct, newId } from './conduct';
import type { Activation } from './data-plane';
import type { Observation } from './dialect';
import { messageOf, SwitchError } from './errors';
import { Monitor } from './monitor';
import type { NodeConnection } from './node-link';
import { planOf } from './plan';
import { recordOfRecovery, recover } from './recover';
import type { CheckReport, FlightRecord, PoolReport, StepEvent, SwitchRequest } from './report';
import { LockFile } from './state/lock-file';
import type { Records } from './state/records';
import { writeTopologyRecord } from './state/topology-record';
import { reportPool } from './status';
import type { Bench } from './switch/context';
import { Timeline } from './switch/timeline';
import {
  decideActive,
  emptyTopology,
  update,
  viewOf,
  type ActiveDecision,
  type PollResult,
  type Topology,
} from './topology';

const LOCK_MS = 3000;

/** One pool: who is ACTIVE, how its nodes are, and the operation that runs. */
export class PoolControl {
  readonly #bench: Bench;
  readonly #records: Records;
  readonly #stateDir: string;
  readonly #lockFile: LockFile;
  readonly #monitors: readonly Monitor[];
  readonly #accounts: AccountWatch;
  #topology: Topology;
  #active: string | null = null;
  /** Id of the switch that has the pool to itself. */
  #switching: string | null = null;
  /** The look after a poll, or a recovery, that runs. */
  #tending = false;
  #trouble: string | null = null;
  #otherProxy: string | null = 'not asked yet';
  #lastSwitchAt: number | null = null;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #stopping = new AbortController();
  /** Settles with the switch that runs. */
  #switched: Promise<unknown> = Promise.resolve();

  private constructor(bench: Bench, dependencies: PoolDependencies, lockFile: LockFile) {
    this.#bench = bench;
    this.#records = dependencies.records;
    this.#stateDir = dependencies.stateDir;
    this.#lockFile = lockFile;
    this.#topology = emptyTopology(bench.pool.nodes.map(({ name }) => name));
    this.#accounts = new AccountWatch(bench);
    this.#monitors = [...bench.links.values()].map(
      (link) =>
        new Monitor(
          link,
          bench.pool.monitor.intervalMs,
          bench.clock,
          (node, observation) => this.#enforce(node, observation),
          (poll) => this.#onPoll(poll),
        ),
    );
  }

  /** Looks at every node, ends what an earlier process left unfinished, and tells the data plane who is ACTIVE. */
  static async start(dependencies: PoolDependencies): Promise<PoolControl> {
    const { pool, stateDir } = dependencies;
    const lockFile = await LockFile.take(stateDir, pool.name);
    try {
      const control = new PoolControl(await benchOf(dependencies), dependencies, lockFile);
      await control.#begin();
      return control;
    } catch (error) {
      await lockFile.release();
      throw error;
    }
  }

  get name(): string {
    return this.#bench.pool.name;
  }

  /** A switch that runs is rolled back, or finished when it was promoted. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#switched;
    this.#stopped = true;
    this.#accounts.stop();
    await Promise.all(this.#monitors.map((monitor) => monitor.stop()));
    await this.#work;
    this.#bench.lock.release();
    await this.#lockFile.release();
  }

  async report(): Promise<PoolReport> {
    const { pool, plane, journal } = this.#bench;
    return reportPool({
      pool,
      topology: this.#topology,
      active: this.#active,
      epoch: journal.memory.epoch,
      stats: await plane.stats(pool.name),
    });
  }

  async check(request: SwitchRequest): Promise<CheckReport> {
    const checked = await runCheck(await this.#know(null), planOf(this.#bench.pool, request));
    if (checked.go !== null) {
      dismiss(checked.go.crew);
    }
    return checked.report;
  }

  switch(request: SwitchRequest, onStep: (event: StepEvent) => void, abort: AbortSignal): Promise<FlightRecord> {
    const work = this.#switch(request, onStep, AbortSignal.any([abort, this.#stopping.signal]));
    this.#switched = Promise.allSettled([this.#switched, work]);
    return work;
  }

  async #switch(request: SwitchRequest, onStep: (event: StepEvent) => void, abort: AbortSignal): Promise<FlightRecord> {
    const { clock, log } = this.#bench;
    const id = newId(clock.now());
    const conductor = { bench: this.#bench, know: (asking: string) => this.#know(asking) };
    const plan = planOf(this.#bench.pool, request);
    const busy = this.#switching !== null;
    this.#switching ??= id;
    try {
      const flown = await conduct(conductor, plan, id, onStep, abort);
      if (!busy) {
        this.#afterSwitch(flown);
        await this.#refresh();
      }
      const record = await this.#keep(flown, onStep);
      const { result, reasons } = record;
      log(result === 'switched' ? 'info' : 'warn', `switch ${result}`, { id, pool: this.name, reasons });
      return record;
    } finally {
      if (!busy) {
        this.#switching = null;
      }
    }
  }

  async #refresh(): Promise<void> {
    await Promise.all(this.#monitors.map((monitor) => monitor.refresh()));
  }

  #afterSwitch({ result, to }: FlightRecord): void {
    if (result === 'switched') {
      this.#active = to;
      void this.#followAccounts();
      this.#lastSwitchAt = this.#bench.clock.monotonic();
    }
    if (result === 'failed') {
      this.#active = null;
    }
  }

  /** The last step of a switch: what failed to be written down is no reason to call it anything else. */
  async #keep(record: FlightRecord, onStep: (event: StepEvent) => void): Promise<FlightRecord> {
    const { atStep, clock, log } = this.#bench;
    const timeline = new Timeline(clock, onStep);
    try {
      await timeline.run('record', async () => {
        await atStep('record', 'before');
        await this.#records.add(record);
        if (record.result === 'switched') {
          await this.#recordTopology(record.id);
        }
        await atStep('record', 'after');
        return record.id;
      });
      return record;
    } catch (error) {
      const message = `the flight record could not be written: ${messageOf(error)}`;
      log('error', message, { id: record.id });
      return { ...record, warnings: [...record.warnings, { code: 'RECORD', message }] };
    }
  }

  async #begin(): Promise<void> {
    await Promise.all(this.#monitors.map((monitor) => monitor.start()));
    await this.#work;
    await this.#followAccounts();
    if (this.#active === null) {
      const { pool, plane, log } = this.#bench;
      await plane.activate(pool.name, null);
      log('error', `pool ${pool.name} has no ACTIVE`, { reason: this.#reason() });
    }
  }

  #reason(): string {
    const decision = this.#decide();
    return decision.active === null ? `${decision.code}: ${decision.reason}` : '';
  }

  #decide(): ActiveDecision {
    const { active, demoted } = this.#bench.journal.memory;
    return decideActive(this.#topology, { active, demoted: demoted.map(({ node }) => node) });
  }

  /** A node that a switch demoted and that comes back writable (MariaDB keeps no read_only over a restart) is closed before it counts. */
  async #enforce(node: NodeConnection, observation: Observation): Promise<Observation> {
    const { journal, log } = this.#bench;
    const name = node.connection.node;
    const { operation, demoted } = journal.memory;
    const active = this.#active === null ? undefined : viewOf(this.#topology, this.#active);
    const applies =
      !observation.readOnly &&
      demoted.some((demotion) => demotion.node === name) &&
      active !== undefined &&
      active.name !== name &&
      active.observation?.readOnly === false &&
      operation === null;
    if (!applies) {
      return observation;
    }
    await node.dialect.close(node.connection, LOCK_MS);
    log('warn', `${name} came back writable and was made read-only again`, { pool: this.name });
    return { ...observation, readOnly: true };
  }

  #onPoll(poll: PollResult): void {
    const before = viewOf(this.#topology, poll.node);
    this.#topology = update(this.#topology, poll);
    if ('error' in poll && before?.errors === 0) {
      this.#bench.log('warn', `${poll.node} does not answer`, { pool: this.name, reason: poll.error });
    }
    const seenAll = this.#topology.nodes.every(({ lastPoll }) => lastPoll !== null);
    // a node that stays away is tried often, and says nothing new
    const news = 'observation' in poll || before === undefined || before.errors === 0;
    if (!news || !seenAll || this.#switching !== null || this.#tending || this.#stopped) {
      return;
    }
    this.#tending = true;
    this.#work = this.#reconsider()
      .catch((error: unknown) => {
        this.#bench.log('error', 'the pool could not be looked after', { pool: this.name, reason: messageOf(error) });
      })
      .finally(() => {
        this.#tending = false;
      });
  }

  async #reconsider(): Promise<void> {
    const { journal } = this.#bench;
    if (journal.memory.operation !== null) {
      await this.#recover();
      return;
    }
    const decision = this.#decide();
    if (decision.active !== null && decision.active !== this.#active && this.#mayMove()) {
      const moved =
        this.#active !== null || (journal.memory.active !== null && journal.memory.active !== decision.active);
      await this.#activate(decision.active, journal.memory.epoch + (moved ? 1 : 0));
    }
    await this.#keepLock();
  }

  /** An ACTIVE that fails stays ACTIVE; only when it is seen read-only, and another writes, somebody promoted that one by hand. */
  #mayMove(): boolean {
    const active = this.#active === null ? undefined : viewOf(this.#topology, this.#active);
    return active === undefined || (active.reachable && active.observation?.readOnly === true);
  }

  async #activate(node: string, epoch: number): Promise<void> {
    const { pool, plane, journal, log } = this.#bench;
    const activation: Activation = { node, epoch };
    await journal.write({
      epoch,
      active: node,
      demoted: journal.memory.demoted.filter((demotion) => demotion.node !== node),
    });
    const { gate } = await plane.stats(pool.name);
    await plane.activate(pool.name, activation);
    if (gate !== 'OPEN') {
      await plane.release(pool.name, activation);
    }
    this.#active = node;
    void this.#followAccounts();
    log('info', `${node} is ACTIVE`, { pool: pool.name, epoch });
    await this.#recordTopology(null);
  }

  /** Resolves when the accounts of the ACTIVE were read, or could not be. */
  async #followAccounts(): Promise<void> {
    if (this.#active !== null) {
      await this.#accounts.follow(this.#active);
    }
  }

  async #recover(): Promise<void> {
    const { journal, clock } = this.#bench;
    const { operation } = journal.memory;
    if (operation === null) {
      return;
    }
    const { action, active, messages } = await recover(this.#bench, operation, (node) =>
      this.#activate(node, journal.memory.epoch),
    );
    if (active === null) {
      const trouble = messages[0]?.message ?? 'an interrupted switch could not be ended yet';
      if (trouble !== this.#trouble) {
        this.#trouble = trouble;
        this.#bench.log('error', trouble, { id: operation.id, action });
      }
      return;
    }
    this.#trouble = null;
    await this.#records.add(recordOfRecovery(newId(clock.now()), operation, active, messages));
  }

  /** What a switch left to be put back, the next one would take for what it found. Rejects while it can't be. */
  async #putBack(): Promise<void> {
    const { journal } = this.#bench;
    await this.#recover();
    const { operation } = journal.memory;
    if (operation !== null && this.#active !== null) {
      throw new SwitchError('IN_PROGRESS', `what switch ${operation.id} left could not be put back yet`);
    }
  }

  async #keepLock(): Promise<void> {
    const link = this.#active === null ? undefined : this.#bench.links.get(this.#active);
    if (link === undefined || viewOf(this.#topology, link.name)?.reachable !== true) {
      return;
    }
    try {
      this.#otherProxy = await this.#bench.lock.take(link, LOCK_MS);
    } catch (error) {
      this.#otherProxy = messageOf(error);
    }
  }

  /** `asking`: the switch that wants to know and must not stand in its own way. */
  async #know(asking: string | null): Promise<Known> {
    const { pool, plane, clock, heartbeat, journal, links } = this.#bench;
    const running = this.#switching === asking ? null : this.#switching;
    if (running === null) {
      await this.#work;
      if (asking !== null) {
        await this.#putBack();
      }
      await this.#refresh();
      await this.#work;
      await this.#keepLock();
    }
    return {
      surveyor: { pool, plane, clock, heartbeat, epoch: journal.memory.epoch, accounts: this.#accounts.report },
      links,
      stateDir: this.#stateDir,
      topology: this.#topology,
      decision: this.#decide(),
      active: this.#active,
      running,
      otherProxy: running === null ? this.#otherProxy : null,
      sinceLastSwitchMs: this.#lastSwitchAt === null ? null : clock.monotonic() - this.#lastSwitchAt,
    };
  }

  async #recordTopology(id: string | null): Promise<void> {
    const { pool, clock } = this.#bench;
    await writeTopologyRecord(this.#stateDir, {
      pool,
      active: this.#active,
      topology: this.#topology,
      switchId: id,
      at: clock.now(),
    });
  }
}
