import { AccountWatch } from '../accounts/watch';
import { Attendant } from '../watch/attendant';
import { benchOf, type PoolDependencies } from './bench';
import { askCheckpoints, cutOff } from '../checkpoints/check';
import { messageOf } from '../errors';
import { Failback } from './failback';
import { AUTOMATIC } from '../failover/obstacle';
import { isJudged } from '../ladder/override';
import { hasFailed, isDue } from '../ladder/standing';
import type { Order } from '../operate/order';
import { Operator } from '../operate/operator';
import { Pause } from '../operate/pause';
import { standingEvent } from '../operate/standing-event';
import { ActiveKeeper } from './active-keeper';
import { Advice } from './advice';
import { Claim } from './claim';
import { flightEvent } from './flight-event';
import { Flights } from './flights';
import { Silence } from './silence';
import { sentenceOf } from '../reasons';
import { cutShort } from '../rejoin/marks';
import { Returned } from '../rejoin/returned';
import { EventKind, type CheckpointReport, type PoolEvent, type PoolReport } from '../report';
import { frozen } from '../state/frozen';
import { LockFile } from '../state/lock-file';
import { Overrides } from '../state/overrides';
import { reportPool } from './status';
import type { Bench } from '../switch/context';
import { viewOf, type NodeView, type PollResult } from '../watch/topology';
import { Watch, type StandingChange } from '../watch/watch';

/** One pool: what follows from each poll of its nodes, and where its operations begin. */
export class PoolControl {
  readonly flights: Flights;
  readonly #bench: Bench;
  readonly #stateDir: string;
  readonly #lockFile: LockFile;
  readonly #watch: Watch;
  readonly #attendant: Attendant;
  readonly #accounts: AccountWatch;
  readonly #returned: Returned;
  readonly #failback: Failback;
  readonly #pause: Pause;
  readonly #operator: Operator;
  readonly #keeper: ActiveKeeper;
  readonly #claim = new Claim();
  readonly #advice: Advice;
  readonly #silence: Silence;
  /** The look after a poll, or a recovery, that runs. */
  #tending = false;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #stopping = new AbortController();

  private constructor(bench: Bench, dependencies: PoolDependencies, overrides: Overrides, lockFile: LockFile) {
    const { records, stateDir } = dependencies;
    this.#bench = bench;
    this.#stateDir = stateDir;
    this.#lockFile = lockFile;
    this.#accounts = new AccountWatch(bench);
    this.#returned = new Returned(bench, records);
    this.#failback = new Failback(bench.clock);
    const watch = new Watch(bench, {
      inspect: (...seen) => this.#attendant.attend(...seen),
      seen: (poll, before) => this.#onPoll(poll, before),
      memory: bench.journal.memory,
      stands: (change) => this.#onStanding(change),
    });
    this.#watch = watch;
    for (const { name } of bench.pool.nodes) watch.overrule(name, overrides.of(name));
    this.#advice = new Advice(bench, watch);
    this.#silence = new Silence(bench, watch, this.#advice);
    const pause = new Pause(bench, () => {
      const { active } = watch;
      return active === null ? null : { node: active, epoch: bench.journal.memory.epoch };
    });
    this.#pause = pause;
    const shared = { bench, stateDir, records, watch, pause };
    const keeper = new ActiveKeeper({
      ...shared,
      accounts: this.#accounts,
      ended: (record) => {
        bench.events.add(flightEvent(record));
        this.flights.moved(record);
        if (record.kind === 'failover') this.#tookOver(record.from);
      },
    });
    this.#keeper = keeper;
    this.flights = new Flights({
      ...shared,
      accounts: this.#accounts,
      keeper,
      claim: this.#claim,
      tended: () => this.#work,
      quiet: (deadlineMs) => this.#attendant.quiet(deadlineMs),
      tookOver: (from) => this.#tookOver(from),
      returned: this.#returned,
      advice: this.#advice,
      stopping: this.#stopping.signal,
    });
    this.#attendant = new Attendant({
      bench,
      topology: () => watch.topology,
      active: () => watch.active,
      // whoever has the pool to itself must not find another hand on the ACTIVE, nor must another MySwitch
      mayWrite: () => keeper.otherProxy === null && (this.flights.occupied(null) ?? keeper.leftover) === null,
      tell: (name, message) => this.#advice.give(name, message),
    });
    this.#operator = new Operator({
      bench,
      stateDir,
      watch,
      overrides,
      pause,
      occupied: () => this.flights.occupied(null) ?? keeper.leftover,
      copying: this.flights.copying,
      poll: async () => {
        await watch.refresh();
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
    await this.flights.settled();
    this.#stopped = true;
    this.#accounts.stop();
    await this.#watch.stop();
    this.flights.scout.leave();
    this.#attendant.stop();
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
      now: this.#bench.clock.monotonic(),
    });
  }

  carryOut(order: Order, by: string): Promise<string> {
    return this.#operator.carryOut(order, by);
  }

  events(): Promise<PoolEvent[]> {
    return this.#bench.events.list();
  }

  checkpoints(): Promise<readonly CheckpointReport[]> {
    return askCheckpoints(this.#bench.pool.checkpoints, this.#bench.clock);
  }

  async #begin(): Promise<void> {
    await this.#watch.start();
    await this.#work;
    for (const each of this.#bench.journal.memory.rebuilds ?? []) this.#advice.give(each.node, cutShort(each));
    await this.#keeper.begin();
  }

  #onPoll(poll: PollResult, before: NodeView): void {
    const good = 'observation' in poll;
    if (!good && before.error === null) {
      const reason = viewOf(this.#watch.topology, poll.node)?.error;
      this.#bench.log('warn', `${poll.node} does not answer`, { pool: this.name, reason });
    }
    this.#tellRestart(before);
    const active = this.#watch.activeView;
    this.#lookAtReturned(poll);
    this.#lookForFailback(before);
    const due = poll.node === active?.name && this.#isDue(active);
    if (poll.node === active?.name && !due) this.#prepareFor(active, good);
    // a node that stays away says nothing new, until it has been away for too long
    const news = good || before.error === null || due;
    if (!news || !this.#watch.seenAll || this.#claim.holder !== null || this.#tending || this.#stopped) {
      return;
    }
    this.#tending = true;
    this.#work = (due ? this.#lookAtLost(active) : this.#reconsider(poll.node))
      .catch((error: unknown) => {
        this.#bench.log('error', 'the pool could not be looked after', { pool: this.name, reason: messageOf(error) });
      })
      .finally(() => {
        this.#tending = false;
      });
  }

  /** A failover that may become due. */
  #prepareFor({ name }: NodeView, good: boolean): void {
    const { scout } = this.flights;
    if (good || this.#stopped) scout.leave();
    else if (this.#claim.holder === null) scout.look(this.#watch.topology, name);
  }

  /** It may have lost what is not in its option file, between two polls that were both good. */
  #tellRestart({ name, runs }: NodeView): void {
    const now = viewOf(this.#watch.topology, name)?.runs;
    if (now === undefined || now.restartedAt === null || now.restartedAt === runs.restartedAt) {
      return;
    }
    const message = `${name} was started again`;
    this.#watch.note(name, message);
    this.#bench.events.add({ kind: EventKind.RESTARTED, node: name, by: 'monitor', message, facts: {} });
    this.#bench.log('warn', message, { pool: this.name });
  }

  /** `failback: on-recover`. Not a part of the look after a poll: a switch waits for that one. */
  #lookForFailback(before: NodeView): void {
    const now = viewOf(this.#watch.topology, before.name);
    if (this.#bench.pool.failover.failback === 'manual' || now === undefined || this.#stopped) {
      return;
    }
    if (this.#failback.isDue(before, now) && this.#claim.holder === null && this.#watch.active !== null) {
      this.#failback.tried();
      void this.#failBack(now.name);
    }
  }

  async #failBack(node: string): Promise<void> {
    const { log } = this.#bench;
    try {
      const flown = await this.flights.activatePrimary({ by: AUTOMATIC }, () => undefined, this.#stopping.signal);
      if (flown.result !== 'refused' || flown.reasons.some(({ code }) => code === 'ALREADY_ACTIVE')) {
        this.#failback.forget();
      } else if (flown.reasons.some(({ code }) => code !== 'RECENT')) {
        this.#advice.give(node, `no failback: ${sentenceOf(flown.reasons)}`);
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
    if (closed && isDemoted && active !== null && this.#claim.holder === null && !this.#stopped) {
      this.#returned.look(poll.node, active);
    }
  }

  #isDue({ standing, override }: NodeView): boolean {
    return isJudged(override) && isDue(standing, this.#bench.pool.monitor.failures);
  }

  async #reconsider(polled: string): Promise<void> {
    await this.#silence.isOver();
    await this.#keeper.reconsider(polled);
  }

  async #lookAtLost(active: NodeView): Promise<void> {
    await this.#replaceActive(active);
    if (this.#watch.active === active.name) await this.#silence.goesOn(active.name);
  }

  /** The ACTIVE has been bad for as many polls as it takes: somebody else takes over, or a person is told how. */
  async #replaceActive({ name, standing, reachable }: NodeView): Promise<void> {
    const { pool } = this.#bench;
    if (pool.failover.mode === 'manual') {
      const why = cutOff(await this.checkpoints());
      if (why !== null) {
        return this.#advice.give(name, `CUT_OFF: ${why}`);
      }
      const advice = `npx myswitch failover ${pool.name}`;
      return this.#advice.give(
        name,
        `${name} ${reachable ? 'takes no writes' : 'does not answer'} (${standing.message ?? ''}); to promote another node: ${advice}`,
      );
    }
    const flown = await this.flights.replaceActive({ by: AUTOMATIC }, () => undefined);
    if (flown.result === 'refused') {
      this.#advice.give(name, `no failover: ${sentenceOf(flown.reasons)}`);
    }
  }

  #tookOver(from: string | null): void {
    this.#advice.forget();
    if (from !== null) this.#returned.forget(from);
  }

  #onStanding(change: StandingChange): void {
    const { events, journal } = this.#bench;
    const event = standingEvent(change, journal.memory.epoch);
    if (event !== null) events.add(event);
    if (hasFailed(change.before.standing) !== hasFailed(change.after.standing)) this.#rememberFailed();
  }

  #rememberFailed(): void {
    const failed = this.#watch.topology.nodes.filter(({ standing }) => hasFailed(standing)).map(({ name }) => name);
    // whoever says of a node that it was mended says so of its data too
    const rebuilds = this.#bench.journal.memory.rebuilds?.filter(({ node }) => failed.includes(node)) ?? [];
    this.#bench.journal.write({ failed, rebuilds }).catch((error: unknown) => {
      this.#bench.log('error', 'who has failed could not be written down', { reason: messageOf(error) });
    });
  }
}
