import type { AccountWatch } from '../accounts/watch';
import { dismiss, runCheck, type Known } from '../switch/check';
import { monotonicAt } from '../clock';
import { conduct, refusalOf } from '../switch/conduct';
import { messageOf, SwitchError } from '../errors';
import { checkFailover } from '../failover/check';
import type { Known as FailoverKnown } from '../failover/context';
import { failover } from '../failover/failover';
import { AUTOMATIC, obstacle } from '../failover/obstacle';
import { Scout } from '../failover/scout';
import { hasFailed } from '../ladder/standing';
import { Move, Note } from '../ladder/moves';
import type { Pause } from '../operate/pause';
import { planOf } from '../switch/plan';
import { rejoin, type Desk } from '../rejoin/rejoin';
import type { Returned } from '../rejoin/returned';
import type {
  CheckReport,
  FailoverCheck,
  FailoverRequest,
  FlightRecord,
  RejoinReport,
  RejoinRequest,
  StepEvent,
  SwitchRequest,
} from '../report';
import { frozen } from '../state/frozen';
import { keepReport, type Records } from '../state/records';
import type { Bench } from '../switch/context';
import { Timeline } from '../switch/timeline';
import { viewOf } from '../watch/topology';
import { lostOrUnfit, type Watch } from '../watch/watch';
import { lastFrom, primaryIn, type Target } from '../switch/way-back';
import type { ActiveKeeper } from './active-keeper';
import type { Advice } from './advice';
import type { Claim } from './claim';
import { flightEvent, rejoinEvent } from './flight-event';

export interface FlightsDesk {
  readonly bench: Bench;
  readonly stateDir: string;
  readonly records: Records;
  readonly watch: Watch;
  readonly accounts: AccountWatch;
  readonly keeper: ActiveKeeper;
  readonly claim: Claim;
  readonly pause: Pause;
  /** Settles with what follows from the last poll. */
  readonly tended: () => Promise<void>;
  /** Whether nothing of the monitor's is on its way to the ACTIVE, or not after so many ms. */
  readonly quiet: (deadlineMs: number) => Promise<boolean>;
  /** `from` died, and another node took over. */
  readonly tookOver: (from: string | null) => void;
  readonly returned: Returned;
  readonly advice: Advice;
  /** Ends what runs: MySwitch stops. */
  readonly stopping: AbortSignal;
}

/** A heartbeat that was under way is waited for so long. */
const QUIET_MS = 2000;

type OnStep = (event: StepEvent) => void;

/** The operations on one pool: each has it to itself, is put on record, and is told as an event. */
export class Flights {
  /** Prepares a failover that may become due. */
  readonly scout: Scout;
  /** Nodes that another one is copied over. */
  readonly copying = new Set<string>();
  readonly #desk: FlightsDesk;
  #lastSwitchAt: number | null;
  #lastFailoverAt: number | null;
  /** Settles with the operations under way. */
  #flown: Promise<unknown> = Promise.resolve();

  constructor(desk: FlightsDesk) {
    this.#desk = desk;
    this.scout = new Scout(desk.bench);
    const { clock, journal } = desk.bench;
    this.#lastSwitchAt = monotonicAt(clock, journal.memory.lastSwitch);
    this.#lastFailoverAt = monotonicAt(clock, journal.memory.lastFailover);
  }

  async settled(): Promise<void> {
    await this.#flown;
  }

  /** The pool is at another node, or what an earlier process began came to that: when is what anti-flapping goes by. */
  moved({ kind, result }: FlightRecord): void {
    if (result !== 'switched') return;
    this.#lastSwitchAt = this.#desk.bench.clock.monotonic();
    if (kind === 'failover') this.#lastFailoverAt = this.#lastSwitchAt;
  }

  /** What has the pool to itself, as a sentence; null: nothing. `asking` must not stand in its own way. */
  occupied(asking: string | null): string | null {
    const { claim, pause } = this.#desk;
    const { holder } = claim;
    if (holder !== null && holder !== asking) {
      return `switch ${holder} of this pool is running`;
    }
    return pause.sentence;
  }

  async check(request: SwitchRequest): Promise<CheckReport> {
    const checked = await runCheck(await this.#know(null), planOf(this.#desk.bench.pool, request));
    if (checked.go !== null) {
      dismiss(checked.go.crew);
    }
    return checked.report;
  }

  switch(request: SwitchRequest, onStep: OnStep, abort: AbortSignal): Promise<FlightRecord> {
    return this.#flying(this.#switch(request, onStep, AbortSignal.any([abort, this.#desk.stopping])));
  }

  /** The last switch the other way round. */
  async switchback(request: SwitchRequest, onStep: OnStep, abort: AbortSignal): Promise<FlightRecord> {
    const { records, bench, watch } = this.#desk;
    const target = lastFrom(await records.flights(bench.pool.name), watch.active);
    return this.#switchTo(target, request, onStep, abort);
  }

  /** ACTIVE goes to the PRIMARY that stands by: by the planned switch, so there is no moment without an ACTIVE. */
  async activatePrimary(request: SwitchRequest, onStep: OnStep, abort: AbortSignal): Promise<FlightRecord> {
    const { watch, bench } = this.#desk;
    const { active } = watch;
    const target = primaryIn(bench.pool.nodes, watch.topology, active);
    if ('to' in target && active !== null) {
      watch.note(active, Note.RELINQUISH);
      watch.note(target.to, Note.WAITING);
    }
    return this.#switchTo(target, request, onStep, abort);
  }

  /** What a failover would decide now. */
  checkFailover(request: FailoverRequest): Promise<FailoverCheck> {
    return this.#flying(this.#desk.tended().then(() => this.#checkFailover(request)));
  }

  failover(request: FailoverRequest, onStep: OnStep): Promise<FlightRecord> {
    return this.#flying(this.#desk.tended().then(() => this.replaceActive(request, onStep)));
  }

  rejoin(request: RejoinRequest, onStep: OnStep, abort: AbortSignal): Promise<RejoinReport> {
    const { stopping, tended } = this.#desk;
    const id = this.#newId();
    const end = AbortSignal.any([abort, stopping]);
    return this.#flying(tended().then(() => this.#rejoin(request, id, onStep, end)));
  }

  /** A failover that is a part of the look after a poll, and must not wait for it. */
  async replaceActive(request: FailoverRequest, onStep: OnStep): Promise<FlightRecord> {
    const { bench, claim, watch } = this.#desk;
    const id = this.#newId();
    const busy = this.occupied(id);
    const free = claim.take(id) === null;
    try {
      const flown = await failover(bench, request, () => this.#knowForFailover(request, busy), id, onStep);
      if (free) {
        this.#afterFailover(flown);
        await watch.refresh();
      }
      return await this.#ended(flown, onStep);
    } finally {
      claim.letGo(id);
    }
  }

  /** Nobody else moves the pool meanwhile: receivers are started again in it. */
  async #checkFailover(request: FailoverRequest): Promise<FailoverCheck> {
    const { bench, claim } = this.#desk;
    const id = this.#newId();
    const busy = this.occupied(id);
    claim.take(id);
    try {
      return await checkFailover(bench, request, await this.#knowForFailover(request, busy), id);
    } finally {
      claim.letGo(id);
    }
  }

  #newId(): string {
    const { records, bench } = this.#desk;
    return records.newId(bench.clock.now());
  }

  #flying<T>(work: Promise<T>): Promise<T> {
    this.#flown = Promise.allSettled([this.#flown, work]);
    return work;
  }

  async #switchTo(target: Target, request: SwitchRequest, onStep: OnStep, abort: AbortSignal): Promise<FlightRecord> {
    if ('to' in target) {
      return this.switch({ ...request, to: target.to }, onStep, abort);
    }
    const { bench } = this.#desk;
    const refused = refusalOf(bench, planOf(bench.pool, request), this.#newId(), target.refusal);
    return this.#ended(refused, onStep);
  }

  async #switch(request: SwitchRequest, onStep: OnStep, abort: AbortSignal): Promise<FlightRecord> {
    const { bench, claim, watch } = this.#desk;
    const id = this.#newId();
    const conductor = { bench, know: (asking: string) => this.#know(asking) };
    const plan = planOf(bench.pool, request);
    const free = claim.take(id) === null;
    try {
      const flown = await conduct(conductor, plan, id, onStep, abort);
      if (free) {
        this.#afterSwitch(flown);
        await watch.refresh();
      }
      return await this.#ended(flown, onStep);
    } finally {
      claim.letGo(id);
    }
  }

  async #rejoin(request: RejoinRequest, id: string, onStep: OnStep, abort: AbortSignal): Promise<RejoinReport> {
    const { bench, records } = this.#desk;
    const done = await rejoin(this.#rejoinDesk(), request, id, onStep, abort);
    // somebody who asks what would be destroyed has done nothing yet
    if (request.rebuild?.confirm === null && done.reasons.some(({ code }) => code === 'UNCONFIRMED')) return done;
    const report = await keepReport(records, done);
    const { node, result, reasons } = report;
    bench.events.add(rejoinEvent(report));
    const level = result === 'rejoined' ? 'info' : 'warn';
    bench.log(level, `rejoin ${result}`, { id, pool: bench.pool.name, node, reasons });
    return report;
  }

  #rejoinDesk(): Desk {
    const { bench, stateDir, records, watch, claim, keeper, pause, returned, advice } = this.#desk;
    return {
      bench,
      topology: () => watch.topology,
      active: () => watch.active,
      claim: (id) => claim.take(id),
      letGo: (id) => claim.letGo(id),
      obstacle: async () => {
        await watch.refresh();
        const reason = await frozen(stateDir, bench.pool.name);
        if (reason !== null) return { code: 'FROZEN', message: `the pool is frozen: ${reason}` };
        return pause.sentence === null ? null : { code: 'IN_PROGRESS', message: pause.sentence };
      },
      copying: this.copying,
      fail: (node, why, by) => {
        watch.fail(node, by);
        watch.note(node, why);
      },
      advise: (node, message) => advice.give(node, message),
      keepLost: (node, lost) => returned.told(node, lost),
      keep: (report) => records.add(report),
      recovered: async (node) => {
        await watch.refresh();
        const view = viewOf(watch.topology, node);
        if (view !== undefined && hasFailed(view.standing)) watch.move(node, Move.RECOVER);
        await keeper.recordTopology(null);
      },
    };
  }

  #afterSwitch(flown: FlightRecord): void {
    const { watch, keeper } = this.#desk;
    const { result, to, by } = flown;
    this.moved(flown);
    if (result === 'switched') {
      watch.setActive(to, Move.SWITCHED_TO, Move.RELIEVED, by);
      void keeper.followAccounts();
    }
    if (result === 'failed') {
      watch.setActive(null, Move.RELIEVED, Move.RELIEVED, by);
    }
  }

  #afterFailover(flown: FlightRecord): void {
    const { watch, keeper, tookOver } = this.#desk;
    const { result, from, to, by } = flown;
    this.moved(flown);
    if (result === 'switched') {
      const old = from === null ? undefined : viewOf(watch.topology, from);
      watch.setActive(to, Move.TAKES_OVER, lostOrUnfit(old), by);
      void keeper.followAccounts();
      tookOver(from);
    }
    if (result === 'failed') {
      watch.setActive(null, Move.RELIEVED, Move.LOST, by);
    }
  }

  /** An automatic one that is refused is tried again: that is no history. */
  async #ended(flown: FlightRecord, onStep: OnStep): Promise<FlightRecord> {
    const { bench } = this.#desk;
    const isMereTry = flown.by === AUTOMATIC && flown.result === 'refused';
    const record = isMereTry ? flown : await this.#keep(flown, onStep);
    const { id, kind, result, from, to, reasons } = record;
    const level = result === 'switched' && kind === 'switch' ? 'info' : 'warn';
    bench.log(level, `${kind} ${result}`, { id, pool: bench.pool.name, from, to, reasons });
    if (!isMereTry) bench.events.add(flightEvent(record));
    return record;
  }

  /** The last step: what failed to be written down is no reason to call it anything else. */
  async #keep(record: FlightRecord, onStep: OnStep): Promise<FlightRecord> {
    const { bench, records, keeper } = this.#desk;
    const { log } = bench;
    const timeline = new Timeline(bench, onStep);
    try {
      await timeline.run('record', async () => {
        await records.add(record);
        if (record.result === 'switched') {
          await keeper.recordTopology(record.id);
        }
        return record.id;
      });
      return record;
    } catch (error) {
      const message = `the flight record could not be written: ${messageOf(error)}`;
      log('error', message, { id: record.id });
      return { ...record, warnings: [...record.warnings, { code: 'RECORD', message }] };
    }
  }

  /** `asking`: the switch that wants to know and must not stand in its own way. */
  async #know(asking: string | null): Promise<Known> {
    const { bench, stateDir, watch, keeper, accounts, tended, quiet } = this.#desk;
    const { pool, plane, clock, heartbeat, journal, links } = bench;
    const running = this.occupied(asking);
    if (running === null) {
      await tended();
      if (asking !== null) {
        await keeper.putBack();
      }
      await watch.refresh();
      await tended();
      await keeper.keepLock();
      if (asking !== null && !(await quiet(QUIET_MS))) {
        throw new SwitchError('HEARTBEAT', `${watch.active ?? 'the ACTIVE'} does not commit: a heartbeat hangs there`);
      }
    }
    return {
      surveyor: { pool, plane, clock, heartbeat, epoch: journal.memory.epoch, accounts: accounts.report },
      links,
      stateDir,
      topology: watch.topology,
      decision: keeper.decide(),
      active: watch.active,
      running,
      // one that does not answer has no lock to ask about: NO_ACTIVE says so
      otherProxy: running === null && watch.activeView?.reachable === true ? keeper.otherProxy : null,
      sinceLastSwitchMs: this.#since(this.#lastSwitchAt),
    };
  }

  async #knowForFailover(request: FailoverRequest, busy: string | null): Promise<FailoverKnown> {
    const { bench, stateDir, watch } = this.#desk;
    const { topology, active, had } = watch;
    const situation = { busy, stateDir, sinceLastMs: this.#since(this.#lastFailoverAt) };
    const positionBefore = (at: number): string => watch.positionBefore(at);
    const scouted = active === null ? new Map<string, never>() : this.scout.take(active);
    return { topology, active, had, positionBefore, obstacle: await obstacle(bench, request, situation), scouted };
  }

  #since(at: number | null): number | null {
    return at === null ? null : this.#desk.bench.clock.monotonic() - at;
  }
}
