import { RefusedError } from '../errors';
import { Move } from '../ladder/moves';
import { objection, wordsOf, type Setting } from '../ladder/override';
import { EventKind } from '../report';
import { freeze, frozen, unfreeze } from '../state/frozen';
import type { Overrides } from '../state/overrides';
import type { Bench } from '../switch/context';
import { standingOf, viewOf, type NodeView } from '../watch/topology';
import type { Watch } from '../watch/watch';
import type { Order } from './order';
import type { Pause } from './pause';

/** What an operator's orders reach. */
interface Desk {
  readonly bench: Bench;
  readonly stateDir: string;
  readonly watch: Watch;
  readonly overrides: Overrides;
  readonly pause: Pause;
  /** What has the pool to itself, as a sentence; null: nothing. */
  readonly occupied: () => string | null;
  /** Nodes that another one is copied over. */
  readonly copying: ReadonlySet<string>;
  /** Polls every node, and resolves when what follows from it was done. */
  readonly poll: () => Promise<void>;
}

/** Carries out the orders for one pool. Each resolves with what is true then, or rejects with RefusedError. */
export class Operator {
  readonly #desk: Desk;
  /** Orders that write files, one after the other. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async carryOut(order: Order, by: string): Promise<string> {
    switch (order.kind) {
      case 'poll':
        await this.#desk.poll();
        return 'every node was polled';
      case 'recover':
        return this.#told(order, by, order.node, this.#recover(order.node, by));
      case 'set':
        return this.#told(order, by, order.node, await this.#alone(() => this.#set(order.node, order.setting, by)));
      case 'release':
        return this.#told(order, by, order.node, await this.#alone(() => this.#release(order.node)));
      case 'freeze':
        return this.#told(order, by, null, await this.#alone(() => this.#freeze(order.reason, by)));
      case 'unfreeze':
        return this.#told(order, by, null, await this.#alone(() => this.#unfreeze()));
      case 'pause':
        return this.#told(order, by, null, await this.#pause(order.forMs));
      case 'resume':
        return this.#told(order, by, null, await this.#resume());
    }
    return order satisfies never;
  }

  #told({ kind, ...facts }: Order, by: string, node: string | null, message: string): string {
    const { bench } = this.#desk;
    bench.log('info', message, { pool: bench.pool.name, by });
    bench.events.add({ kind: EventKind.ORDER, node, by, message: `${kind}: ${message}`, facts });
    return message;
  }

  #alone(work: () => Promise<string>): Promise<string> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => undefined);
    return done;
  }

  #view(node: string): NodeView {
    const { watch, bench } = this.#desk;
    const view = viewOf(watch.topology, node);
    if (view === undefined) throw new RefusedError('NOT_A_NODE', `${node} is not a node of ${bench.pool.name}`);
    return view;
  }

  #recover(node: string, by: string): string {
    const view = this.#view(node);
    if (this.#desk.copying.has(node)) {
      throw new RefusedError('IN_PROGRESS', `another node is being copied over ${node}`);
    }
    const { state, status } = view.standing;
    if (state !== 'FAILED_ONLINE' && state !== 'FAILED_OFFLINE') {
      const set = view.override === null ? '' : `; ${wordsOf(view.override)} was set: npx myswitch release ${node}`;
      throw new RefusedError('NOT_FAILED', `${node} has not failed, it is ${status}/${state}${set}`);
    }
    this.#desk.watch.move(node, Move.RECOVER, { by });
    return `${node} is UNKNOWN after ${state}: the next good poll makes it STANDBY`;
  }

  async #set(node: string, setting: Setting, by: string): Promise<string> {
    const { bench, watch, overrides } = this.#desk;
    const view = this.#view(node);
    const why = objection(bench.pool.name, node, watch.active === node, setting);
    if (why !== null) throw new RefusedError('NOT_BY_HAND', why);
    const at = new Date(bench.clock.now()).toISOString();
    await overrides.write(node, { ...view.override, ...setting, by, at });
    watch.overrule(node, overrides.of(node));
    const { state, status } = standingOf(this.#view(node));
    return `${node} is ${status}/${state}, with ${wordsOf(overrides.of(node) ?? {})} until it is released`;
  }

  async #release(node: string): Promise<string> {
    const { watch, overrides } = this.#desk;
    const view = this.#view(node);
    if (view.override === null) throw new RefusedError('NOT_SET', `nothing is set of ${node}`);
    await overrides.write(node, null);
    watch.overrule(node, null);
    const { state, status } = this.#view(node).standing;
    return `${node} is ${status}/${state}; ${wordsOf(view.override)} no longer counts`;
  }

  async #freeze(reason: string, by: string): Promise<string> {
    const { bench, stateDir } = this.#desk;
    const { name } = bench.pool;
    const already = await frozen(stateDir, name);
    if (already !== null) throw new RefusedError('FROZEN', `${name} is frozen already${already && `: ${already}`}`);
    await freeze(stateDir, name, reason === '' ? `by ${by}` : reason);
    return `${name} is frozen: no switch or failover until it is unfrozen`;
  }

  async #unfreeze(): Promise<string> {
    const { bench, stateDir } = this.#desk;
    const { name } = bench.pool;
    const reason = await frozen(stateDir, name);
    if (reason === null) throw new RefusedError('NOT_FROZEN', `${name} is not frozen`);
    await unfreeze(stateDir, name);
    return `${name} may move again${reason && `; it was frozen: ${reason}`}`;
  }

  #pause(forMs: number | null): Promise<string> {
    const { pause, occupied } = this.#desk;
    // a pause within a pause is told so by the pause itself
    const busy = pause.sentence === null ? occupied() : null;
    if (busy !== null) throw new RefusedError('IN_PROGRESS', busy);
    return pause.begin(forMs);
  }

  async #resume(): Promise<string> {
    const { pause, bench } = this.#desk;
    if (pause.until === null) throw new RefusedError('NOT_PAUSED', `${bench.pool.name} is not paused`);
    await pause.end();
    return `${bench.pool.name} goes on`;
  }
}
