import { type GrantOptions, grants } from './grants';
import type { Kind } from './provision';
import { type ServerNetwork, type TestServer, startServer } from './server';
import { until } from './time';

export interface ClusterOptions {
  readonly kind: Kind;
  readonly replicas: number;
  /** The primary follows the first replica too. */
  readonly circular?: boolean;
  readonly semiSync?: boolean;
  /** The event scheduler runs, and the control account may handle events. */
  readonly events?: boolean;
  readonly tls?: boolean;
  /** More lines for every `[mysqld]`. */
  readonly extra?: readonly string[];
  /** Where the server of that name runs; default on loopback. */
  readonly network?: (name: string) => ServerNetwork;
}

/** A primary and its replicas, with everything a pool of MySwitch expects. */
export interface Cluster {
  readonly kind: Kind;
  /** The first one was made the primary, the others its replicas; a switch changes that. */
  readonly nodes: readonly TestServer[];
}

export interface Account {
  readonly user: string;
  readonly password: string;
}

export const ACCOUNTS = Object.freeze({
  control: { user: 'myswitch', password: 'control-secret' },
  replication: { user: 'repl', password: 'repl-secret' },
  app: { user: 'app', password: 'app-secret' },
} as const satisfies Record<string, Account>);

/** By role: a source without a replica that acknowledges makes every commit wait. */
const SEMI_SYNC: Record<
  Kind,
  { readonly every: readonly string[]; readonly source: string; readonly replica: string }
> = {
  mariadb: {
    every: [],
    source: 'SET GLOBAL rpl_semi_sync_master_enabled = 1',
    replica: 'SET GLOBAL rpl_semi_sync_slave_enabled = 1',
  },
  mysql: {
    every: [
      "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'",
      "INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'",
    ],
    source: 'SET GLOBAL rpl_semi_sync_source_enabled = 1',
    replica: 'SET GLOBAL rpl_semi_sync_replica_enabled = 1',
  },
};

const READ_ONLY: Record<Kind, string> = {
  mariadb: 'SET GLOBAL read_only = 1',
  mysql: 'SET GLOBAL super_read_only = 1',
};

/** Starts and connects the servers, and resolves when every replica has what the primary has. */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const { kind } = options;
  const ids = Array.from({ length: options.replicas + 1 }, (_, index) => index + 1);
  const { events = false, tls = false } = options;
  const extra = [...(options.extra ?? []), ...(events ? ['event_scheduler=ON'] : [])];
  const nodes = await Promise.all(
    ids.map((serverId) => {
      const network = options.network?.(`db${serverId}`);
      return startServer({ kind, serverId, extra, tls, ...(network === undefined ? {} : { network }) });
    }),
  );
  const [primary, ...replicas] = nodes;
  if (primary === undefined) throw new RangeError('a cluster has a primary');
  if (options.semiSync === true) {
    const { every, replica } = SEMI_SYNC[kind];
    await Promise.all(nodes.map((node) => run(node, every)));
    await Promise.all(replicas.map((node) => node.sql(replica)));
  }
  await run(primary, setUp(kind, { events }));
  await Promise.all(replicas.map((replica) => follow(replica, primary)));
  await caughtUp(primary, replicas);
  if (options.semiSync === true) await primary.sql(SEMI_SYNC[kind].source);
  await Promise.all(replicas.map((replica) => replica.sql(READ_ONLY[kind])));
  if (options.circular === true && replicas[0] !== undefined) await follow(primary, replicas[0]);
  return { kind, nodes };
}

/** Accounts and the application's schema, on the primary: its replicas get them by replication. */
function setUp(kind: Kind, options: GrantOptions): string[] {
  const accounts = Object.values(ACCOUNTS).map(
    ({ user, password }) => `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`,
  );
  const { user } = ACCOUNTS.app;
  const application = ['shop', 'app%'].map((schema) => `GRANT ALL ON \`${schema}\`.* TO '${user}'@'%'`);
  return [...accounts, ...grants(kind, options), ...application, 'CREATE DATABASE shop'];
}

async function run(server: TestServer, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await server.sql(statement);
}

/** Where a replica reads from: a server, or something in front of it. */
interface Source extends Pick<TestServer, 'host' | 'port'> {
  /** MySQL's replicas insist on TLS unless they are told not to. */
  readonly tls?: false;
}

const FOLLOW: Record<Kind, (source: Source) => string[]> = {
  mariadb: (source) => [
    `CHANGE MASTER TO MASTER_HOST = '${source.host}', MASTER_PORT = ${source.port},
      MASTER_USER = '${ACCOUNTS.replication.user}', MASTER_PASSWORD = '${ACCOUNTS.replication.password}',
      MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1`,
    'START SLAVE',
  ],
  mysql: (source) => [
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '${source.host}', SOURCE_PORT = ${source.port},
      SOURCE_USER = '${ACCOUNTS.replication.user}', SOURCE_PASSWORD = '${ACCOUNTS.replication.password}',
      SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1${source.tls === false ? ', SOURCE_SSL = 0' : ''}`,
    'START REPLICA',
  ],
};

/** Makes a server follow another by GTID, and resolves when both threads run. */
export async function follow(replica: TestServer, source: Source): Promise<void> {
  await run(replica, FOLLOW[replica.kind](source));
  await until(`${replica.name} replicates`, async () => ((await replicates(replica)) ? true : null)).catch(
    async (error: Error) => {
      const status = await replicaStatus(replica);
      throw new Error(`${error.message}: ${JSON.stringify(status?.['Last_IO_Error'] ?? 'it follows nobody')}`);
    },
  );
}

const RUNNING: Record<Kind, readonly [io: string, sql: string]> = {
  mariadb: ['Slave_IO_Running', 'Slave_SQL_Running'],
  mysql: ['Replica_IO_Running', 'Replica_SQL_Running'],
};

/** Row of SHOW REPLICA STATUS with the kind's own column names; null when it follows nobody. */
export async function replicaStatus(server: TestServer): Promise<Record<string, unknown> | null> {
  return (await server.sql('SHOW REPLICA STATUS'))[0] ?? null;
}

/** Whether both replication threads run. */
export async function replicates(server: TestServer): Promise<boolean> {
  const status = await replicaStatus(server);
  return status !== null && RUNNING[server.kind].every((column) => status[column] === 'Yes');
}

const POSITION: Record<Kind, string> = {
  mariadb: 'SELECT @@GLOBAL.gtid_binlog_pos AS position',
  mysql: 'SELECT @@GLOBAL.gtid_executed AS position',
};

const WAIT: Record<Kind, string> = {
  // 0: reached; MySQL says 1 on a timeout, MariaDB -1
  mariadb: 'SELECT MASTER_GTID_WAIT(?, 30) AS late',
  mysql: 'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 30) AS late',
};

/** What a server has written or applied, as a GTID set of its kind. */
export async function position(server: TestServer): Promise<string> {
  const found = (await server.sql(POSITION[server.kind]))[0]?.['position'];
  return typeof found === 'string' ? found.replaceAll('\n', '') : '';
}

/** Resolves when the replicas have applied all that the primary has written by now; throws after 30 s. */
export async function caughtUp(primary: TestServer, replicas: readonly TestServer[]): Promise<void> {
  const target = await position(primary);
  for (const replica of replicas) {
    const [row] = await replica.sql(WAIT[replica.kind], [target]);
    if (Number(row?.['late']) !== 0) throw new Error(`${replica.name} has not applied ${target} within 30 s`);
  }
}
