import { flag, identifier, number, quote, text, type ControlConnection, type Row } from '../control-connection';
import {
  Kind,
  markOf,
  type Channel,
  type Dialect,
  type Inspection,
  type ScheduledEvent,
  type SemiSync,
  type Source,
} from '../dialect';
import { ServerError } from '../errors';
import { fingerprintAccounts } from './accounts';
import { accountOf, definerOf, missingGrants, type Need } from './grants';
import { sessionOf } from './process-list';

const ER_NO_SUCH_THREAD = 1094;
const ACCOUNT_TABLES = ['user', 'db', 'tables_priv', 'columns_priv', 'procs_priv', 'global_grants', 'role_edges'];

const PARITY = [
  'sql_mode',
  'character_set_server',
  'collation_server',
  'lower_case_table_names',
  'binlog_format',
  'binlog_row_image',
  'log_bin_trust_function_creators',
  'default_storage_engine',
  'explicit_defaults_for_timestamp',
  'time_zone',
  'transaction_isolation',
  'max_allowed_packet',
];

const needsOf = (schema: string): readonly Need[] => [
  ...[
    'REPLICATION CLIENT',
    'RELOAD',
    'PROCESS',
    'EVENT',
    'REPLICATION_SLAVE_ADMIN',
    'SYSTEM_VARIABLES_ADMIN',
    'CONNECTION_ADMIN',
    'XA_RECOVER_ADMIN',
    'SET_ANY_DEFINER',
  ].map((privilege) => ({ privilege, on: '*.*' })),
  ...ACCOUNT_TABLES.map((table) => ({ privilege: 'SELECT', on: `mysql.${table}` })),
  ...['replication_connection_configuration'].map((table) => ({
    privilege: 'SELECT',
    on: `performance_schema.${table}`,
  })),
  ...['CREATE', 'SELECT', 'INSERT', 'UPDATE'].map((privilege) => ({ privilege, on: `${schema}.*` })),
];

const FILTERS = [
  'Replicate_Do_DB',
  'Replicate_Ignore_DB',
  'Replicate_Do_Table',
  'Replicate_Ignore_Table',
  'Replicate_Wild_Do_Table',
  'Replicate_Wild_Ignore_Table',
  'Replicate_Rewrite_DB',
];

/** SHOW REPLICA STATUS: https://dev.mysql.com/doc/refman/8.4/en/show-replica-status.html */
const channelOf = (row: Row): Channel => {
  const lag = text(row, 'Seconds_Behind_Source');
  return {
    name: text(row, 'Channel_Name'),
    sourceHost: text(row, 'Source_Host'),
    sourcePort: number(row, 'Source_Port'),
    sourceIdentity: text(row, 'Source_UUID'),
    receiving: text(row, 'Replica_IO_Running') === 'Yes',
    applying: text(row, 'Replica_SQL_Running') === 'Yes',
    lagSeconds: lag === '' ? null : Number(lag),
    autoPosition: flag(row, 'Auto_Position'),
    delaySeconds: number(row, 'SQL_Delay'),
    filters: FILTERS.filter((name) => text(row, name) !== '').map((name) => `${name}=${text(row, name)}`),
    lastError: text(row, 'Last_SQL_Error') || text(row, 'Last_IO_Error') || null,
  };
};

const compact = (gtidSet: string): string => gtidSet.replaceAll(/\s/g, '');
const forChannel = (channel: string): string => `FOR CHANNEL ${quote(channel)}`;
const bit = (on: boolean): string => (on ? '1' : '0');

/** MySQL 8.0.23 and later. */
export const mysqlDialect: Dialect = {
  kind: Kind.MYSQL,
  fenceRoundTrips: 1,

  async observe(c, deadlineMs) {
    const row = await c.row(
      'SELECT @@version AS version, @@server_id AS serverId, @@server_uuid AS uuid, @@global.read_only AS readOnly, ' +
        '@@global.super_read_only AS superReadOnly, @@global.event_scheduler AS events, @@global.gtid_executed AS gtid',
      deadlineMs,
    );
    const channels = await c.query('SHOW REPLICA STATUS', deadlineMs);
    const readOnly = flag(row, 'readOnly');
    return {
      kind: Kind.MYSQL,
      version: text(row, 'version'),
      identity: text(row, 'uuid'),
      serverId: number(row, 'serverId'),
      readOnly,
      found: { readOnly, superReadOnly: flag(row, 'superReadOnly'), eventScheduler: flag(row, 'events') },
      channels: channels.map(channelOf),
      gtid: compact(text(row, 'gtid')),
    };
  },

  async inspect(c, schema, deadlineMs) {
    const row = await c.row(
      'SELECT @@log_bin AS logBin, @@log_replica_updates AS logReplicaUpdates, @@gtid_mode AS gtidMode, CURRENT_USER() AS account, ' +
        '@@enforce_gtid_consistency AS consistency, @@max_connections AS maxConnections, ' +
        PARITY.map((name) => `@@global.${name} AS ${name}`).join(', '),
      deadlineMs,
    );
    const events = await enabledEvents(c, deadlineMs);
    const grants = await c.query('SHOW GRANTS', deadlineMs);
    const account = accountOf(text(row, 'account'));
    const missing = [
      ...missingGrants(grants, needsOf(schema), account),
      ...(await eventGrants(c, grants, events, account, deadlineMs)),
    ];
    const mayReadAccounts = !missing.some((grant) => grant.includes('ON mysql.'));
    const accounts: (readonly Row[])[] = [];
    for (const table of mayReadAccounts ? ACCOUNT_TABLES : []) {
      const host = table === 'role_edges' ? 'TO_HOST' : 'Host';
      const columns = table === 'role_edges' ? 'r.*, TO_HOST AS Host, TO_USER AS User' : 'r.*';
      accounts.push(await c.query(`SELECT ${columns} FROM mysql.${table} r WHERE ${host} <> @@hostname`, deadlineMs));
    }
    const status = await c.query('SHOW BINARY LOG STATUS', deadlineMs).catch(() => []);
    return {
      logBin: flag(row, 'logBin'),
      logReplicaUpdates: flag(row, 'logReplicaUpdates'),
      gtidProblem: text(row, 'gtidMode') === 'ON' ? '' : `gtid_mode is ${text(row, 'gtidMode')}`,
      binlogFilters: binlogFilters(status),
      parity: Object.fromEntries(PARITY.map((name) => [name, text(row, name)])),
      maxConnections: number(row, 'maxConnections'),
      accounts: fingerprintAccounts(accounts),
      plugins: await plugins(c, deadlineMs),
      semiSync: await this.semiSync(c, deadlineMs),
      preparedXa: missing.some((grant) => grant.includes('XA_RECOVER_ADMIN'))
        ? []
        : (await c.query('XA RECOVER', deadlineMs)).map((xa) => text(xa, 'data')),
      enabledEvents: events,
      missingGrants: missing,
      superWriters: [],
    } satisfies Inspection;
  },

  async fence(c, deadlineMs) {
    await c.query(`${markOf('fence')}SET GLOBAL super_read_only = 1`, deadlineMs);
  },

  unlock() {
    return Promise.resolve();
  },

  async unfence(c, found, deadlineMs) {
    if (!found.readOnly) {
      await c.query(`${markOf('open')}SET GLOBAL read_only = 0`, deadlineMs);
      return;
    }
    await c.query(
      `${markOf('restore')}SET GLOBAL read_only = 1, GLOBAL super_read_only = ${bit(found.superReadOnly)}`,
      deadlineMs,
    );
  },

  async setEventScheduler(c, on, deadlineMs) {
    await c.query(`SET GLOBAL event_scheduler = ${on ? 'ON' : 'OFF'}`, deadlineMs);
  },

  async position(c, deadlineMs) {
    return compact(text(await c.row('SELECT @@global.gtid_executed AS gtid', deadlineMs), 'gtid'));
  },

  async waitApplied(c, position, waitMs) {
    const row = await c.row(
      `SELECT WAIT_FOR_EXECUTED_GTID_SET(${quote(position)}, ${(waitMs / 1000).toFixed(3)}) AS late`,
      waitMs + 200,
    );
    return text(row, 'late') === '0';
  },

  samePosition: (a, b) => a === b,

  async open(c, deadlineMs) {
    await c.query(`${markOf('open')}SET GLOBAL read_only = 0`, deadlineMs);
  },

  async close(c, deadlineMs) {
    await c.query(`${markOf('fence')}SET GLOBAL super_read_only = 1`, deadlineMs);
  },

  async persistReadOnly(c, on, deadlineMs) {
    await c.query(`SET PERSIST super_read_only = ${bit(on)}, PERSIST read_only = ${bit(on)}`, deadlineMs);
    return true;
  },

  async sessions(c, deadlineMs) {
    const rows = await c.query(
      'SELECT ID, USER, HOST, COMMAND, TIME * 1000 AS TIME_MS, LEFT(INFO, 60) AS MARK FROM performance_schema.processlist',
      deadlineMs,
    );
    return rows.map(sessionOf);
  },

  async kill(c, id, deadlineMs) {
    await c.query(`KILL ${id}`, deadlineMs).catch((error: unknown) => {
      if (!(error instanceof ServerError && error.errno === ER_NO_SUCH_THREAD)) {
        throw error;
      }
    });
  },

  async errant(candidate, active, deadlineMs) {
    return beyond(active, await this.position(candidate, deadlineMs), deadlineMs);
  },

  async purged(source, replica, deadlineMs) {
    const row = await source.row('SELECT @@global.gtid_purged AS gtid', deadlineMs);
    return beyond(replica, compact(text(row, 'gtid')), deadlineMs);
  },

  async channelOptions(c, channel, deadlineMs) {
    const rows = await c.query('SHOW REPLICA STATUS', deadlineMs);
    const row = rows.find((candidate) => text(candidate, 'Channel_Name') === channel);
    const more = await c.query(
      `SELECT * FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = ${quote(channel)}`,
      deadlineMs,
    );
    return row === undefined ? [] : channelOptions(row, more[0] ?? {});
  },

  async repoint(c, channel, to, deadlineMs) {
    await c.query(`STOP REPLICA ${forChannel(channel)}`, deadlineMs);
    await c.query(`CHANGE REPLICATION SOURCE TO ${hostOf(to)} ${forChannel(channel)}`, deadlineMs);
    await c.query(`START REPLICA ${forChannel(channel)}`, deadlineMs);
  },

  async follow(c, channel, to, login, deadlineMs) {
    await stopIfThere(c, channel, deadlineMs);
    const assignments = [
      hostOf(to),
      'SOURCE_AUTO_POSITION = 1',
      ...(login === null
        ? []
        : [`SOURCE_USER = ${quote(login.user)}`, `SOURCE_PASSWORD = ${quote(login.password)}`, ...login.options]),
    ];
    await c.query(`CHANGE REPLICATION SOURCE TO ${assignments.join(', ')} ${forChannel(channel)}`, deadlineMs);
    await c.query(`START REPLICA ${forChannel(channel)}`, deadlineMs);
  },

  async forget(c, channel, deadlineMs) {
    await c.query(`STOP REPLICA ${forChannel(channel)}`, deadlineMs);
    await c.query(`RESET REPLICA ALL ${forChannel(channel)}`, deadlineMs);
  },

  followByHand(channel, to, user) {
    return [
      `STOP REPLICA ${forChannel(channel)};`,
      `CHANGE REPLICATION SOURCE TO ${hostOf(to)}, SOURCE_USER = ${quote(user)}, SOURCE_PASSWORD = '…', ` +
        `SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1 ${forChannel(channel)};`,
      `START REPLICA ${forChannel(channel)};`,
      'SET PERSIST super_read_only = 1;',
    ];
  },

  async enableEvent(c, event, deadlineMs) {
    const name = `${identifier(event.schema)}.${identifier(event.name)}`;
    await c.query(`ALTER DEFINER = ${definerOf(event.definer)} EVENT ${name} ENABLE`, deadlineMs);
  },

  async setSemiSync(c, side, on, deadlineMs) {
    await c.query(`SET GLOBAL ${await semiSyncName(c, side, deadlineMs)} = ${bit(on)}`, deadlineMs);
  },

  async semiSync(c, deadlineMs): Promise<SemiSync> {
    const rows = [
      ...(await c.query("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%'", deadlineMs)),
      ...(await c.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%_clients'", deadlineMs)),
    ];
    const value = (pattern: RegExp): string =>
      text(rows.find((row) => pattern.test(text(row, 'Variable_name'))) ?? {}, 'Value');
    return {
      source: value(/_(source|master)_enabled$/) === 'ON',
      replica: value(/_(replica|slave)_enabled$/) === 'ON',
      waitFor: Number(value(/_wait_for_(replica|slave)_count$/) || '1'),
      ackers: Number(value(/_clients$/) || '0'),
    };
  },
};

/** What of `gtidSet` the server on `c` has not executed. */
async function beyond(c: ControlConnection, gtidSet: string, deadlineMs: number): Promise<string> {
  const row = await c.row(`SELECT GTID_SUBTRACT(${quote(gtidSet)}, @@global.gtid_executed) AS gtid`, deadlineMs);
  return compact(text(row, 'gtid'));
}

const binlogFilters = (status: readonly Row[]): readonly string[] =>
  status.flatMap((row) =>
    ['Binlog_Do_DB', 'Binlog_Ignore_DB']
      .filter((name) => text(row, name) !== '')
      .map((name) => `${name}=${text(row, name)}`),
  );

async function plugins(c: ControlConnection, deadlineMs: number): Promise<readonly string[]> {
  const rows = await c.query(
    "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE' ORDER BY PLUGIN_NAME",
    deadlineMs,
  );
  return rows.map((row) => text(row, 'PLUGIN_NAME'));
}

async function enabledEvents(c: ControlConnection, deadlineMs: number): Promise<readonly ScheduledEvent[]> {
  const rows = await c.query(
    "SELECT EVENT_SCHEMA, EVENT_NAME, DEFINER FROM information_schema.EVENTS WHERE STATUS = 'ENABLED'",
    deadlineMs,
  );
  return rows.map((row) => ({
    schema: text(row, 'EVENT_SCHEMA'),
    name: text(row, 'EVENT_NAME'),
    definer: text(row, 'DEFINER'),
  }));
}

/** Only an account with SYSTEM_USER may alter the events of one that has it. */
async function eventGrants(
  c: ControlConnection,
  grants: readonly Row[],
  events: readonly ScheduledEvent[],
  account: string,
  deadlineMs: number,
): Promise<readonly string[]> {
  const missing = missingGrants(grants, [{ privilege: 'SYSTEM_USER', on: '*.*' }], account);
  if (events.length === 0 || missing.length === 0) {
    return [];
  }
  const definers = events.map(({ definer }) => quote(definer)).join(', ');
  const rows = await c
    .query(
      `SELECT 1 FROM mysql.global_grants WHERE PRIV = 'SYSTEM_USER' AND CONCAT(USER, '@', HOST) IN (${definers}) LIMIT 1`,
      deadlineMs,
    )
    .catch(() => []);
  return rows.length === 0 ? [] : missing;
}

async function semiSyncName(c: ControlConnection, side: 'source' | 'replica', deadlineMs: number): Promise<string> {
  const rows = await c.query("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%_enabled'", deadlineMs);
  const old = side === 'source' ? 'master' : 'slave';
  const names = rows.map((row) => text(row, 'Variable_name'));
  return names.find((name) => name.includes(`_${old}_`)) ?? `rpl_semi_sync_${side}_enabled`;
}

const hostOf = (to: Source): string => `SOURCE_HOST = ${quote(to.host)}, SOURCE_PORT = ${to.port}`;

/** https://dev.mysql.com/doc/refman/8.4/en/change-replication-source-to.html */
function channelOptions(row: Row, more: Row): readonly string[] {
  const tls = flag(row, 'Source_SSL_Allowed');
  const texts: readonly (readonly [string, string])[] = [
    ['SOURCE_SSL_CA', text(row, 'Source_SSL_CA_File')],
    ['SOURCE_SSL_CAPATH', text(row, 'Source_SSL_CA_Path')],
    ['SOURCE_SSL_CERT', text(row, 'Source_SSL_Cert')],
    ['SOURCE_SSL_KEY', text(row, 'Source_SSL_Key')],
    ['SOURCE_SSL_CIPHER', text(row, 'Source_SSL_Cipher')],
    ['SOURCE_SSL_CRL', text(row, 'Source_SSL_Crl')],
    ['SOURCE_SSL_CRLPATH', text(row, 'Source_SSL_Crlpath')],
    ['SOURCE_TLS_VERSION', text(row, 'Source_TLS_Version')],
    ['SOURCE_PUBLIC_KEY_PATH', text(row, 'Source_public_key_path')],
    ['SOURCE_COMPRESSION_ALGORITHMS', text(more, 'COMPRESSION_ALGORITHM')],
  ];
  const heartbeat = text(more, 'HEARTBEAT_INTERVAL');
  return [
    `SOURCE_CONNECT_RETRY = ${number(row, 'Connect_Retry')}`,
    `SOURCE_RETRY_COUNT = ${number(row, 'Source_Retry_Count')}`,
    ...(heartbeat === '' ? [] : [`SOURCE_HEARTBEAT_PERIOD = ${Number(heartbeat)}`]),
    `SOURCE_SSL = ${bit(tls)}`,
    `SOURCE_SSL_VERIFY_SERVER_CERT = ${bit(flag(row, 'Source_SSL_Verify_Server_Cert'))}`,
    // without TLS caching_sha2_password needs the key for its full authentication
    `GET_SOURCE_PUBLIC_KEY = ${bit(!tls || flag(row, 'Get_Source_public_key'))}`,
    ...texts.filter(([, value]) => value !== '').map(([name, value]) => `${name} = ${quote(value)}`),
  ];
}

async function stopIfThere(c: ControlConnection, channel: string, deadlineMs: number): Promise<void> {
  const rows = await c.query('SHOW REPLICA STATUS', deadlineMs);
  if (rows.some((row) => text(row, 'Channel_Name') === channel)) {
    await c.query(`STOP REPLICA ${forChannel(channel)}`, deadlineMs);
  }
}
