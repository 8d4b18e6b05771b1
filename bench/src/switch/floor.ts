import { performance } from 'node:perf_hooks';
import { ACCOUNTS, type Kind, type TestServer, caughtUp, replicates, until } from '@myswitch/testkit';
import type { Connection, RowDataPacket } from 'mysql2/promise';

/** What has to be said to the servers at the least, whoever says it. `position` stands for the answer of `read`. */
interface Sequence {
  readonly fence: readonly string[];
  readonly read: string;
  readonly apply: string;
  readonly open: string;
  /** Afterwards, with no clock running. */
  readonly unlock: readonly string[];
  readonly forget: readonly string[];
  readonly follow: (source: TestServer) => readonly string[];
}

const { user, password } = ACCOUNTS.replication;

const SEQUENCES: Record<Kind, Sequence> = {
  mariadb: {
    fence: ['FLUSH TABLES WITH READ LOCK', 'SET GLOBAL read_only = 1'],
    read: 'SELECT @@GLOBAL.gtid_binlog_pos AS position',
    apply: 'SELECT MASTER_GTID_WAIT(?, 5) AS late',
    open: 'SET GLOBAL read_only = 0',
    unlock: ['UNLOCK TABLES'],
    forget: ['STOP SLAVE', 'RESET SLAVE ALL'],
    follow: ({ host, port }) => [
      `CHANGE MASTER TO MASTER_HOST = '${host}', MASTER_PORT = ${port}, MASTER_USER = '${user}',
        MASTER_PASSWORD = '${password}', MASTER_USE_GTID = slave_pos, MASTER_DEMOTE_TO_SLAVE = 1`,
      'START SLAVE',
    ],
  },
  mysql: {
    fence: ['SET GLOBAL super_read_only = 1'],
    read: 'SELECT @@GLOBAL.gtid_executed AS position',
    apply: 'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 5) AS late',
    open: 'SET GLOBAL read_only = 0',
    unlock: [],
    forget: ['STOP REPLICA', 'RESET REPLICA ALL'],
    follow: ({ host, port }) => [
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '${host}', SOURCE_PORT = ${port}, SOURCE_USER = '${user}',
        SOURCE_PASSWORD = '${password}', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
      'START REPLICA',
    ],
  },
};

/**
 * The floor of a switch: the critical statements by hand, over connections that are open already, while nobody writes.
 * Goes from the first server to the second and back until it has gone `times` times. Before each move `load` works on the one
 * that is left, and ends with nothing running: the moment in which a switch begins to fence.
 * @returns how long each took, from the first fencing statement to the answer that the other one is open, in ms
 */
export async function measureFloor(
  pair: readonly [TestServer, TestServer],
  times: number,
  load: (primary: TestServer) => Promise<() => Promise<void>>,
): Promise<number[]> {
  const took: number[] = [];
  const connections = new Map<TestServer, Connection>();
  for (const server of pair) connections.set(server, await server.connect());
  try {
    let [from, to] = pair;
    for (let turn = 0; turn < times; turn += 1) {
      await caughtUp(from, [to]);
      const end = await load(from);
      took.push(await moveByHand(from, to, connections));
      await end();
      [from, to] = [to, from];
    }
  } finally {
    for (const connection of connections.values()) await connection.end();
  }
  return took;
}

async function moveByHand(
  from: TestServer,
  to: TestServer,
  connections: ReadonlyMap<TestServer, Connection>,
): Promise<number> {
  const sequence = SEQUENCES[from.kind];
  const say = async (
    server: TestServer,
    statement: string,
    values: string[] = [],
  ): Promise<Record<string, unknown>> => {
    const [rows] = (await connections.get(server)?.query<RowDataPacket[]>(statement, values)) ?? [[]];
    return Array.isArray(rows) ? (rows[0] ?? {}) : {};
  };
  const start = performance.now();
  for (const statement of sequence.fence) await say(from, statement);
  const { position } = await say(from, sequence.read);
  const { late } = await say(to, sequence.apply, [String(position)]);
  if (Number(late) !== 0) throw new Error(`${to.name} did not reach ${String(position)}`);
  await say(to, sequence.open);
  const took = performance.now() - start;
  for (const statement of sequence.unlock) await say(from, statement);
  for (const statement of sequence.forget) await say(to, statement);
  for (const statement of sequence.follow(to)) await say(from, statement);
  await until(`${from.name} follows ${to.name}`, async () => ((await replicates(from)) ? true : null));
  return took;
}
