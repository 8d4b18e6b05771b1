import type { AccountWatch } from '../accounts/watch';
import type { Activation } from '../data-plane';
import { messageOf, SwitchError } from '../errors';
import { pollDeadlineMs } from '../watch/monitor';
import { Move } from '../ladder/moves';
import type { Pause } from '../operate/pause';
import { recordOfRecovery, recover } from './recover';
import type { FlightRecord, NodeState } from '../report';
import { Kind } from '../state/journal';
import type { Records } from '../state/records';
import { writeTopologyRecord } from '../state/topology-record';
import type { Bench } from '../switch/context';
import { decideActive, viewOf, type ActiveDecision } from '../watch/topology';
import type { Watch } from '../watch/watch';

const LOCK_MS = 3000;

export interface KeeperDesk {
  readonly bench: Bench;
  readonly stateDir: string;
  readonly records: Records;
  readonly watch: Watch;
  readonly accounts: AccountWatch;
  readonly pause: Pause;
  /** What an interrupted operation came to; it is on record, unless the disk refuses. */
  readonly ended: (record: FlightRecord) => void;
}

/**
 * Who is ACTIVE while no operation runs: decided from what is seen, told to the data plane, and remembered. Ends what an
 * earlier process left unfinished, and holds the pool's lock on the ACTIVE.
 */
export class ActiveKeeper {
  readonly #desk: KeeperDesk;
  #trouble: string | null = null;
  #otherProxy: string | null = 'not asked yet';

  constructor(desk: KeeperDesk) {
    this.#desk = desk;
  }

  /** Who else has the lock on the ACTIVE, or why that is not known; null: it is ours. */
  get otherProxy(): string | null {
    return this.#otherProxy;
  }

  /** After the first look at every node. */
  async begin(): Promise<void> {
    const { bench, watch } = this.#desk;
    await this.#remember();
    await this.followAccounts();
    if (watch.active === null) {
      const { pool, plane, log } = bench;
      const decision = this.decide();
      await plane.activate(pool.name, null);
      const reason = decision.active === null ? `${decision.code}: ${decision.reason}` : '';
      log('error', `pool ${pool.name} has no ACTIVE`, { reason });
    }
  }

  decide(): ActiveDecision {
    const { active, demoted } = this.#desk.bench.journal.memory;
    return decideActive(this.#desk.watch.topology, { active, demoted: demoted.map(({ node }) => node) });
  }

  /** After a good poll of `polled`, or its first bad one. */
  async reconsider(polled: string): Promise<void> {
    const { bench, watch } = this.#desk;
    const { journal } = bench;
    if (journal.memory.operation !== null) {
      await this.#recover();
      return;
    }
    const decision = this.decide();
    const { active } = watch;
    if (decision.active !== null && decision.active !== active && this.#mayMove()) {
      const moved = active !== null || (journal.memory.active !== null && journal.memory.active !== decision.active);
      await this.#activate(decision.active, journal.memory.epoch + (moved ? 1 : 0));
    }
    await this.#rememberIdentity();
    if (polled !== watch.active && this.#otherProxy === null) {
      return;
    }
    // no longer than a poll: an ACTIVE that hangs must not keep the pool from finding that out
    await this.keepLock(Math.min(LOCK_MS, pollDeadlineMs(bench.pool.monitor.intervalMs)));
  }

  /** What a switch left to be put back, the next one would take for what it found. Rejects while it can't be. */
  async putBack(): Promise<void> {
    await this.#recover();
    const { leftover } = this;
    if (leftover !== null && this.#desk.watch.active !== null) {
      throw new SwitchError('IN_PROGRESS', leftover);
    }
  }

  /** What is yet to be put back, as a sentence; null: nothing. */
  get leftover(): string | null {
    const { operation } = this.#desk.bench.journal.memory;
    return operation === null ? null : `what ${operation.id} left could not be ended yet`;
  }

  async keepLock(deadlineMs = LOCK_MS): Promise<void> {
    const { bench, watch } = this.#desk;
    const { activeView } = watch;
    const link = activeView === undefined ? undefined : bench.links.get(activeView.name);
    if (link === undefined || activeView?.reachable !== true) {
      return;
    }
    try {
      this.#otherProxy = await bench.lock.take(link, deadlineMs);
    } catch (error) {
      this.#otherProxy = messageOf(error);
    }
  }

  /** Resolves when the accounts of the ACTIVE were read, or could not be. */
  async followAccounts(): Promise<void> {
    const { watch, accounts } = this.#desk;
    if (watch.active !== null) {
      await accounts.follow(watch.active);
    }
  }

  /** `id`: of the switch after which it is so; null: another reason. */
  async recordTopology(id: string | null): Promise<void> {
    const { bench, stateDir, watch } = this.#desk;
    await writeTopologyRecord(stateDir, {
      pool: bench.pool,
      active: watch.active,
      topology: watch.topology,
      switchId: id,
      at: bench.clock.now(),
    });
  }

  /** The ACTIVE of the last time is away and nobody else claims to be it: it stays what it was, so that the ladder can judge it. */
  async #remember(): Promise<void> {
    const { bench, watch } = this.#desk;
    const { active, epoch, operation } = bench.journal.memory;
    const view = active === null ? undefined : viewOf(watch.topology, active);
    if (watch.active === null && operation === null && view?.reachable === false && this.decide().active === null) {
      await this.#activate(view.name, epoch);
    }
  }

  /** By it its replicas are known, should it be dead when MySwitch is started again. */
  async #rememberIdentity(): Promise<void> {
    const { journal } = this.#desk.bench;
    const { activeView } = this.#desk.watch;
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
    const active = this.#desk.watch.activeView;
    return active === undefined || (active.reachable && active.observation?.readOnly === true);
  }

  async #activate(node: string, epoch: number): Promise<void> {
    const { bench, watch, pause } = this.#desk;
    const { pool, plane, journal, log } = bench;
    const activation: Activation = { node, epoch };
    await journal.write({
      epoch,
      active: node,
      demoted: journal.memory.demoted.filter((demotion) => demotion.node !== node),
    });
    const { gate } = await plane.stats(pool.name);
    await plane.activate(pool.name, activation);
    // a pause is not ours to end: it opens the gate towards whoever is ACTIVE then
    if (gate !== 'OPEN' && !pause.holds) {
      await plane.release(pool.name, activation);
    }
    watch.setActive(node, RISES[viewOf(watch.topology, node)?.standing.state ?? 'UNKNOWN'], Move.RELIEVED);
    void this.followAccounts();
    log('info', `${node} is ACTIVE`, { pool: pool.name, epoch });
    await this.recordTopology(null);
  }

  async #recover(): Promise<void> {
    const { bench, records, watch, ended } = this.#desk;
    const { journal, clock, log } = bench;
    const { operation } = journal.memory;
    if (operation === null) {
      return;
    }
    const { action, active, messages } = await recover(bench, operation, async (node) => {
      await this.#activate(node, journal.memory.epoch);
      if (operation.kind === Kind.FAILOVER && node === operation.to) watch.fail(operation.from, operation.by);
    });
    if (active === null) {
      const trouble = messages[0]?.message ?? 'an interrupted switch could not be ended yet';
      if (trouble !== this.#trouble) {
        this.#trouble = trouble;
        log('error', trouble, { id: operation.id, action });
      }
      return;
    }
    this.#trouble = null;
    const record = recordOfRecovery(records.newId(clock.now()), operation, active, messages);
    try {
      await records.add(record);
    } finally {
      ended(record);
    }
  }
}

/** How a node becomes ACTIVE that no switch or failover leads to. */
const RISES: Readonly<Record<NodeState, Move>> = {
  UNKNOWN: Move.REMEMBERED,
  STANDBY: Move.CHOSEN,
  ACTIVE: Move.CHOSEN,
  FAILED_ONLINE: Move.BY_HAND,
  FAILED_OFFLINE: Move.BY_HAND,
};
