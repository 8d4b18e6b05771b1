import { AccountWatch } from './accounts/watch';
import { benchOf, type PoolDependencies } from './bench';
import { dismiss, runCheck, type Known } from './check';
import { askCheckpoints } from './checkpoints/check';
import { conduct, newId, refusalOf } from './conduct';
import type { Known as FailoverKnown } from './failover/context';
import { failover } from './failover/failover';
import { AUTOMATIC, obstacle } from './failover/obstacle';
import { Move, Note } from './ladder/moves';
import { isDue } from './ladder/standing';
import type { Activation } from './data-plane';
import { messageOf, SwitchError } from './errors';
import { planOf } from './plan';
import { recordOfRecovery, recover } from './recover';
import { rejoin, type Desk } from './rejoin/rejoin';
import { Returned } from './rejoin/returned';
import { closeSecondWriter } from './second-writer';
import type {
  CheckpointReport,
  CheckReport,
  FailoverRequest,
  FlightRecord,
  NodeState,
  PoolReport,
  RejoinReport,
  RejoinRequest,
  StepEvent,
  SwitchRequest,
} from './report';
import { LockFile } from './state/lock-file';
import type { Records } from './state/records';
import { writeTopologyRecord } from './state/topology-record';
import { reportPool } from './status';
import type { Bench } from './switch/context';
import { Timeline } from './switch/timeline';
import { decideActive, viewOf, type ActiveDecision, type NodeView, type PollResult } from './topology';
import { Watch } from './watch';
import { lastFrom, primaryIn, type Target } from './way-back';

const LOCK_MS = 3000;

/** One pool: who is ACTIVE, how its nodes are, and the operation that runs. */
export class PoolControl {
  readonly #bench: Bench;
  readonly #records: Records;
  readonly #stateDir: string;
  readonly #lockFile: LockFile;
  readonly #watch: Watch;
  readonly #accounts: AccountWatch;
  readonly #returned: Returned;
  /** Id of the switch or failover that has the pool to itself. */
  #switching: string | null = null;
  /** The look after a poll, or a recovery, that runs. */
  #tending = false;
  #trouble: string | null = null;
  /** What a person was told last. */
  #advice: string | null = null;
  #otherProxy: string | null = 'not asked yet';
  #lastSwitchAt: number | null = null;
  #lastFailoverAt: number | null = null;
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
    this.#accounts = new AccountWatch(bench);
    this.#returned = new Returned(bench, dependencies.records);
    this.#watch = new Watch(bench, {
      inspect: (node, observation) =>
        closeSecondWriter(bench, node, observation, this.#watch.activeView, (name, message) =>
          this.#advise(name, message),
        ),
      seen: (poll, before) => this.#onPoll(poll, before),
    });
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
    await this.#watch.stop();
    await this.#work;
    await this.#returned.settled();
    this.#bench.lock.release();
    await this.#lockFile.release();
  }

  async report(): Promise<PoolReport> {
    const { pool, plane, journal } = this.#bench;
    return reportPool({
      pool,
      topology: this.#watch.topology,
      active: this.#watch.active,
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

  /** The last switch the other way round. */
  async switchback(request: SwitchRequest, onStep: (event: StepEvent) => void, abort: AbortSignal): Promise<FlightRecord> {
    const target = lastFrom(await this.#records.list(this.name), this.#watch.active);
    return this.#switchTo(target, request, onStep, abort);
  }

  /** ACTIVE goes to the PRIMARY that stands by: by the planned switch, so there is no moment without an ACTIVE. */
  async activatePrimary(
    request: SwitchRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<FlightRecord> {
    const { active } = this.#watch;
    const target = primaryIn(this.#bench.pool.nodes, this.#watch.topology, active);
    if ('to' in target && active !== null) {
      this.#watch.note(active, Note.RELINQUISH);
      this.#watch.note(target.to, Note.WAITING);
    }
    return this.#switchTo(target, request, onStep, abort);
  }

  async #switchTo(
    target: Target,
    request: SwitchRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<FlightRecord> {
    if ('to' in target) {
      return this.switch({ ...request, to: target.to }, onStep, abort);
    }
    const { pool, clock } = this.#bench;
    return this.#keep(
      refusalOf(this.#bench, planOf(pool, request), newId(clock.now()), target.refusal),
      () => undefined,
    );
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
        await this.#watch.refresh();
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

  #afterSwitch({ result, to }: FlightRecord): void {
    if (result === 'switched') {
      this.#watch.setActive(to, Move.SWITCHED_TO, Move.RELIEVED);
      void this.#followAccounts();
      this.#lastSwitchAt = this.#bench.clock.monotonic();
    }
    if (result === 'failed') {
      this.#watch.setActive(null, Move.RELIEVED, Move.RELIEVED);
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
    await this.#watch.start();
    await this.#work;
    await this.#remember();
    await this.#followAccounts();
    if (this.#watch.active === null) {
      const { pool, plane, log } = this.#bench;
      await plane.activate(pool.name, null);
      log('error', `pool ${pool.name} has no ACTIVE`, { reason: this.#reason() });
    }
  }

  /** The ACTIVE of the last time is away and nobody else claims to be it: it stays what it was, so that the ladder can judge it. */
  async #remember(): Promise<void> {
    const { active, epoch, operation } = this.#bench.journal.memory;
    const view = active === null ? undefined : viewOf(this.#watch.topology, active);
    if (
      this.#watch.active === null &&
      operation === null &&
      view?.reachable === false &&
      this.#decide().active === null
    ) {
      await this.#activate(view.name, epoch);
    }
  }

  #reason(): string {
    const decision = this.#decide();
    return decision.active === null ? `${decision.code}: ${decision.reason}` : '';
  }

  #decide(): ActiveDecision {
    const { active, demoted } = this.#bench.journal.memory;
    return decideActive(this.#watch.topology, { active, demoted: demoted.map(({ node }) => node) });
  }

  #onPoll(poll: PollResult, before: NodeView): void {
    const good = 'observation' in poll;
    if (!good && before.error === null) {
      const reason = 'error' in poll ? poll.error : poll.unresolved;
      this.#bench.log('warn', `${poll.node} does not answer`, { pool: this.name, reason });
    }
    const active = this.#watch.activeView;
    this.#lookAtReturned(poll);
    const due = poll.node === active?.name && !good && isDue(active.standing, this.#bench.pool.monitor.failures);
    // a node that stays away says nothing new, until it has been away for too long
    const news = good || before.error === null || due;
    if (!news || !this.#watch.seenAll || this.#switching !== null || this.#tending || this.#stopped) {
      return;
    }
    this.#tending = true;
    this.#work = (due ? this.#replaceActive(active) : this.#reconsider())
      .catch((error: unknown) => {
        this.#bench.log('error', 'the pool could not be looked after', { pool: this.name, reason: messageOf(error) });
      })
      .finally(() => {
        this.#tending = false;
      });
  }

  /** An old primary that is back, and closed. */
  #lookAtReturned(poll: PollResult): void {
    const { active } = this.#watch;
    const closed = 'observation' in poll && poll.observation.readOnly && poll.node !== active;
    const isDemoted = this.#bench.journal.memory.demoted.some(({ node }) => node === poll.node);
    if (closed && isDemoted && active !== null && this.#switching === null && !this.#stopped) {
      this.#returned.look(poll.node, active);
    }
  }

  /** The ACTIVE has been bad for as many polls as it takes: somebody else takes over, or a person is told how. */
  async #replaceActive({ name, standing, error }: NodeView): Promise<void> {
    const { pool, clock } = this.#bench;
    if (pool.failover.mode === 'manual') {
      const advice = `npx myswitch failover ${pool.name}`;
      return this.#advise(
        name,
        `${name} does not answer (${error ?? standing.message ?? ''}); to promote another node: ${advice}`,
      );
    }
    const flown = await this.#fly({ by: AUTOMATIC }, newId(clock.now()), () => undefined);
    if (flown.result === 'refused') {
      this.#advise(name, `no failover: ${flown.reasons.map(({ code, message }) => `${code}: ${message}`).join('; ')}`);
    }
  }

  /** Once for each thing to say. */
  #advise(node: string, message: string): void {
    this.#watch.note(node, message);
    if (message !== this.#advice) {
      this.#advice = message;
      this.#bench.log('error', message, { pool: this.name });
    }
  }

  failover(request: FailoverRequest, onStep: (event: StepEvent) => void): Promise<FlightRecord> {
    const work = this.#work.then(() => this.#fly(request, newId(this.#bench.clock.now()), onStep));
    this.#switched = Promise.allSettled([this.#switched, work]);
    return work;
  }

  async #fly(request: FailoverRequest, id: string, onStep: (event: StepEvent) => void): Promise<FlightRecord> {
    const { log, clock } = this.#bench;
    const busy = this.#switching;
    this.#switching ??= id;
    try {
      const flown = await failover(this.#bench, request, () => this.#knowForFailover(request, busy), id, onStep);
      if (busy === null) {
        this.#afterFailover(flown);
        await this.#watch.refresh();
      }
      // an automatic one that is refused is tried again at each poll: that is no history
      const record = flown.result === 'refused' && request.by === AUTOMATIC ? flown : await this.#keep(flown, onStep);
      const { result, reasons, from, to } = record;
      log(result === 'switched' ? 'warn' : 'error', `failover ${result}`, { id, pool: this.name, from, to, reasons });
      if (result === 'switched') this.#lastFailoverAt = clock.monotonic();
      return record;
    } finally {
      if (busy === null) {
        this.#switching = null;
      }
    }
  }

  rejoin(request: RejoinRequest, onStep: (event: StepEvent) => void, abort: AbortSignal): Promise<RejoinReport> {
    const { clock, log } = this.#bench;
    const id = newId(clock.now());
    const end = AbortSignal.any([abort, this.#stopping.signal]);
    const work = this.#work
      .then(() => rejoin(this.#desk(), request, id, onStep, end))
      .then((report) => {
        const { node, result, reasons } = report;
        log(result === 'rejoined' ? 'info' : 'warn', `rejoin ${result}`, { id, pool: this.name, node, reasons });
        return report;
      });
    this.#switched = Promise.allSettled([this.#switched, work]);
    return work;
  }

  checkpoints(): Promise<readonly CheckpointReport[]> {
    return askCheckpoints(this.#bench.pool.checkpoints, this.#bench.clock);
  }

  #desk(): Desk {
    return {
      bench: this.#bench,
      topology: () => this.#watch.topology,
      active: () => this.#watch.active,
      claim: (id) => {
        const holder = this.#switching;
        this.#switching ??= id;
        return holder;
      },
      letGo: (id) => {
        if (this.#switching === id) this.#switching = null;
      },
      recovered: async (node) => {
        await this.#watch.refresh();
        const state = viewOf(this.#watch.topology, node)?.standing.state;
        if (state === 'FAILED_ONLINE' || state === 'FAILED_OFFLINE') this.#watch.move(node, Move.RECOVER);
        await this.#recordTopology(null);
      },
    };
  }

  async #knowForFailover(request: FailoverRequest, busy: string | null): Promise<FailoverKnown> {
    const { topology, active } = this.#watch;
    const sinceLastMs = this.#lastFailoverAt === null ? null : this.#bench.clock.monotonic() - this.#lastFailoverAt;
    const situation = { busy, stateDir: this.#stateDir, sinceLastMs };
    return { topology, active, obstacle: await obstacle(this.#bench, request, situation) };
  }

  #afterFailover({ result, from, to }: FlightRecord): void {
    if (result === 'switched') {
      const old = from === null ? undefined : viewOf(this.#watch.topology, from);
      this.#watch.setActive(to, Move.TAKES_OVER, old?.reachable === true ? Move.UNFIT : Move.LOST);
      void this.#followAccounts();
      this.#advice = null;
      if (from !== null) this.#returned.forget(from);
      this.#lastSwitchAt = this.#bench.clock.monotonic();
    }
    if (result === 'failed') {
      this.#watch.setActive(null, Move.RELIEVED, Move.LOST);
    }
  }

  async #reconsider(): Promise<void> {
    const { journal } = this.#bench;
    if (journal.memory.operation !== null) {
      await this.#recover();
      return;
    }
    const decision = this.#decide();
    const { active } = this.#watch;
    if (decision.active !== null && decision.active !== active && this.#mayMove()) {
      const moved = active !== null || (journal.memory.active !== null && journal.memory.active !== decision.active);
      await this.#activate(decision.active, journal.memory.epoch + (moved ? 1 : 0));
    }
    await this.#keepLock();
  }

  /** An ACTIVE that fails stays ACTIVE; only when it is seen read-only, and another writes, somebody promoted that one by hand. */
  #mayMove(): boolean {
    const active = this.#watch.activeView;
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
    this.#watch.setActive(node, riseOf(viewOf(this.#watch.topology, node)?.standing.state), Move.RELIEVED);
    void this.#followAccounts();
    log('info', `${node} is ACTIVE`, { pool: pool.name, epoch });
    await this.#recordTopology(null);
  }

  /** Resolves when the accounts of the ACTIVE were read, or could not be. */
  async #followAccounts(): Promise<void> {
    if (this.#watch.active !== null) {
      await this.#accounts.follow(this.#watch.active);
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
    if (operation !== null && this.#watch.active !== null) {
      throw new SwitchError('IN_PROGRESS', `what switch ${operation.id} left could not be put back yet`);
    }
  }

  async #keepLock(): Promise<void> {
    const { activeView } = this.#watch;
    const link = activeView === undefined ? undefined : this.#bench.links.get(activeView.name);
    if (link === undefined || activeView?.reachable !== true) {
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
      await this.#watch.refresh();
      await this.#work;
      await this.#keepLock();
    }
    return {
      surveyor: { pool, plane, clock, heartbeat, epoch: journal.memory.epoch, accounts: this.#accounts.report },
      links,
      stateDir: this.#stateDir,
      topology: this.#watch.topology,
      decision: this.#decide(),
      active: this.#watch.active,
      running,
      otherProxy: running === null ? this.#otherProxy : null,
      sinceLastSwitchMs: this.#lastSwitchAt === null ? null : clock.monotonic() - this.#lastSwitchAt,
    };
  }

  async #recordTopology(id: string | null): Promise<void> {
    const { pool, clock } = this.#bench;
    await writeTopologyRecord(this.#stateDir, {
      pool,
      active: this.#watch.active,
      topology: this.#watch.topology,
      switchId: id,
      at: clock.now(),
    });
  }
}

/** How a node becomes ACTIVE that no switch or failover leads to. */
function riseOf(state: NodeState | undefined): Move {
  switch (state) {
    case 'STANDBY':
      return Move.CHOSEN;
    case 'FAILED_ONLINE':
    case 'FAILED_OFFLINE':
      return Move.BY_HAND;
    default:
      return Move.REMEMBERED;
  }
}
