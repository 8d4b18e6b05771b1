import {
  ACCOUNTS,
  type Cluster,
  type TestServer,
  Workload,
  caughtUp,
  checkLedger,
  createLedger,
  poolConfig,
  sleep,
  startMySwitch,
} from '@myswitch/testkit';
import { type FlightRecord, predictedHold, switchTo } from './command';

export const CLIENTS = 32;
/** Statements a second. */
export const RATE = 2000;
const WORKERS = 2;
/** The clients' connections, caches and compiled code get ready. */
const WARM_UP_MS = 5000;
/** Longer than what the preflight calls RECENT. */
const BETWEEN_MS = 1500;
const DIRECT_LOAD_MS = 500;

/**
 * Load as the switches meet it, but straight to the server. When it resolves the clients are held by a gate in this process and
 * nothing of theirs runs.
 * @returns what ends the load
 */
export async function loadAndHold(primary: TestServer): Promise<() => Promise<void>> {
  const { user, password } = ACCOUNTS.app;
  const { host, port } = primary;
  const workload = new Workload({ connection: { host, port, user, password }, clients: CLIENTS, rate: RATE });
  await sleep(DIRECT_LOAD_MS);
  await workload.hold();
  return async () => {
    const { failed, unknown, messages } = await workload.stop();
    if (failed + unknown > 0) throw new Error(`the load on ${primary.name} failed: ${messages.join('; ')}`);
  };
}

interface Flight {
  readonly record: FlightRecord;
  readonly predictedHoldMs: number | null;
  /** The slowest statement of any client meanwhile, as the client saw it. */
  readonly slowestMs: number;
}

export interface Flights {
  readonly flights: readonly Flight[];
  /** Statements a second that were answered, of those that were offered. */
  readonly rate: number;
  readonly failed: number;
  readonly dropped: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly problems: readonly string[];
}

/** Switches back and forth while the clients work, then checks every write. Ends at the first server when `times` is even. */
export async function fly(
  cluster: Cluster,
  pair: readonly [TestServer, TestServer],
  times: number,
  progress: (line: string) => void,
): Promise<Flights> {
  let [from, to] = pair;
  await createLedger(from);
  await caughtUp(from, [to]);
  const { config, ports } = await poolConfig(cluster, {}, WORKERS);
  const mySwitch = await startMySwitch({ config });
  const { user, password } = ACCOUNTS.app;
  const connection = { host: '127.0.0.1', port: ports.pool, user, password };
  const workload = new Workload({ connection, clients: CLIENTS, rate: RATE });
  await sleep(WARM_UP_MS);
  const flights: Flight[] = [];
  for (let turn = 1; turn <= times; turn += 1) {
    const predictedHoldMs = await predictedHold(mySwitch, to.name);
    workload.takeLatency();
    const record = await switchTo(mySwitch, to.name);
    const slowestMs = workload.takeLatency().max;
    flights.push({ record, predictedHoldMs, slowestMs });
    progress(`${turn}/${times} ${describe(from.name, to.name, flights.at(-1))}`);
    if (record.result === 'failed') throw new Error(`${record.id} failed: ${JSON.stringify(record.reasons)}`);
    if (record.result === 'switched') [from, to] = [to, from];
    await sleep(BETWEEN_MS);
  }
  const report = await workload.stop();
  await caughtUp(from, [to]);
  await mySwitch.stop();
  const checks = [await checkLedger(from, workload), await checkLedger(to, workload)];
  return {
    flights,
    rate: report.statements / report.seconds,
    failed: report.failed + report.unknown,
    dropped: report.dropped,
    lost: Math.max(...checks.map(({ lost }) => lost.length)),
    duplicated: Math.max(...checks.map(({ duplicated }) => duplicated.length)),
    problems: [...report.messages, ...report.sessionErrors, ...checks.flatMap(({ problem }) => problem ?? [])],
  };
}

function describe(from: string, to: string, flight: Flight | undefined): string {
  if (flight === undefined) return '';
  const { record, predictedHoldMs, slowestMs } = flight;
  const reasons = record.reasons.map(({ code }) => code).join(', ');
  const hold = `hold ${record.holdMs ?? '-'} ms (predicted ${predictedHoldMs ?? '-'}, drain ${record.drainMs ?? '-'})`;
  return `${from} -> ${to} ${record.result} ${reasons} ${hold}, slowest statement ${slowestMs.toFixed(1)} ms`;
}
