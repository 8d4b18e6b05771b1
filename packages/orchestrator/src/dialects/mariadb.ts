import { flag, identifier, number, quote, text, type ControlConnection, type Row } from '../link/control-connection';
import { Kind, markOf, type Dialect, type ScheduledEvent, type SemiSync, type Source } from './dialect';
import { ServerError } from '../errors';
import { accountOf } from './grants';
import { accountsMark, readAccounts } from './mariadb-accounts';
import { channelOf, channelOptions } from './mariadb-channel';
import { beyondGtids, errantGtids, furthest, samePosition, sinceOf, strayOf } from './mariadb-gtid';
import { inspect } from './mariadb-inspection';
import { replicas, survey } from './mariadb-survey';
import { meet } from './meeting';
import { ACCOUNT_TABLES } from './privileges';
import { sessionOf } from './process-list';
import { bit, events, kill, may, relays } from './shared';

const ER_NO_SUCH_CHANNEL = 1617;
const PREFLIGHT_TABLES = [...ACCOUNT_TABLES.mariadb, 'event'];
const master = (channel: string): string => (channel === '' ? '' : `${quote(channel)} `);
const hostOf = (to: Source): string => `MASTER_HOST = ${quote(to.host)}, MASTER_PORT = ${to.port}`;
/** Measured: slave_pos after DEMOTE is the one setting that is clean in both directions; current_pos breaks MASTER_GTID_WAIT on the way back. */
const POSITION = 'MASTER_USE_GTID = slave_pos, MASTER_DEMOTE_TO_SLAVE = 1';

const nameOf = ({ schema, name }: ScheduledEvent): string => `${identifier(schema)}.${identifier(name)}`;

const STATE_OF = 'SELECT @@global.gtid_binlog_state AS state';
const POSITION_OF = 'SELECT @@global.gtid_binlog_pos AS gtid';

/** MariaDB 10.11 and later. */
export const mariadbDialect: Dialect = {
  kind: Kind.MARIADB,
  accountsMark,
  accounts: readAccounts,
  fenceRoundTrips: 2,
  copier: null,

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

  meet: (c, schema, deadlineMs) => meet(c, Kind.MARIADB, schema, deadlineMs),

  async inspect(c, schema, deadlineMs) {
    return inspect(c, schema, await this.semiSync(c, deadlineMs), deadlineMs);
  },

  relays: (c, deadlineMs) => relays(c, 'log_slave_updates', deadlineMs),

  async survey(c, deadlineMs) {
    return survey(c, await this.semiSync(c, deadlineMs), deadlineMs);
  },

  replicas,

  async tidy(c, deadlineMs) {
    // FLUSH TABLES WITH READ LOCK closes every open table: the ones that the preflight opened took it from 0.1 to 1 ms
    await c.query(`FLUSH LOCAL TABLES ${PREFLIGHT_TABLES.map((name) => `mysql.${name}`).join(', ')}`, deadlineMs);
  },

  async fence(c, deadlineMs) {
    // the lock alone stops accounts with READ_ONLY ADMIN, which GRANT ALL includes
    const lock = `${markOf('fence')}FLUSH TABLES WITH READ LOCK`;
    const readOnly = `${markOf('fence')}SET GLOBAL read_only = 1`;
    return text(await c.batch([lock, readOnly, POSITION_OF], deadlineMs), 'gtid');
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
    return text(await c.row(POSITION_OF, deadlineMs), 'gtid');
  },

  async setPosition(c, position, deadlineMs) {
    // what runs on the ACTIVE must not run here too: read_only does not stop an event whose definer may do everything
    for (const event of await events(c, 'ENABLED', deadlineMs)) {
      await c.query(`ALTER DEFINER = ${accountOf(event.definer)} EVENT ${nameOf(event)} DISABLE ON SLAVE`, deadlineMs);
    }
    // a copy has no binary log of its own yet, and what it lists would count as its own
    await c.query('RESET MASTER', deadlineMs);
    await c.query(`SET GLOBAL gtid_slave_pos = ${quote(position)}`, deadlineMs);
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
    const sql = 'SELECT ID, USER, HOST, COMMAND, TIME_MS, LEFT(INFO, 60) AS MARK FROM information_schema.PROCESSLIST';
    const rows = (await may(c.query(sql, deadlineMs))) ?? (await sessionsOnAFullDisk(c, deadlineMs));
    return rows.map(sessionOf);
  },

  kill,

  async errant(candidate, active, deadlineMs) {
    const theirs = await candidate.row(`${STATE_OF}, @@global.server_id AS serverId`, deadlineMs);
    const logged = { transactions: text(theirs, 'state'), serverId: number(theirs, 'serverId') };
    return this.lacking(active, logged, deadlineMs);
  },

  async stray(candidate, active, deadlineMs) {
    const theirs = await candidate.row(`${STATE_OF}, @@global.server_id AS serverId`, deadlineMs);
    const ours = await active.row(STATE_OF, deadlineMs);
    return strayOf(text(theirs, 'state'), number(theirs, 'serverId'), text(ours, 'state'));
  },

  since: (_c, position) => Promise.resolve(sinceOf(position)),

  eachGtid: (told) => told,

  waysOut: ({ before }, node) => [
    {
      what: `forget them on ${node}, once what they changed is undone there`,
      statements: [
        `-- on ${node}`,
        'SET sql_log_bin = 0;',
        '-- undo what they changed',
        `STOP ALL SLAVES; RESET MASTER; SET GLOBAL gtid_slave_pos = ${quote(before)};`,
      ],
    },
  ],

  async lacking(c, { transactions, serverId }, deadlineMs) {
    const ours = text(await c.row(STATE_OF, deadlineMs), 'state');
    return errantGtids(transactions, serverId, ours).join(',');
  },

  async purged(source, replica, deadlineMs) {
    const [log] = await source.query('SHOW BINARY LOGS', deadlineMs);
    if (log === undefined) {
      return '';
    }
    const first = await source.query(`SHOW BINLOG EVENTS IN ${quote(text(log, 'Log_name'))} LIMIT 4`, deadlineMs);
    const list = first.find((event) => text(event, 'Event_type') === 'Gtid_list') ?? {};
    const oldest = text(list, 'Info').replaceAll(/[[\]]/g, '');
    const position = await replica.row('SELECT @@global.gtid_current_pos AS gtid', deadlineMs);
    return beyondGtids(oldest, text(position, 'gtid')).join(',');
  },

  async received(c, channel, deadlineMs) {
    const rows = await c.query('SHOW ALL SLAVES STATUS', deadlineMs);
    const row = rows.find((candidate) => text(candidate, 'Connection_name') === channel) ?? {};
    const applied = await c.row('SELECT @@global.gtid_slave_pos AS gtid', deadlineMs);
    return furthest([text(row, 'Gtid_IO_Pos'), text(applied, 'gtid')]);
  },

  beyond: (_c, position, than) => Promise.resolve(beyondGtids(position, than).join(',')),

  async setReceiver(c, channel, on, deadlineMs) {
    await c.query(`${on ? 'START' : 'STOP'} SLAVE ${master(channel)}IO_THREAD`, deadlineMs);
  },

  sleepingEvents: (c, deadlineMs) => events(c, 'SLAVESIDE_DISABLED', deadlineMs),

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
    await c.query(`ALTER DEFINER = ${accountOf(event.definer)} EVENT ${nameOf(event)} ENABLE`, deadlineMs);
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

/** Those of information_schema take a temporary table, for which there may be no room (1021). Whole seconds only. */
async function sessionsOnAFullDisk(c: ControlConnection, deadlineMs: number): Promise<readonly Row[]> {
  const rows = await c.query('SHOW FULL PROCESSLIST', deadlineMs);
  return rows.map((row) => ({
    ID: text(row, 'Id'),
    USER: text(row, 'User'),
    HOST: text(row, 'Host'),
    COMMAND: text(row, 'Command'),
    TIME_MS: number(row, 'Time') * 1000,
    MARK: text(row, 'Info').slice(0, 60),
  }));
}
