import { Beats, NO_PULSE, type Pulse } from './beats';
import type { Observation } from '../dialects/dialect';
import { ServerError } from '../errors';
import type { Sight } from './sight';
import type { NodeConnection } from '../link/node-link';
import { closeSecondWriter, type Tell } from './second-writer';
import type { Bench } from '../switch/context';
import type { Met, Topology } from './topology';

interface Desk {
  readonly bench: Bench;
  readonly topology: () => Topology;
  readonly active: () => string | null;
  /** Nothing else has the pool, and the ACTIVE is ours to write to. */
  readonly mayWrite: () => boolean;
  readonly tell: Tell;
}

/** What each good poll does over the connection that it looked with, before it counts. */
export class Attendant {
  readonly #desk: Desk;
  readonly #beats: Beats;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#beats = new Beats(desk.bench.heartbeat, desk.bench.clock);
  }

  async attend(node: NodeConnection, seen: Observation, met: Met | null, deadlineMs: number): Promise<Sight> {
    const { bench, topology, tell } = this.#desk;
    const name = node.connection.node;
    if (met !== null) this.#greet(name, met);
    const twins = bench.places.twinsOf(name);
    // by another name the ACTIVE itself would be taken for a second writer
    const observation = twins.length > 0 ? seen : await closeSecondWriter(bench, node, seen, topology(), tell);
    return { observation, twins, pulse: await this.#pulse(node, observation, deadlineMs) };
  }

  /** See Beats.quiet. */
  quiet(deadlineMs: number): Promise<boolean> {
    return this.#beats.quiet(deadlineMs);
  }

  stop(): void {
    this.#beats.stop();
  }

  #greet(name: string, { place, missingGrants }: Met): void {
    const { bench, tell } = this.#desk;
    bench.places.note(name, place);
    if (missingGrants.length > 0) {
      tell(name, `PRIVILEGES: the control account lacks on ${name}: ${missingGrants.join('; ')}`);
    }
  }

  async #pulse(node: NodeConnection, { readOnly }: Observation, deadlineMs: number): Promise<Pulse> {
    const { bench, active, mayWrite } = this.#desk;
    const name = node.connection.node;
    const writer = active();
    if (writer === null) {
      return NO_PULSE;
    }
    if (writer !== name) {
      const lagMs = await this.#beats.read(node, writer, deadlineMs).catch(unlessLost);
      return { ...NO_PULSE, lagMs };
    }
    const link = bench.links.get(name);
    if (readOnly || link === undefined) {
      return NO_PULSE;
    }
    const trouble = mayWrite()
      ? await this.#beats.write(link, node, bench.journal.memory.epoch, deadlineMs)
      : await this.#beats.rest(link, node, deadlineMs);
    return { ...NO_PULSE, trouble };
  }
}

/** An answer, if not the one that was hoped for. */
function unlessLost(error: unknown): null {
  if (error instanceof ServerError) return null;
  throw error;
}
