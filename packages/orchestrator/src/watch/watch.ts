import type { Clock } from '../clock';
import { Monitor } from './monitor';
import type { Inspect } from './monitor';
import { Move } from '../ladder/moves';
import type { Override } from '../ladder/override';
import { hasFailed } from '../ladder/standing';
import type { Bench } from '../switch/context';
import {
  emptyTopology,
  move,
  note,
  overrule,
  update,
  viewOf,
  type Memory,
  type NodeView,
  type PollResult,
  type Topology,
} from './topology';

/** Where a node stands has changed. */
export interface StandingChange {
  readonly before: NodeView;
  readonly after: NodeView;
  /** Null: by a poll. */
  readonly how: Move | null;
  /** Who decided it. */
  readonly by: string;
}

/** Where the ACTIVE was, by the monotonic clock. */
interface Position {
  readonly node: string;
  readonly at: number;
  readonly gtid: string;
}

/** How many of them are kept. */
const POSITIONS = 60;

/** Who decides what follows from polls alone. */
const MONITOR = 'monitor';

export interface Watcher {
  readonly inspect: Inspect;
  /** After each poll; `before` is the node as it was seen before it. */
  readonly seen: (poll: PollResult, before: NodeView) => void;
  readonly stands: (change: StandingChange) => void;
  /** From before MySwitch was started again. */
  readonly memory?: Memory;
}

/** How a node fails, by whether it answers. */
export const lostOrUnfit = (view: NodeView | undefined): Move => (view?.reachable === true ? Move.UNFIT : Move.LOST);

/** The nodes of one pool as they are seen, each by a monitor of its own. */
export class Watch {
  readonly #monitors: readonly Monitor[];
  readonly #failures: number;
  readonly #clock: Clock;
  readonly #stands: Watcher['stands'];
  #topology: Topology;
  #active: string | null = null;
  /** At good polls of the ACTIVE, since it is; the oldest first. */
  #positions: readonly Position[] = [];
  #had: { readonly node: string; readonly gtid: string } | null = null;

  constructor({ pool, links, clock }: Bench, { inspect, seen, stands, memory }: Watcher) {
    this.#clock = clock;
    this.#stands = stands;
    this.#failures = pool.monitor.failures;
    this.#topology = emptyTopology(pool.nodes, memory);
    const onPoll = (poll: PollResult): void => {
      const before = viewOf(this.#topology, poll.node)!;
      const activeWrites = this.activeView?.observation?.readOnly === false;
      const rules = { active: this.#active, activeWrites, failures: this.#failures };
      // what is not committed yet, for want of room, may be counted by the server all the same
      if ('observation' in poll && poll.node === this.#active && poll.pulse.trouble === null) {
        this.#had = { node: poll.node, gtid: before.observation?.gtid ?? '' };
        this.#remember({ node: poll.node, at: this.#clock.monotonic(), gtid: poll.observation.gtid });
      }
      this.#become(poll.node, update(this.#topology, poll, rules), null, MONITOR);
      seen(poll, before);
    };
    this.#monitors = [...links.values()].map((link) => {
      const isActive = (): boolean => link.name === this.#active;
      return new Monitor(link, pool.monitor, clock, inspect, onPoll, isActive);
    });
  }

  get topology(): Topology {
    return this.#topology;
  }

  get active(): string | null {
    return this.#active;
  }

  get activeView(): NodeView | undefined {
    return this.#active === null ? undefined : viewOf(this.#topology, this.#active);
  }

  /** What the ACTIVE had at the poll before its last good one: who has not received that by now was not following. Empty: not known. */
  get had(): string {
    return this.#had !== null && this.#had.node === this.#active ? this.#had.gtid : '';
  }

  /** Where the ACTIVE was at a poll that ended before `at`, by the monotonic clock; empty: not known. */
  positionBefore(at: number): string {
    const known = this.#positions.findLast((one) => one.at <= at);
    return known !== undefined && known.node === this.#active ? known.gtid : '';
  }

  #remember(position: Position): void {
    const before = this.#positions[0]?.node === position.node ? this.#positions : [];
    // the longer ago, the fewer: something may have been under way for hours
    const kept =
      before.length < POSITIONS ? before : before.filter((_one, index) => index % 2 === 0 || index > POSITIONS / 2);
    this.#positions = [...kept, position];
  }

  get seenAll(): boolean {
    return this.#topology.nodes.every(({ lastPoll }) => lastPoll !== null);
  }

  /** Another node is ACTIVE now, or none: `how` moves the new one up, `away` the old one down. `by` decided it. */
  setActive(name: string | null, how: Move, away: Move, by = MONITOR): void {
    const old = this.activeView;
    this.#active = name;
    const gtid = this.activeView?.observation?.gtid;
    if (name !== null && gtid !== undefined) this.#remember({ node: name, at: this.#clock.monotonic(), gtid });
    if (old !== undefined && old.name !== name && old.standing.state === 'ACTIVE') {
      this.move(old.name, away, { other: name ?? 'nobody', by });
    }
    if (name !== null && viewOf(this.#topology, name)?.standing.state !== 'ACTIVE') {
      this.move(name, how, { by });
    }
  }

  move(
    name: string,
    how: Move,
    { by = MONITOR, ...told }: { readonly other?: string; readonly by?: string } = {},
  ): void {
    this.#become(name, move(this.#topology, name, how, told), how, by);
  }

  /** Somebody took over from it by force: it has failed until an operator recovers it, however well it is. */
  fail(name: string, by: string): void {
    const view = viewOf(this.#topology, name);
    if (view !== undefined && !hasFailed(view.standing)) this.move(name, lostOrUnfit(view), { by });
  }

  /** Null: the operator says nothing of it any more. */
  overrule(name: string, override: Override | null): void {
    this.#topology = overrule(this.#topology, name, override);
  }

  note(name: string, message: string): void {
    this.#topology = note(this.#topology, name, message);
  }

  #become(name: string, topology: Topology, how: Move | null, by: string): void {
    const before = viewOf(this.#topology, name);
    this.#topology = topology;
    const after = viewOf(topology, name);
    if (before !== undefined && after !== undefined) this.#stands({ before, after, how, by });
  }

  /** Resolves after the first poll of each, good or bad. */
  async start(): Promise<void> {
    await Promise.all(this.#monitors.map((monitor) => monitor.start()));
  }

  /** Polls all now. */
  async refresh(): Promise<void> {
    await Promise.all(this.#monitors.map((monitor) => monitor.refresh()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#monitors.map((monitor) => monitor.stop()));
  }
}
