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
import { errantGtids, purgedGtids, samePosition } from './mariadb-gtid';
import { sessionOf } from './process-list';

const ER_NO_SUCH_THREAD = 1094;
const ER_NO_SUCH_CHANNEL = 1617;
const ACCOUNT_TABLES = ['global_priv', 'db', 'tables_priv', 'columns_priv', 'procs_priv', 'roles_mapping'];

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
  'tx_isolation',
  'max_allowed_packet',
  'gtid_domain_id',
];

const needsOf = (schema: string, events: boolean): readonly Need[] => [
  ...[
    'BINLOG MONITOR',
    'SLAVE MONITOR',
    'PROCESS',
    'RELOAD',
    'EVENT',
    'SET USER',
    'CONNECTION ADMIN',
    'READ_ONLY ADMIN',
    'REPLICATION SLAVE ADMIN',
    'REPLICATION MASTER ADMIN',
    // event_scheduler is the one setting that nothing less than SUPER may change
    ...(events ? ['SUPER'] : []),
  ].map((privilege) => ({ privilege, on: '*.*' })),
  ...[...ACCOUNT_TABLES, 'user'].map((table) => ({ privilege: 'SELECT', on: `mysql.${table}` })),
  ...['CREATE', 'SELECT', 'INSERT', 'UPDATE'].map((privilege) => ({ privilege, on: `${schema}.*` })),
];

const FILTERS = [
  'Replicate_Do_DB',
  'Replicate_Ignore_DB',
  'Replicate_Do_Table',
  'Replicate_Ignore_Table',
  'Replicate_Wild_Do_Table',
  'Replicate_Wild_Ignore_Table',
  'Replicate_Do_Domain_Ids',
  'Replicate_Ignore_Domain_Ids',
  'Replicate_Rewrite_DB',
];

/** SHOW ALL SLAVES STATUS: https://mariadb.com/kb/en/show-replica-status/ */
const channelOf = (row: Row): Channel => {
  const lag = text(row, 'Seconds_Behind_Master');
  const identity = text(row, 'Master_Server_Id');
  return {
    name: text(row, 'Connection_name'),
    sourceHost: text(row, 'Master_Host'),
    sourcePort: number(row, 'Master_Port'),
    sourceIdentity: identity === '0' ? '' : identity,
    receiving: text(row, 'Slave_IO_Running') === 'Yes',
    applying: text(row, 'Slave_SQL_Running') === 'Yes',
    lagSeconds: lag === '' ? null : Number(lag),
    autoPosition: text(row, 'Using_Gtid') !== 'No',
    delaySeconds: number(row, 'SQL_Delay'),
    filters: FILTERS.filter((name) => text(row, name) !== '').map((name) => `${name}=${text(row, name)}`),
    lastError: text(row, 'Last_SQL_Error') || text(row, 'Last_IO_Error') || null,
  };
};

const bit = (on: boolean): string => (on ? '1' : '0');
const master = (channel: string): string => (channel === '' ? '' : `${quote(channel)} `);
const hostOf = (to: Source): string => `MASTER_HOST = ${quote(to.host)}, MASTER_PORT = ${to.port}`;
/** Measured: slave_pos after DEMOTE is the one setting that is clean in both directions; current_pos breaks MASTER_GTID_WAIT on the way back. */
const POSITION = 'MASTER_USE_GTID = slave_pos, MASTER_DEMOTE_TO_SLAVE = 1';

/** MariaDB 10.11 and later. */
export const mariadbDialect: Dialect = {
  kind: Kind.MARIADB,
  fenceRoundTrips: 2,

  async observe(c, deadlineMs) {
    const row = await c.row(
      'SELECT @@version AS version, @@global.server_id AS serverId, @@global.read_only AS readOnly, ' +
        '@@global.event_scheduler AS events, @@global.gtid_binlog_pos AS gtid',
      deadlineMs,
    );
    const channels = await c.query('SHOW ALL SLAVES STATUS', deadlineMs);
    const readOnly = flag(row, 'readOnly');
    return {
      kind: Kind.MARIADB,
      version: text(row, 'version'),
      identity: text(row, 'serverId'),
      serverId: number(row, 'serverId'),
      readOnly,
      found: { readOnly, superReadOnly: readOnly, eventScheduler: flag(row, 'events') },
      channels: channels.map(channelOf),
      gtid: text(row, 'gtid'),
    };
  },

  async inspect(c, schema, deadlineMs) {
    const row = await c.row(
      'SELECT @@log_bin AS logBin, @@log_slave_updates AS logReplicaUpdates, CURRENT_USER() AS account, ' +
        '@@max_connections AS maxConnections, @@global.event_scheduler AS events, ' +
        PARITY.map((name) => `@@global.${name} AS ${name}`).join(', '),
      deadlineMs,
    );
    const enabled = await enabledEvents(c, deadlineMs);
    const missing = missingGrants(
      await c.query('SHOW GRANTS', deadlineMs),
      needsOf(schema, flag(row, 'events') && enabled.length > 0),
      accountOf(text(row, 'account')),
    );
    const mayReadAccounts = !missing.some((grant) => grant.includes('ON mysql.'));
    const accounts: (readonly Row[])[] = [];
    for (const table of mayReadAccounts ? ACCOUNT_TABLES : []) {
      accounts.push(await c.query(`SELECT * FROM mysql.${table} WHERE Host <> @@hostname`, deadlineMs));
    }
    const status = await c.query('SHOW BINLOG STATUS', deadlineMs).catch(() => []);
    return {
      logBin: flag(row, 'logBin'),
      logReplicaUpdates: flag(row, 'logReplicaUpdates'),
      gtidProblem: '',
      binlogFilters: status.flatMap((line) =>
        ['Binlog_Do_DB', 'Binlog_Ignore_DB']
          .filter((name) => text(line, name) !== '')
          .map((name) => `${name}=${text(line, name)}`),
      ),
      parity: Object.fromEntries(PARITY.map((name) => [name, text(row, name)])),
      maxConnections: number(row, 'maxConnections'),
      accounts: fingerprintAccounts(accounts),
      plugins: await plugins(c, deadlineMs),
      semiSync: await this.semiSync(c, deadlineMs),
      preparedXa: (await c.query('XA RECOVER', deadlineMs)).map((xa) => text(xa, 'data')),
      enabledEvents: enabled,
      missingGrants: missing,
      superWriters: mayReadAccounts ? await superWriters(c, deadlineMs) : [],
    } satisfies Inspection;
  },

  async fence(c, deadlineMs) {
    // the lock alone stops accounts with READ_ONLY ADMIN, which GRANT ALL includes
    await c.query(`${markOf('fence')}FLUSH TABLES WITH READ LOCK`, deadlineMs);
    await c.query(`${markOf('fence')}SET GLOBAL read_only = 1`, deadlineMs);
  },

  async unlock(c, deadlineMs) {
    await c.query('UNLOCK TABLES', deadlineMs);
  },

  async unfence(c, found, deadlineMs) {
    await c.query(`${markOf('restore')}SET GLOBAL read_only = ${bit(found.readOnly)}`, deadlineMs);
    await c.query('UNLOCK TABLES', deadlineMs);
  },

  async setEventScheduler(c, on, deadlineMs) {
    await c.query(`SET GLOBAL event_scheduler = ${on ? 'ON' : 'OFF'}`, deadlineMs);
  },

  async position(c, deadlineMs) {
    return text(await c.row('SELECT @@global.gtid_binlog_pos AS gtid', deadlineMs), 'gtid');
  },

  async waitApplied(c, position, waitMs) {
    const row = await c.row(
      `SELECT MASTER_GTID_WAIT(${quote(position)}, ${(waitMs / 1000).toFixed(3)}) AS late`,
      waitMs + 200,
    );
    return text(row, 'late') === '0';
  },

  samePosition,

  async open(c, deadlineMs) {
    await c.query(`${markOf('open')}SET GLOBAL read_only = 0`, deadlineMs);
  },

  async close(c, deadlineMs) {
    await c.query(`${markOf('fence')}SET GLOBAL read_only = 1`, deadlineMs);
  },

  persistReadOnly() {
    return Promise.resolve(false);
  },

  async sessions(c, deadlineMs) {
    const rows = await c.query(
      'SELECT ID, USER, HOST, COMMAND, TIME_MS, LEFT(INFO, 60) AS MARK FROM information_schema.PROCESSLIST',
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
    const sql = 'SELECT @@global.gtid_binlog_state AS state, @@global.server_id AS serverId';
    const theirs = await candidate.row(sql, deadlineMs);
    const ours = await active.row(sql, deadlineMs);
    return errantGtids(text(theirs, 'state'), number(theirs, 'serverId'), text(ours, 'state')).join(',');
  },

  async purged(source, replica, deadlineMs) {
    const [log] = await source.query('SHOW BINARY LOGS', deadlineMs);
    if (log === undefined) {
      return '';
    }
    const events = await source.query(`SHOW BINLOG EVENTS IN ${quote(text(log, 'Log_name'))} LIMIT 4`, deadlineMs);
    const list = events.find((event) => text(event, 'Event_type') === 'Gtid_list') ?? {};
    const oldest = text(list, 'Info').replaceAll(/[[\]]/g, '');
    const position = await replica.row('SELECT @@global.gtid_current_pos AS gtid', deadlineMs);
    return purgedGtids(oldest, text(position, 'gtid')).join(',');
  },

  async channelOptions(c, channel, deadlineMs) {
    const rows = await c.query('SHOW ALL SLAVES STATUS', deadlineMs);
    const row = rows.find((candidate) => text(candidate, 'Connection_name') === channel);
    return row === undefined ? [] : channelOptions(row);
  },

  async repoint(c, channel, to, deadlineMs) {
    await c.query(`STOP SLAVE ${master(channel)}`, deadlineMs);
    await c.query(`CHANGE MASTER ${master(channel)}TO ${hostOf(to)}, MASTER_USE_GTID = slave_pos`, deadlineMs);
    await c.query(`START SLAVE ${master(channel)}`, deadlineMs);
  },

  async follow(c, channel, to, login, deadlineMs) {
    await c.query(`STOP SLAVE ${master(channel)}`, deadlineMs).catch((error: unknown) => {
      if (!(error instanceof ServerError && error.errno === ER_NO_SUCH_CHANNEL)) {
        throw error;
      }
    });
    const assignments = [
      hostOf(to),
      POSITION,
      ...(login === null
        ? []
        : [`MASTER_USER = ${quote(login.user)}`, `MASTER_PASSWORD = ${quote(login.password)}`, ...login.options]),
    ];
    await c.query(`CHANGE MASTER ${master(channel)}TO ${assignments.join(', ')}`, deadlineMs);
    await c.query(`START SLAVE ${master(channel)}`, deadlineMs);
  },

  async forget(c, channel, deadlineMs) {
    await c.query(`STOP SLAVE ${master(channel)}`, deadlineMs);
    await c.query(`RESET SLAVE ${master(channel)}ALL`, deadlineMs);
  },

  followByHand(channel, to, user) {
    return [
      `STOP SLAVE ${master(channel)};`,
      `CHANGE MASTER ${master(channel)}TO ${hostOf(to)}, MASTER_USER = ${quote(user)}, MASTER_PASSWORD = '…', ${POSITION};`,
      `START SLAVE ${master(channel)};`,
      'SET GLOBAL read_only = 1;  -- and read_only = 1 in the option file, section [mariadb]',
    ];
  },

  async enableEvent(c, event, deadlineMs) {
    const name = `${identifier(event.schema)}.${identifier(event.name)}`;
    await c.query(`ALTER DEFINER = ${definerOf(event.definer)} EVENT ${name} ENABLE`, deadlineMs);
  },

  async setSemiSync(c, side, on, deadlineMs) {
    await c.query(
      `SET GLOBAL rpl_semi_sync_${side === 'source' ? 'master' : 'slave'}_enabled = ${bit(on)}`,
      deadlineMs,
    );
  },

  async semiSync(c, deadlineMs): Promise<SemiSync> {
    const row = await c.row(
      'SELECT @@global.rpl_semi_sync_master_enabled AS source, @@global.rpl_semi_sync_slave_enabled AS replica',
      deadlineMs,
    );
    const clients = await c.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master_clients'", deadlineMs);
    return {
      source: flag(row, 'source'),
      replica: flag(row, 'replica'),
      waitFor: 1,
      ackers: number(clients[0] ?? {}, 'Value') || 0,
    };
  },
};

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

/** Bit 33 of "access" in mysql.global_priv is READ_ONLY ADMIN, which GRANT ALL includes; the privilege tables show an account itself only. */
async function superWriters(c: ControlConnection, deadlineMs: number): Promise<readonly string[]> {
  const rows = await c.query(
    "SELECT CONCAT(User, '@', Host) AS account FROM mysql.global_priv WHERE JSON_VALUE(Priv, '$.access') & (1 << 33)",
    deadlineMs,
  );
  return rows.map((row) => text(row, 'account'));
}

/** https://mariadb.com/kb/en/change-master-to/ */
function channelOptions(row: Row): readonly string[] {
  const texts: readonly (readonly [string, string])[] = [
    ['MASTER_SSL_CA', text(row, 'Master_SSL_CA_File')],
    ['MASTER_SSL_CAPATH', text(row, 'Master_SSL_CA_Path')],
    ['MASTER_SSL_CERT', text(row, 'Master_SSL_Cert')],
    ['MASTER_SSL_KEY', text(row, 'Master_SSL_Key')],
    ['MASTER_SSL_CIPHER', text(row, 'Master_SSL_Cipher')],
    ['MASTER_SSL_CRL', text(row, 'Master_SSL_Crl')],
    ['MASTER_SSL_CRLPATH', text(row, 'Master_SSL_Crlpath')],
  ];
  return [
    `MASTER_CONNECT_RETRY = ${number(row, 'Connect_Retry')}`,
    `MASTER_HEARTBEAT_PERIOD = ${number(row, 'Slave_heartbeat_period')}`,
    `MASTER_SSL = ${bit(flag(row, 'Master_SSL_Allowed'))}`,
    `MASTER_SSL_VERIFY_SERVER_CERT = ${bit(flag(row, 'Master_SSL_Verify_Server_Cert'))}`,
    ...texts.filter(([, value]) => value !== '').map(([name, value]) => `${name} = ${quote(value)}`),
  ];
}
