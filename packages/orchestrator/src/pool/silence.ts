import { Deadline, type Clock } from '../clock';
import { dial } from '../link/dial';
import { messageOf } from '../errors';
import type { NodeConnection } from '../link/node-link';
import { number } from '../link/control-connection';
import type { Bench } from '../switch/context';
import { endSessions } from '../switch/fence';
import type { Watch } from '../watch/watch';
import type { Advice } from './advice';

const ASK_MS = 3000;
const KNOCK_MS = 1000;

/** Connections that were ended here, and may be open there. */
interface Left {
  readonly node: string;
  readonly ids: ReadonlySet<number>;
  /** By the monotonic clock. */
  readonly at: number;
}

/**
 * An ACTIVE that does not answer and that nobody replaces, since it is not dead for its replicas or a person decides. Where
 * packets vanish its connections look open, and the system would find out after a quarter of an hour: clients are told what
 * has become of their commands after `hold.max`, as those who wait are. A server that hangs is another matter: its machine
 * takes connections, and it may go on with what it was asked.
 */
export class Silence {
  readonly #bench: Bench;
  readonly #watch: Watch;
  readonly #advice: Advice;
  #since: { readonly node: string; readonly at: number } | null = null;
  #left: Left | null = null;

  constructor(bench: Bench, watch: Watch, advice: Advice) {
    this.#bench = bench;
    this.#watch = watch;
    this.#advice = advice;
  }

  /** After each bad poll of an ACTIVE that should be replaced, and was not. */
  async goesOn(node: string): Promise<void> {
    const { pool, plane, clock } = this.#bench;
    const at = clock.monotonic();
    if (this.#since?.node !== node) this.#since = { node, at };
    if (at - this.#since.at < pool.hold.maxMs || this.#left?.node === node || (await this.#isThere(node))) return;
    // somebody else may have been made ACTIVE meanwhile
    if (this.#watch.active !== node) return;
    const { nodes } = await plane.stats(pool.name);
    this.#left = { node, ids: new Set(nodes[node]?.backendIds), at };
    await plane.cut(pool.name, node);
    this.#advice.give(
      node,
      `${node} can't be reached over the network: connections to it were ended, and clients wait for up to hold.max until it can`,
    );
  }

  /** After each good poll. */
  async isOver(): Promise<void> {
    const { pool, plane, journal, log } = this.#bench;
    const { active, activeView } = this.#watch;
    if (activeView?.reachable !== true) return;
    this.#since = null;
    const left = this.#left;
    if (left === null) return;
    // another one is ACTIVE: this one is closed when it returns, with all that was left there
    if (left.node === active) {
      await this.#endLeft(left).catch((error: unknown) => {
        log('warn', 'what clients had left there could not be ended', { node: left.node, reason: messageOf(error) });
      });
      if (this.#watch.active !== left.node) return;
      await plane.activate(pool.name, { node: left.node, epoch: journal.memory.epoch });
      log('info', `${left.node} can be reached again`, { pool: pool.name });
    }
    this.#left = null;
  }

  /** Its machine takes connections; or its name can't be looked up, which says nothing of it. */
  #isThere(name: string): Promise<boolean> {
    const options = this.#bench.links.get(name)?.options;
    if (options === undefined) return Promise.resolve(false);
    return new Promise((resolve) => {
      const dialed = dial(options);
      const { socket } = dialed;
      const end = (there: boolean): void => {
        cancel();
        socket.destroy();
        resolve(there || !dialed.resolved);
      };
      const cancel = this.#bench.clock.timer(KNOCK_MS, () => end(false));
      socket.on('connect', () => end(true));
      socket.on('error', () => end(false));
    });
  }

  /** Their transactions hold locks that no client will ever end, and what they are at comes before what clients do next. */
  async #endLeft(left: Left): Promise<void> {
    const there = await this.#bench.links.get(left.node)?.connect(ASK_MS);
    if (there === undefined) return;
    try {
      await endEach(there, left, this.#bench.clock);
    } finally {
      there.connection.destroy();
    }
  }
}

async function endEach(node: NodeConnection, { ids, at }: Left, clock: Clock): Promise<void> {
  const uptime = await node.connection.row("SHOW GLOBAL STATUS LIKE 'Uptime'", ASK_MS);
  // it was started again: those ids are others' now
  if (number(uptime, 'Value') * 1000 < clock.monotonic() - at) return;
  await endSessions(node, [...ids], clock, new Deadline(clock, ASK_MS));
}
