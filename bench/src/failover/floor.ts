import {
  ACCOUNTS,
  type Cluster,
  type Kind,
  type TestServer,
  caughtUp,
  replicates,
  sleep,
  until,
} from '@myswitch/testkit';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { type Fault, Fault as F, revive, strike } from './fault';
import { WRITE } from './writer';

/** What has to be said at the least to replicas of a dead primary, whoever says it. */
interface Sequence {
  /** Whether it hears the primary, what it has received, what it has applied. */
  readonly status: string;
  readonly stopReceiver: string;
  readonly startReceiver: string;
  readonly received: (status: Record<string, unknown>) => string;
  readonly apply: string;
  readonly open: string;
  readonly receiving: string;
  /** Afterwards, with no clock running. */
  readonly close: string;
  readonly forget: readonly string[];
  readonly follow: (source: TestServer) => readonly string[];
}

const { user, password } = ACCOUNTS.replication;

const SEQUENCES: Record<Kind, Sequence> = {
  mariadb: {
    status: 'SHOW ALL SLAVES STATUS',
    stopReceiver: 'STOP SLAVE IO_THREAD',
    startReceiver: 'START SLAVE IO_THREAD',
    received: (status) => String(status['Gtid_IO_Pos']),
    apply: 'SELECT MASTER_GTID_WAIT(?, 5) AS late',
    open: 'SET GLOBAL read_only = 0',
    receiving: 'Slave_IO_Running',
    close: 'SET GLOBAL read_only = 1',
    forget: ['STOP SLAVE', 'RESET SLAVE ALL'],
    follow: ({ host, port }) => [
      `CHANGE MASTER TO MASTER_HOST = '${host}', MASTER_PORT = ${port}, MASTER_USER = '${user}',
        MASTER_PASSWORD = '${password}', MASTER_USE_GTID = slave_pos, MASTER_DEMOTE_TO_SLAVE = 1,
        MASTER_CONNECT_RETRY = 1`,
      'START SLAVE',
    ],
  },
  mysql: {
    status: 'SHOW REPLICA STATUS',
    stopReceiver: 'STOP REPLICA IO_THREAD',
    startReceiver: 'START REPLICA IO_THREAD',
    received: (status) => String(status['Retrieved_Gtid_Set']).replaceAll('\n', ''),
    apply: 'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 5) AS late',
    open: 'SET GLOBAL read_only = 0',
    receiving: 'Replica_IO_Running',
    close: 'SET GLOBAL super_read_only = 1',
    forget: ['STOP REPLICA', 'RESET REPLICA ALL'],
    follow: ({ host, port }) => [
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '${host}', SOURCE_PORT = ${port}, SOURCE_USER = '${user}',
        SOURCE_PASSWORD = '${password}', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1`,
      'START REPLICA',
    ],
  },
};

/** A replica that believes to hear a primary that hangs is made to try anew, and has as long for it. */
export const LISTEN_MS = 1000;
/** From the death to the decision, as a monitor would take. */
const NOTICED_AFTER_MS = 1500;

/**
 * The floor of a failover: its statements by hand, over connections that are open already. The primary dies, another node takes over, and the
 * dead one follows it; `times` times. Ends with the first server as the primary again when there are two and `times` is even.
 * @returns how long each took, from the first statement to the acknowledged write, in ms
 */
export async function measureFloor({ kind, nodes }: Cluster, fault: Fault, times: number): Promise<number[]> {
  const took: number[] = [];
  let [primary, ...replicas] = nodes;
  for (let turn = 0; turn < times; turn += 1) {
    if (primary === undefined || replicas[0] === undefined) throw new RangeError('a failover needs two servers');
    const next: TestServer = replicas[0];
    await caughtUp(primary, replicas);
    took.push(await takeOver(SEQUENCES[kind], primary, replicas, fault));
    await settle(SEQUENCES[kind], next, [...replicas.slice(1), primary]);
    [primary, replicas] = [next, [...replicas.slice(1), primary]];
  }
  return took;
}

async function takeOver(
  sequence: Sequence,
  primary: TestServer,
  replicas: readonly TestServer[],
  fault: Fault,
): Promise<number> {
  const connections = await Promise.all(replicas.map((replica) => replica.connect()));
  const [next] = connections;
  if (next === undefined) throw new RangeError('nobody to take over');
  strike(primary, fault);
  await sleep(NOTICED_AFTER_MS);
  const start = performance.now();
  await Promise.all(connections.map((connection) => ask(connection, sequence, fault)));
  await next.query(sequence.stopReceiver);
  const received = sequence.received(await say(next, sequence.status));
  const { late } = await say(next, sequence.apply, [received]);
  if (Number(late) !== 0) throw new Error(`${received} was not applied`);
  await next.query(sequence.open);
  await next.query(WRITE);
  const took = performance.now() - start;
  for (const connection of connections) await connection.end();
  await revive(primary);
  return took;
}

async function ask(
  connection: Connection,
  { status, stopReceiver, startReceiver }: Sequence,
  fault: Fault,
): Promise<void> {
  await say(connection, status);
  if (fault === F.KILLED) return;
  await connection.query(stopReceiver);
  await connection.query(startReceiver);
  await sleep(LISTEN_MS);
  await say(connection, status);
}

async function say(connection: Connection, statement: string, values: string[] = []): Promise<Record<string, unknown>> {
  const [rows] = await connection.query<RowDataPacket[]>(statement, values);
  return rows[0] ?? {};
}

async function settle(sequence: Sequence, primary: TestServer, replicas: readonly TestServer[]): Promise<void> {
  for (const statement of sequence.forget) await primary.sql(statement);
  for (const replica of replicas) {
    await replica.sql(sequence.close);
    for (const statement of sequence.forget) await replica.sql(statement);
    for (const statement of sequence.follow(primary)) await replica.sql(statement);
    await until(`${replica.name} follows ${primary.name}`, async () => ((await replicates(replica)) ? true : null));
  }
}
