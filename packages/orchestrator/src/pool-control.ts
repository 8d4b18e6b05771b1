import { AccountWatch } from './accounts/watch';
import { benchOf, type PoolDependencies } from './bench';
import { dismiss, runCheck, type Known } from './check';
import { askCheckpoints, cutOff } from './checkpoints/check';
import { conduct, newId, refusalOf } from './conduct';
import type { Known as FailoverKnown } from './failover/context';
import { failover } from './failover/failover';
import { AUTOMATIC, obstacle } from './failover/obstacle';
import { Move, Note } from './ladder/moves';
import { isJudged } from './ladder/override';
import { hasFailed, isDue } from './ladder/standing';
import type { Activation } from './data-plane';
import { messageOf, SwitchError } from './errors';
import type { Order } from './operate/order';
import { Operator } from './operate/operator';
import { Pause } from './operate/pause';
import { standingEvent } from './operate/standing-event';
import { planOf } from './plan';
import { recordOfRecovery, recover } from './recover';
import { Failback } from './failback';
import { cutShort } from './rejoin/marks';
import { rejoin, type Desk } from './rejoin/rejoin';
import { Returned } from './rejoin/returned';
import { closeSecondWriter } from './second-writer';
import {
  EventKind,
  type CheckpointReport,
  type CheckReport,
  type FailoverRequest,
  type FlightRecord,
  type NodeState,
  type PoolEvent,
  type PoolReport,
  type RejoinReport,
  type RejoinRequest,
  type StepEvent,
  type SwitchRequest,
} from './report';
import { frozen } from './state/frozen';
import { LockFile } from './state/lock-file';
import { Overrides } from './state/overrides';
import { Records } from './state/records';
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
  readonly #failback: Failback;
  readonly #pause: Pause;
  readonly #operator: Operator;
  /** Id of the switch or failover that has the pool to itself. */
  #switching: string | null = null;
  /** The look after a poll, or a recovery, that runs. */
  #tending = false;
  #trouble: string | null = null;
  /** What a person was told last of each node. */
  readonly #advice = new Map<string, string>();
  #otherProxy: string | null = 'not asked yet';
  #lastSwitchAt: number | null = null;
  #lastFailoverAt: number | null = null;
  /** What the ACTIVE had at the poll before its last good one. */
  #had: { readonly node: string; readonly gtid: string } | null = null;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #stopping = new AbortController();
  /** Nodes that another one is copied over. */
  readonly #copying = new Set<string>();
  /** Settles with the switch that runs. */
  #switched: Promise<unknown> = Promise.resolve();

  private constructor(bench: Bench, dependencies: PoolDependencies, overrides: Overrides, lockFile: LockFile) {
    this.#bench = bench;
    this.#records = dependencies.records;
    this.#stateDir = dependencies.stateDir;
    this.#lockFile = lockFile;
    this.#accounts = new AccountWatch(bench);
    this.#returned = new Returned(bench, dependencies.records);
    this.#failback = new Failback(bench.clock);
    this.#watch = new Watch(bench, {
      inspect: (node, observation) =>
        closeSecondWriter(bench, node, observation, this.#watch.topology, (name, message) =>
          this.#advise(name, message),
        ),
      seen: (poll, before) => this.#onPoll(poll, before),
      memory: bench.journal.memory,
      stands: (change) => {
        const event = standingEvent(change, bench.journal.memory.epoch);
        if (event !== null) bench.events.add(event);
        if (hasFailed(change.before.standing) !== hasFailed(change.after.standing)) this.#rememberFailed();
      },
    });
    for (const { name } of bench.pool.nodes) this.#watch.overrule(name, overrides.of(name));
    this.#pause = new Pause(bench, () => {
      const { active } = this.#watch;
      return active === null ? null : { node: active, epoch: bench.journal.memory.epoch };
    });
    this.#operator = new Operator({
      bench,
      stateDir: dependencies.stateDir,
      watch: this.#watch,
      overrides,
      pause: this.#pause,
      occupied: () => this.#occupied(null) ?? this.#leftover(),
      copying: this.#copying,
      poll: async () => {
        await this.#watch.refresh();
        await this.#work;
      },
    });
  }

  /** Looks at every node, ends what an earlier process left unfinished, and tells the data plane who is ACTIVE. */
  static async start(dependencies: PoolDependencies): Promise<PoolControl> {
    const { pool, stateDir } = dependencies;
    const lockFile = await LockFile.take(stateDir, pool.name);
    try {
      const control = new PoolControl(
        await benchOf(dependencies),
        dependencies,
        await Overrides.load(stateDir, pool.name),
        lockFile,
      );
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
    await this.#pause.end();
    await this.#switched;
    this.#stopped = true;
    this.#accounts.stop();
    await this.#watch.stop();
    await this.#work;
    await this.#returned.settled();
    await this.#bench.events.settled();
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
      frozen: await frozen(this.#stateDir, pool.name),
      pausedUntil: this.#pause.until,
    });
  }

  carryOut(order: Order, by: string): Promise<string> {
    return this.#operator.carryOut(order, by);
  }

  events(): Promise<PoolEvent[]> {
    return this.#bench.events.list();
  }

  /** What has the pool to itself, as a sentence; null: nothing. `asking` must not stand in its own way. */
  #occupied(asking: string | null): string | null {
    if (this.#switching !== null && this.#switching !== asking) {
      return `switch ${this.#switching} of this pool is running`;
    }
    return this.#pause.sentence;
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
  async switchback(
    request: SwitchRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<FlightRecord> {
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
    const refused = refusalOf(this.#bench, planOf(pool, request), newId(clock.now()), target.refusal);
    return isMereTry(refused) ? refused : this.#keep(refused, () => undefined);
  }

  async #switch(request: SwitchRequest, onStep: (event: StepEvent) => void, abort: AbortSignal): Promise<FlightRecord> {
    const { clock, log } = this.#bench;
    const id = newId(clock.now());
    const conductor = { bench: this.#bench, know: (asking: string) => this.#know(asking) };
    const plan = planOf(this.#bench.pool, request);
    const free = this.#switching === null;
    this.#switching ??= id;
    try {
      const flown = await conduct(conductor, plan, id, onStep, abort);
      if (free) {
        this.#afterSwitch(flown);
        await this.#watch.refresh();
      }
      const record = isMereTry(flown) ? flown : await this.#keep(flown, onStep);
      const { result, reasons } = record;
      log(result === 'switched' ? 'info' : 'warn', `switch ${result}`, { id, pool: this.name, reasons });
      if (!isMereTry(record)) this.#tellFlight(EventKind.SWITCH, record);
      return record;
    } finally {
      if (free) {
        this.#switching = null;
      }
    }
  }

  #afterSwitch({ result, to, by }: FlightRecord): void {
    if (result === 'switched') {
      this.#watch.setActive(to, Move.SWITCHED_TO, Move.RELIEVED, by);
      void this.#followAccounts();
      this.#lastSwitchAt = this.#bench.clock.monotonic();
    }
    if (result === 'failed') {
      this.#watch.setActive(null, Move.RELIEVED, Move.RELIEVED, by);
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
    for (const each of this.#bench.journal.memory.rebuilds ?? []) this.#advise(each.node, cutShort(each));
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
    if (good && poll.node === active?.name) {
      this.#had = { node: poll.node, gtid: before.observation?.gtid ?? '' };
    }
    this.#lookAtReturned(poll);
    this.#lookForFailback(before);
    const due = poll.node === active?.name && !good && this.#isDue(active);
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

  /** `failback: on-recover`. Not a part of the look after a poll: a switch waits for that one. */
  #lookForFailback(before: NodeView): void {
    const now = viewOf(this.#watch.topology, before.name);
    if (this.#bench.pool.failover.failback === 'manual' || now === undefined || this.#stopped) {
      return;
    }
    if (this.#failback.isDue(before, now) && this.#switching === null && this.#watch.active !== null) {
      this.#failback.tried();
      void this.#failBack(now.name);
    }
  }

  async #failBack(node: string): Promise<void> {
    const { log } = this.#bench;
    try {
      const flown = await this.activatePrimary({ by: AUTOMATIC }, () => undefined, this.#stopping.signal);
      if (flown.result !== 'refused' || flown.reasons.some(({ code }) => code === 'ALREADY_ACTIVE')) {
        this.#failback.forget();
      } else if (flown.reasons.some(({ code }) => code !== 'RECENT')) {
        this.#advise(
          node,
          `no failback: ${flown.reasons.map(({ code, message }) => `${code}: ${message}`).join('; ')}`,
        );
      }
    } catch (error) {
      log('error', 'ACTIVE could not be given back', { pool: this.name, node, reason: messageOf(error) });
    } finally {
      this.#failback.tried();
    }
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

  #isDue({ standing, override }: NodeView): boolean {
    return isJudged(override) && isDue(standing, this.#bench.pool.monitor.failures);
  }

  #tellFlight(kind: EventKind, { id, from, to, by, result, holdMs, reasons, warnings, gtid }: FlightRecord): void {
    const why = reasons.map(({ code, message }) => `; ${code}: ${message}`).join('');
    const message = `${result}: ${from ?? '?'} -> ${to ?? '?'}${why}`;
    this.#bench.events.add({ kind, node: to, by, message, facts: { id, holdMs, warnings, gtid } });
  }

  /** The ACTIVE has been bad for as many polls as it takes: somebody else takes over, or a person is told how. */
  async #replaceActive({ name, standing, error }: NodeView): Promise<void> {
    const { pool, clock } = this.#bench;
    if (pool.failover.mode === 'manual') {
      const why = cutOff(await this.checkpoints());
      if (why !== null) {
        return this.#advise(name, `CUT_OFF: ${why}`);
      }
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

  #rememberFailed(): void {
    const failed = this.#watch.topology.nodes.filter(({ standing }) => hasFailed(standing)).map(({ name }) => name);
    // whoever says of a node that it was mended says so of its data too
    const rebuilds = this.#bench.journal.memory.rebuilds?.filter(({ node }) => failed.includes(node)) ?? [];
    this.#bench.journal.write({ failed, rebuilds }).catch((error: unknown) => {
      this.#bench.log('error', 'who has failed could not be written down', { reason: messageOf(error) });
    });
  }

  /** Once for each thing to say. */
  #advise(node: string, message: string): void {
    this.#watch.note(node, message);
    if (message !== this.#advice.get(node)) {
      this.#advice.set(node, message);
      this.#bench.events.add({ kind: EventKind.ADVICE, node, by: 'monitor', message, facts: {} });
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
    const busy = this.#occupied(id);
    const free = this.#switching === null;
    this.#switching ??= id;
    try {
      const flown = await failover(this.#bench, request, () => this.#knowForFailover(request, busy), id, onStep);
      if (free) {
        this.#afterFailover(flown);
        await this.#watch.refresh();
      }
      const record = isMereTry(flown) ? flown : await this.#keep(flown, onStep);
      const { result, reasons, from, to } = record;
      log(result === 'switched' ? 'warn' : 'error', `failover ${result}`, { id, pool: this.name, from, to, reasons });
      if (record !== flown || result !== 'refused') this.#tellFlight(EventKind.FAILOVER, record);
      if (result === 'switched') this.#lastFailoverAt = clock.monotonic();
      return record;
    } finally {
      if (free) {
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
        const { node, result, reasons, by, active } = report;
        const why = reasons.map(({ code, message }) => `; ${code}: ${message}`).join('');
        const message = `rejoin ${result}: ${node} -> ${active ?? '?'}${why}`;
        this.#bench.events.add({ kind: EventKind.ORDER, node, by, message, facts: { id } });
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
      obstacle: async () => {
        await this.#watch.refresh();
        const reason = await frozen(this.#stateDir, this.name);
        if (reason !== null) return { code: 'FROZEN', message: `the pool is frozen: ${reason}` };
        const paused = this.#pause.sentence;
        return paused === null ? null : { code: 'IN_PROGRESS', message: paused };
      },
      copying: this.#copying,
      fail: (node, why, by) => {
        const view = viewOf(this.#watch.topology, node);
        if (view !== undefined && !hasFailed(view.standing)) this.#watch.move(node, Move.UNFIT, { by });
        this.#watch.note(node, why);
      },
      advise: (node, message) => this.#advise(node, message),
      keepLost: (node, lost) => this.#returned.told(node, lost),
      keep: async (report) => (await Records.open<RejoinReport>(this.#stateDir, 'rebuilds')).add(report),
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
    const had = this.#had !== null && this.#had.node === active ? this.#had.gtid : '';
    return { topology, active, had, obstacle: await obstacle(this.#bench, request, situation) };
  }

  #afterFailover({ result, from, to, by }: FlightRecord): void {
    if (result === 'switched') {
      const old = from === null ? undefined : viewOf(this.#watch.topology, from);
      this.#watch.setActive(to, Move.TAKES_OVER, old?.reachable === true ? Move.UNFIT : Move.LOST, by);
      void this.#followAccounts();
      this.#advice.clear();
      if (from !== null) this.#returned.forget(from);
      this.#lastSwitchAt = this.#bench.clock.monotonic();
    }
    if (result === 'failed') {
      this.#watch.setActive(null, Move.RELIEVED, Move.LOST, by);
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
    await this.#rememberIdentity();
    await this.#keepLock();
  }

  /** By it its replicas are known, should it be dead when MySwitch is started again. */
  async #rememberIdentity(): Promise<void> {
    const { journal } = this.#bench;
    const { activeView } = this.#watch;
    const identity = activeView?.observation?.identity;
    const known = journal.memory.identity;
    if (activeView?.reachable !== true || identity === undefined) {
      return;
    }
    if (known?.node !== activeView.name || known.identity !== identity) {
      await journal.write({ identity: { node: activeView.name, identity } });
    }
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
    // a pause is not ours to end: it opens the gate towards whoever is ACTIVE then
    if (gate !== 'OPEN' && !this.#pause.holds) {
      await plane.release(pool.name, activation);
    }
    this.#watch.setActive(node, RISES[viewOf(this.#watch.topology, node)?.standing.state ?? 'UNKNOWN'], Move.RELIEVED);
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
    const record = recordOfRecovery(newId(clock.now()), operation, active, messages);
    this.#tellFlight(EventKind[operation.kind], record);
    await this.#records.add(record);
  }

  /** What a switch left to be put back, the next one would take for what it found. Rejects while it can't be. */
  async #putBack(): Promise<void> {
    await this.#recover();
    const leftover = this.#leftover();
    if (leftover !== null && this.#watch.active !== null) {
      throw new SwitchError('IN_PROGRESS', leftover);
    }
  }

  #leftover(): string | null {
    const { operation } = this.#bench.journal.memory;
    return operation === null ? null : `what ${operation.id} left could not be ended yet`;
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
    const running = this.#occupied(asking);
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
      // one that does not answer has no lock to ask about: NO_ACTIVE says so
      otherProxy: running === null && this.#watch.activeView?.reachable === true ? this.#otherProxy : null,
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

/** An automatic one that is refused is tried again: that is no history. */
const isMereTry = ({ by, result }: FlightRecord): boolean => by === AUTOMATIC && result === 'refused';

/** How a node becomes ACTIVE that no switch or failover leads to. */
const RISES: Readonly<Record<NodeState, Move>> = {
  UNKNOWN: Move.REMEMBERED,
  STANDBY: Move.CHOSEN,
  ACTIVE: Move.CHOSEN,
  FAILED_ONLINE: Move.BY_HAND,
  FAILED_OFFLINE: Move.BY_HAND,
};
