import type { ScheduledEvent } from '../dialects/dialect';
import type { NodeConnection } from '../link/node-link';
import { sidesOf, type Operation } from '../state/journal';
import type { Bench } from '../switch/context';
import { channelFrom, viewOf, type Topology } from '../watch/topology';

const CONNECT_MS = 1000;
const ASK_MS = 3000;

/** What a failover asks of a node that may take over, and what changes only when somebody sets it up otherwise. */
export interface Facts {
  readonly relays: boolean;
  readonly semiSync: Operation['semiSync']['to'];
  readonly events: readonly ScheduledEvent[];
  readonly channel: Operation['channel'];
}

export interface Scouted {
  readonly node: NodeConnection;
  readonly facts: Facts;
}

/** `channel`: through which it follows the primary. */
export async function askFacts({ connection, dialect }: NodeConnection, channel: string): Promise<Facts> {
  return {
    relays: await dialect.relays(connection, ASK_MS),
    semiSync: sidesOf(await dialect.semiSync(connection, ASK_MS)),
    events: await dialect.sleepingEvents(connection, ASK_MS),
    channel: { name: channel, options: await dialect.channelOptions(connection, channel, ASK_MS) },
  };
}

/**
 * While the ACTIVE is only suspected: connections to the nodes that might take over, and what hardly changes there, so that a failover need not ask
 * for it once it is decided.
 */
export class Scout {
  readonly #bench: Bench;
  #primary: string | null = null;
  /** Monotonic time of the last look. */
  #at = 0;
  #found = new Map<string, Promise<Scouted | null>>();

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** After each bad poll of the ACTIVE that is not its last. */
  look(topology: Topology, primary: string): void {
    if (primary !== this.#primary) this.leave();
    this.#primary = primary;
    this.#at = this.#bench.clock.monotonic();
    const source = viewOf(topology, primary);
    for (const name of this.#bench.links.keys()) {
      const view = viewOf(topology, name);
      const channel = view && source && channelFrom(view, source);
      if (name !== primary && channel !== undefined) {
        this.#found.set(name, this.#ask(name, channel.name, this.#found.get(name)));
      }
    }
  }

  /** What was found, which is the taker's from now on; nothing where the last look was too long ago. */
  take(primary: string): ReadonlyMap<string, Promise<Scouted | null>> {
    const { clock, pool } = this.#bench;
    if (primary !== this.#primary || clock.monotonic() - this.#at > 2 * pool.monitor.intervalMs) {
      this.leave();
    }
    const found = this.#found;
    this.#found = new Map();
    this.#primary = null;
    return found;
  }

  leave(): void {
    for (const found of this.#found.values()) {
      void found.then((scouted) => scouted?.node.connection.destroy());
    }
    this.#found = new Map();
    this.#primary = null;
  }

  async #ask(name: string, channel: string, before?: Promise<Scouted | null>): Promise<Scouted | null> {
    let node = (await before)?.node;
    try {
      if (node?.connection.usable !== true) node = await this.#bench.links.get(name)?.connect(CONNECT_MS);
      return node === undefined ? null : { node, facts: await askFacts(node, channel) };
    } catch {
      node?.connection.destroy();
      return null;
    }
  }
}
