import type { Connection } from 'mysql2/promise';
import { ACCOUNTS, sleep, type TestServer, until, type Workload } from '@myswitch/testkit';
import type { FlightRecord } from '@myswitch/orchestrator';
import type { Network } from '../support/namespaces';
import { Stage } from '../support/stage';
import type { Line } from './line';

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

  /** Resolves once `status` has shown the node so. */
  async shows(line: string): Promise<void> {
    await until(`status shows ${line}`, () => Promise.resolve(this.seen.includes(line) ? true : null));
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
    const { nodes } = this.stage.cluster;
    const connections = new Map<TestServer, Connection>();
    const ask = async (server: TestServer): Promise<string | null> => {
      if (server.pid === null) return null;
      try {
        let connection = connections.get(server);
        if (connection === undefined) {
          connection = await server.connect({ ...ACCOUNTS.replication }); // whose sessions are in nobody's way
          connection.on('error', () => connections.delete(server));
          connections.set(server, connection);
        }
        const late = sleep(4 * LOOK_EVERY_MS).then(() => null);
        const answer = await Promise.race([connection.query('SELECT @@GLOBAL.read_only AS readOnly'), late]);
        const [row] = (answer?.[0] ?? []) as { readOnly: number }[];
        return row?.readOnly === 0 ? server.name : null;
      } catch {
        connections.get(server)?.destroy();
        connections.delete(server);
        return null;
      }
    };
    while (this.#watching) {
      const writers = (await Promise.all(nodes.map(ask))).filter((name) => name !== null);
      if (writers.length > 1) this.twoWriters.push(writers.join(' and '));
      await sleep(LOOK_EVERY_MS);
    }
    for (const connection of connections.values()) connection.destroy();
  }
}
