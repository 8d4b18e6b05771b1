import { ACCOUNTS, type Cluster, type MySwitch, poolConfig, sleep, startMySwitch } from '@myswitch/testkit';
import { createConnection } from 'mysql2/promise';
import { type FailoverRecord, expectedMs, failoverAfter, rejoin, wellPool } from './command';
import { FAULTS, type Fault, now, revive, strike } from './fault';
import { firstWrite } from './writer';

const STOPS_WITHIN_MS = 100;

export interface Setting {
  readonly intervalMs: number;
  readonly failures: number;
}

export const nameOf = ({ intervalMs, failures }: Setting): string => `${intervalMs} ms x ${failures}`;

export interface Flight {
  readonly fault: Fault;
  /** What `config explain` says of the detection. */
  readonly expectedMs: number;
  /** From the death to the beginning of the first step. */
  readonly detectedMs: number;
  /** From there to the client's first acknowledged write. */
  readonly firstWriteMs: number;
  readonly record: FailoverRecord;
  readonly told: readonly string[];
}

/**
 * `rounds` failovers of each fault, one after the other; the dead one rejoins each time. The deaths are spread evenly over
 * the time between two polls.
 */
export async function fly(
  cluster: Cluster,
  { intervalMs, failures }: Setting,
  rounds: number,
  progress: (line: string) => void,
): Promise<Flight[]> {
  const { config, ports } = await poolConfig(cluster, {
    monitor: { interval: `${intervalMs}ms`, failures },
    failover: { mode: 'automatic', window: '1ms' },
    hold: { max: '30s' },
  });
  const mySwitch = await startMySwitch({ config });
  const expected = await expectedMs(mySwitch);
  const flights: Flight[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const fault of FAULTS) {
      const flight = await flyOnce(cluster, mySwitch, ports.pool, fault, {
        expected,
        afterPollMs: (intervalMs * (round + 0.5)) / rounds,
        intervalMs,
      });
      progress(`${nameOf({ intervalMs, failures })}, ${round + 1}/${rounds} ${describe(flight)}`);
      flights.push(flight);
    }
  }
  await mySwitch.stop();
  return flights;
}

interface Moment {
  readonly expected: number;
  readonly afterPollMs: number;
  readonly intervalMs: number;
}

async function flyOnce(
  cluster: Cluster,
  mySwitch: MySwitch,
  port: number,
  fault: Fault,
  { expected, afterPollMs, intervalMs }: Moment,
): Promise<Flight> {
  const { user, password } = ACCOUNTS.app;
  const { active, polledAt } = await wellPool(mySwitch);
  const server = cluster.nodes.find(({ name }) => name === active);
  if (server === undefined) throw new Error(`there is no ${active}`);
  const client = await createConnection({ host: '127.0.0.1', port, user, password });
  const polls = Math.ceil((now() - polledAt - afterPollMs) / intervalMs);
  await sleep(polledAt + polls * intervalMs + afterPollMs - now());
  const diedAt = strike(server, fault);
  // on a busy machine it takes a moment until all its threads have stopped
  await sleep(STOPS_WITHIN_MS);
  const { at, errors } = await firstWrite(client);
  await client.end();
  const record = await failoverAfter(mySwitch, diedAt);
  const decidedAt = Date.parse(record.startedAt);
  await revive(server);
  await rejoin(mySwitch, server.name);
  return {
    fault,
    expectedMs: expected,
    detectedMs: decidedAt - diedAt,
    firstWriteMs: at - decidedAt,
    record,
    told: errors,
  };
}

function describe({ fault, detectedMs, firstWriteMs, record, told }: Flight): string {
  const steps = record.steps.map(({ name, ms }) => `${name} ${ms.toFixed(0)}`).join(', ');
  const errors = told.length === 0 ? '' : `; the client was told: ${told.join(' / ')}`;
  return `${fault}: detected after ${detectedMs.toFixed(0)} ms, first write ${firstWriteMs.toFixed(1)} ms later (${steps})${errors}`;
}
