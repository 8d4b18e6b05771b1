import { caughtUp, sleep, type TestServer, until, type Workload } from '@myswitch/testkit';
import type { FlightRecord } from '@myswitch/orchestrator';
import type { Network } from '../support/namespaces';
import { Stage } from '../support/stage';
import type { Line } from './line';
import { Witness } from './witness';

const LOOK_EVERY_MS = 10;

/** A stage with clients at work, and somebody who writes down what can be seen from outside. */
export class Scene {
  readonly stage: Stage;
  readonly workload: Workload;
  /** Each change that `status` shows: `NAME STATE STATUS`. */
  readonly seen: string[] = [];
  /** Moments at which more than one server took writes. */
  readonly twoWriters: string[] = [];
  readonly #lines: ReadonlyMap<string, Line>;
  readonly #network: Network | null;
  #watching = true;
  readonly #watches: Promise<unknown>;

  constructor(stage: Stage, rate: number, lines: ReadonlyMap<string, Line>, network: Network | null) {
    this.stage = stage;
    this.#lines = lines;
    this.#network = network;
    this.workload = stage.workload(rate);
    this.#watches = Promise.all([this.#watchStatus(), this.#watchWriters()]);
  }

  /** Between MySwitch and a server. */
  line(name: string): Line {
    const line = this.#lines.get(name);
    if (line === undefined) throw new RangeError(`no line to ${name}`);
    return line;
  }

  /** That the servers and MySwitch are on. */
  get network(): Network {
    if (this.#network === null) throw new RangeError('the servers are on loopback');
    return this.#network;
  }

  node(name: string): TestServer {
    return this.stage.node(name);
  }

  /** Resolves once `status` shows the node so: now, or at some moment from now on. */
  async shows(line: string): Promise<void> {
    const from = this.seen.length;
    const name = line.slice(0, line.indexOf(' ') + 1);
    const isNow = this.seen.findLast((each) => each.startsWith(name)) === line;
    const hasShown = (): boolean => isNow || this.seen.includes(line, from);
    await until(`status shows ${line}`, () => Promise.resolve(hasShown() ? true : null));
  }

  async flights(): Promise<FlightRecord[]> {
    const { json } = await this.stage.mySwitch.cli('history', 'shop', '--json');
    return (json as FlightRecord[]).toSorted((a, b) => a.startedAt.localeCompare(b.startedAt));
  }

  /** Resolves once the log says it. */
  async says(text: string): Promise<void> {
    await until(`the log says ${text}`, () => Promise.resolve(this.stage.mySwitch.output.includes(text) ? true : null));
  }

  /** Resolves once clients have written so much more. */
  async written(more: number): Promise<void> {
    const before = this.workload.report().acknowledged;
    const done = (): boolean => this.workload.report().acknowledged >= before + more;
    await until(`${more} more writes`, () => Promise.resolve(done() ? true : null));
  }

  /** Clients pause, and those replicas get what they have not yet: whoever dies now takes nothing along. */
  async rest(...replicas: readonly string[]): Promise<void> {
    await this.workload.hold();
    await caughtUp(
      this.node('db1'),
      replicas.map((name) => this.node(name)),
    );
  }

  /** Resolves with the last flight once there are so many. */
  async flown(count: number): Promise<FlightRecord> {
    return until(`${count} flights are on record`, async () => {
      const flights = await this.flights();
      return flights.length >= count ? (flights.at(-1) ?? null) : null;
    });
  }

  /** Kills MySwitch, and starts it again when `meanwhile` is over. */
  restartMySwitch(meanwhile: () => Promise<void>): Promise<void> {
    return this.stage.restart(meanwhile);
  }

  cli(...args: string[]): ReturnType<Stage['mySwitch']['cli']> {
    return this.stage.mySwitch.cli(...args);
  }

  async end(): Promise<void> {
    await this.workload.stop();
    this.#watching = false;
    await this.#watches;
  }

  async #watchStatus(): Promise<void> {
    const last = new Map<string, string>();
    while (this.#watching) {
      const rows = await this.stage.show('NODES').catch(() => []);
      for (const { name, state, status } of rows) {
        const line = `${name} ${state} ${status}`;
        if (last.get(name) !== line) this.seen.push(line);
        last.set(name, line);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Past MySwitch, over connections of its own. */
  async #watchWriters(): Promise<void> {
    const witnesses = this.stage.cluster.nodes.map((server) => new Witness(server));
    const ask = async (witness: Witness): Promise<string | null> => ((await witness.writes()) ? witness.name : null);
    while (this.#watching) {
      const writers = (await Promise.all(witnesses.map(ask))).filter((name) => name !== null);
      if (writers.length > 1) this.twoWriters.push(writers.join(' and '));
      await sleep(LOOK_EVERY_MS);
    }
    for (const witness of witnesses) witness.end();
  }
}
