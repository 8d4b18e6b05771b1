import { caughtUp, sleep, type TestServer } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { Stage } from './support/stage';

const SWITCHES = 100;
const RATE = 1000;
const RESTART_EVERY = 10;

/** Asks all the time, from the moment that the server answers: was it ever writable? */
class Watch {
  writable = 0;
  asked = 0;
  #watching = true;
  readonly #done: Promise<void>;

  constructor(server: TestServer) {
    this.#done = this.#loop(server);
  }

  async end(): Promise<void> {
    this.#watching = false;
    await this.#done;
  }

  async #loop(server: TestServer): Promise<void> {
    while (this.#watching) {
      const rows = await server.sql('SELECT @@read_only AS read_only').catch(() => null);
      if (rows !== null) {
        this.asked += 1;
        if (Number(rows[0]?.['read_only']) === 0) this.writable += 1;
      }
      await sleep(10);
    }
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

describeKinds(`${SWITCHES} switches under load`, (kind) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set(kind, { replicas: 2 });
  }, 120_000);

  afterAll(() => stage.strike());

  test(
    'nothing failed, lost or duplicated; sessions keep their state; the restarted old primary is never writable',
    async () => {
      const workload = stage.workload(RATE);
      const holds: number[] = [];
      const stalls: number[] = [];
      try {
        await sleep(1000);
        for (let round = 1; round <= SWITCHES; round++) {
          const from = round % 2 === 1 ? 'db1' : 'db2';
          const to = round % 2 === 1 ? 'db2' : 'db1';
          await stage.fitFor(to);
          const { code, flight } = await stage.switch('--to', to);
          expect({ round, code, ...flight }).toMatchObject({ code: 0, result: 'switched', from, to });
          holds.push(flight.holdMs!);
          stalls.push(flight.stallMs.max ?? 0);
          if (round % RESTART_EVERY === 0) await restart(stage.node(from), flight.warnings);
        }
        await sleep(500);
      } finally {
        await workload.stop();
      }
      const report = workload.report();
      process.stdout.write(
        `${kind}: ${SWITCHES} switches, ${report.statements} statements, ${report.acknowledged} acknowledged writes; hold p50 ` +
          `${percentile(holds, 0.5)} p99 ${percentile(holds, 0.99)} ms; longest stall p50 ${percentile(stalls, 0.5)} ` +
          `max ${percentile(stalls, 1)} ms; slowest statement ${report.latency.max.toFixed(1)} ms\n`,
      );
      expect(report).toMatchObject({ failed: 0, unknown: 0, dropped: 0, sessionErrors: [], messages: [] });
      const primary = stage.node('db1');
      await caughtUp(primary, [stage.node('db2'), stage.node('db3')]);
      expect(await stage.ledgerProblems(workload)).toEqual([]);
      const { nodes } = await stage.status();
      expect(nodes).toMatchObject([
        { name: 'db1', state: 'ACTIVE', status: 'OK', readOnly: false },
        { name: 'db2', state: 'STANDBY', status: 'OK', readOnly: true, role: 'replica' },
        { name: 'db3', state: 'STANDBY', status: 'OK', readOnly: true, role: 'replica' },
      ]);
    },
    30 * 60_000,
  );

  /** As the DBA restarts it: with the line in my.cnf that the record asks for, where the server can't keep read_only itself. */
  async function restart(server: TestServer, warnings: readonly { code: string; message: string }[]): Promise<void> {
    if (warnings.some(({ code }) => code === 'READ_ONLY')) server.addToMyCnf('read_only=1');
    const watch = new Watch(server);
    try {
      await server.restart();
      await sleep(1500);
    } finally {
      await watch.end();
    }
    expect(watch.asked).toBeGreaterThan(10);
    expect({ server: server.name, writable: watch.writable }).toEqual({ server: server.name, writable: 0 });
  }
});
