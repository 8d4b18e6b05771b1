import { fork } from 'node:child_process';
import { join } from 'node:path';
import {
  ACCOUNTS,
  type Kind,
  type MySwitch,
  type TestServer,
  createCluster,
  freePort,
  sleep,
  startMySwitch,
  until,
} from '@myswitch/testkit';
import { cpuMicroseconds } from '../load/cpu';
import type { Goal } from '../output';
import { type Crowd, type Row, hostOf } from './fakes';

const POOLS = 50;
const NODES = 4;
/** Connections are opened, and code is compiled. */
const WARM_UP_MS = 10_000;
const SHARE = 0.05;

export interface Watching {
  readonly kind: Kind;
  readonly seconds: number;
  /** Of one core, of the process that watches. */
  readonly share: number;
  /** Polls that were due while one still ran. */
  readonly late: number;
}

export const watchingGoal = ({ kind, share, late }: Watching): Goal => ({
  text: `${kind}: ${POOLS * NODES} nodes in ${POOLS} pools watched with ${(100 * share).toFixed(1)} % of a core < ${100 * SHARE} %; ${late} polls late`,
  reached: share < SHARE,
});

/** What it costs to watch pools in which all is well. */
export async function watch(kind: Kind, seconds: number, progress: (line: string) => void): Promise<Watching> {
  const crowd = await crowdOf(kind);
  const fakes = await start(crowd, progress);
  const mySwitch = await startMySwitch({ config: await configOf(crowd) });
  await until('all nodes well', async () => ((await unwell(mySwitch)).length === 0 ? true : null)).catch(async () => {
    throw new Error(`not well: ${(await unwell(mySwitch)).slice(0, 3).join('; ')}`);
  });
  progress(`${kind}: ${POOLS * NODES} nodes in ${POOLS} pools are watched`);
  await sleep(WARM_UP_MS);
  const before = usage(mySwitch);
  await sleep(seconds * 1000);
  const after = usage(mySwitch);
  const late = await lateOf(mySwitch);
  await mySwitch.stop();
  fakes.disconnect();
  return { kind, seconds, share: (after.cpu - before.cpu) / (after.wall - before.wall), late };
}

/** In microseconds. The first process is the control plane; clients are its workers' business. */
function usage({ pid }: MySwitch): { readonly cpu: number; readonly wall: number } {
  if (pid === null) throw new Error('MySwitch does not run');
  return { cpu: cpuMicroseconds(pid), wall: performance.now() * 1000 };
}

/** What the proxy asks a server for, to know what a fresh session there is. */
const LEARNED = [
  'SHOW SESSION VARIABLES',
  'SELECT ID, CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLLATIONS WHERE ID IS NOT NULL',
  'SELECT @@SESSION.character_set_client,@@SESSION.character_set_results,@@SESSION.character_set_connection,@@SESSION.collation_connection',
  'SELECT @@GLOBAL.character_set_client,@@GLOBAL.character_set_results,@@GLOBAL.character_set_connection,@@GLOBAL.collation_connection',
  'SELECT @@GLOBAL.sql_mode,@@GLOBAL.interactive_timeout,@@GLOBAL.wait_timeout,@@GLOBAL.max_allowed_packet',
];

/** A real server says what they all say. */
async function crowdOf(kind: Kind): Promise<Crowd> {
  const { nodes } = await createCluster({ kind, replicas: 1 });
  const replica = nodes[1];
  if (replica === undefined) throw new RangeError('a pair has two servers');
  const [channel = {}] = await ask(replica, kind === 'mysql' ? 'SHOW REPLICA STATUS' : 'SHOW ALL SLAVES STATUS');
  const learned: Record<string, readonly Row[]> = {};
  for (const statement of LEARNED) learned[statement] = await ask(replica, statement);
  for (const node of nodes) await node.remove();
  return { kind, version: replica.version, pools: POOLS, nodes: NODES, port: await freePort(), channel, learned };
}

async function ask(server: TestServer, statement: string): Promise<readonly Row[]> {
  const rows = await server.sql(statement);
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value as string | number)]),
    ),
  );
}

async function start(crowd: Crowd, progress: (line: string) => void) {
  const child = fork(join(__dirname, 'fakes.js'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: { ready?: true; unknown?: string }) => {
      if (message.ready === true) resolve();
      else progress(`a fake does not know: ${message.unknown ?? ''}`);
    });
    child.once('exit', (code) => reject(new Error(`the fakes ended with ${code}`)));
  });
  child.send(crowd);
  await ready;
  return child;
}

async function configOf({ port }: Crowd): Promise<object> {
  const { control, replication, app } = ACCOUNTS;
  const pools = [];
  for (let pool = 1; pool <= POOLS; pool += 1) {
    const nodes = Array.from({ length: NODES }, (_, index) => ({
      name: `pool${pool}-db${index + 1}`,
      address: `${hostOf(pool, index + 1)}:${port}`,
      type: index === 0 ? 'primary' : 'secondary',
    }));
    const users = [{ name: app.user, password: app.password }];
    const listen = `127.0.0.1:${await freePort()}`;
    pools.push({ name: `pool${pool}`, listen, nodes, control, replication, users, backend: { min: 0 } });
  }
  return {
    stateDir: './state',
    workers: 1,
    admin: { listen: `127.0.0.1:${await freePort()}`, user: 'admin', password: 'admin-secret' },
    http: { listen: `127.0.0.1:${await freePort()}` },
    pools,
  };
}

interface Status {
  readonly pools: readonly {
    readonly nodes: readonly {
      readonly name: string;
      readonly status: string;
      readonly state: string;
      readonly message: string | null;
      readonly latePolls: number;
    }[];
  }[];
}

async function nodesOf(mySwitch: MySwitch): Promise<Status['pools'][number]['nodes']> {
  const { json } = await mySwitch.cli('status', '--json');
  return (json as Status).pools.flatMap(({ nodes }) => nodes);
}

async function unwell(mySwitch: MySwitch): Promise<string[]> {
  const nodes = await nodesOf(mySwitch);
  return nodes
    .filter(({ status, state }) => status !== 'OK' || state === 'UNKNOWN')
    .map(({ name, status, state, message }) => `${name} ${status}/${state} ${message ?? ''}`);
}

async function lateOf(mySwitch: MySwitch): Promise<number> {
  const nodes = await nodesOf(mySwitch);
  return nodes.reduce((sum, { latePolls }) => sum + latePolls, 0);
}
