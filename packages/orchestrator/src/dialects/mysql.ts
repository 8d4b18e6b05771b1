import { flag, identifier, number, quote, text, type ControlConnection } from '../link/control-connection';
import { Kind, markOf, type Dialect, type SemiSync, type Source } from './dialect';
import { accountOf } from './grants';
import { accountsMark, readAccounts } from './mysql-accounts';
import { channelOf, channelOptions } from './mysql-channel';
import { meet } from './meeting';
import { copier } from './mysql-clone';
import { compact, eachGtid, strayOf } from './mysql-gtid';
import { inspect } from './mysql-inspection';
import { replicas, survey } from './mysql-survey';
import { NEWEST, termsOf, type Terms } from './mysql-terms';
import { sessionOf } from './process-list';
import { bit, events, kill, relays } from './shared';

const POSITION_OF = 'SELECT @@global.gtid_executed AS gtid';
const forChannel = (channel: string): string => `FOR CHANNEL ${quote(channel)}`;

/** A commit that has begun on the source ends within this time. */
const COMMIT_MS = 500;
/** Transactions that a client is told of with one reply. */
const MOST_OF_ONE = 1000;
/** Statements for a person to type. */
const SHOWN = 20;

interface MysqlDialect extends Dialect {
  readonly terms: Terms;
}

/** MySQL 8.0.23 and later, in the terms of the newest. */
export const mysqlDialect: MysqlDialect = {
  kind: Kind.MYSQL,
  terms: NEWEST,
  accountsMark,
  accounts: readAccounts,
  fenceRoundTrips: 1,
  copier,

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

  meet: (c, schema, deadlineMs) => meet(c, Kind.MYSQL, schema, deadlineMs),

  async inspect(c, schema, deadlineMs) {
    return inspect(c, schema, this.terms, await this.semiSync(c, deadlineMs), deadlineMs);
  },

  relays(c, deadlineMs) {
    return relays(c, this.terms.logReplicaUpdates, deadlineMs);
  },

  async survey(c, deadlineMs) {
    return survey(c, this.terms, await this.semiSync(c, deadlineMs), deadlineMs);
  },

  replicas,

  tidy() {
    return Promise.resolve();
  },

  async fence(c, deadlineMs) {
    const readOnly = `${markOf('fence')}SET GLOBAL super_read_only = 1`;
    return compact(text(await c.batch([readOnly, POSITION_OF], deadlineMs), 'gtid'));
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
    return compact(text(await c.row(POSITION_OF, deadlineMs), 'gtid'));
  },

  async setPosition(c, position, deadlineMs) {
    if (compact(position) === (await this.position(c, deadlineMs))) return;
    await c.query('RESET BINARY LOGS AND GTIDS', deadlineMs);
    await c.query(`SET GLOBAL gtid_purged = ${quote(position)}`, deadlineMs);
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

  kill,

  async errant(candidate, active, deadlineMs) {
    const transactions = await this.position(candidate, deadlineMs);
    return this.lacking(active, { transactions, serverId: 0 }, deadlineMs);
  },

  async stray(candidate, active, deadlineMs) {
    const gtid = await this.errant(candidate, active, deadlineMs);
    const sql = `SELECT GTID_SUBTRACT(@@global.gtid_executed, ${quote(gtid)}) AS gtid`;
    return strayOf(gtid, compact(text(await candidate.row(sql, deadlineMs), 'gtid')));
  },

  async since(c, position, deadlineMs) {
    const sql = `SELECT GTID_SUBTRACT(@@global.gtid_executed, ${quote(position)}) AS gtid`;
    return strayOf(compact(text(await c.row(sql, deadlineMs), 'gtid')), position);
  },

  // a statement may have committed several
  eachGtid: (told) => told.flatMap((set) => eachGtid(set, MOST_OF_ONE)),

  waysOut({ gtid, before }, node, active) {
    const all = eachGtid(gtid, SHOWN + 1);
    return [
      {
        what: `let ${active} count them as done, once what they changed is written there too, or undone on ${node}`,
        statements: [
          `-- on ${active}`,
          ...all.slice(0, SHOWN).map((each) => `SET GTID_NEXT = ${quote(each)}; BEGIN; COMMIT;`),
          ...(all.length > SHOWN ? ['-- and so on'] : []),
          "SET GTID_NEXT = 'AUTOMATIC';",
        ],
      },
      {
        what: `forget them on ${node}, once what they changed is undone there`,
        statements: [
          `-- on ${node}`,
          'SET GLOBAL super_read_only = 0; SET sql_log_bin = 0;',
          '-- undo what they changed',
          `${this.terms.resetBinlog}; SET GLOBAL gtid_purged = ${quote(before)};`,
          'SET GLOBAL super_read_only = 1;',
        ],
      },
    ];
  },

  async lacking(c, { transactions }, deadlineMs) {
    const found = await beyond(c, transactions, deadlineMs);
    if (found === '') {
      return found;
    }
    // a replica may have executed what the source has sent but not yet added to its own gtid_executed
    return (await this.waitApplied(c, found, COMMIT_MS)) ? '' : found;
  },

  async purged(source, replica, deadlineMs) {
    const row = await source.row('SELECT @@global.gtid_purged AS gtid', deadlineMs);
    return beyond(replica, compact(text(row, 'gtid')), deadlineMs);
  },

  async received(c, channel, deadlineMs) {
    const rows = await c.query('SHOW REPLICA STATUS', deadlineMs);
    const row = rows.find((candidate) => text(candidate, 'Channel_Name') === channel) ?? {};
    // with what is executed: a relay log that was purged or reset no longer tells of it
    const sets = [text(row, 'Retrieved_Gtid_Set'), await this.position(c, deadlineMs)].filter((set) => set !== '');
    // as one set: each source once
    return this.beyond(c, compact(sets.join(',')), '', deadlineMs);
  },

  async beyond(c, position, than, deadlineMs) {
    const row = await c.row(`SELECT GTID_SUBTRACT(${quote(position)}, ${quote(than)}) AS gtid`, deadlineMs);
    return compact(text(row, 'gtid'));
  },

  async setReceiver(c, channel, on, deadlineMs) {
    await c.query(`${on ? 'START' : 'STOP'} REPLICA IO_THREAD ${forChannel(channel)}`, deadlineMs);
  },

  sleepingEvents(c, deadlineMs) {
    return events(c, this.terms.sleepingEvent, deadlineMs);
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
      ...(login === null ? [] : [`SOURCE_USER = ${quote(login.user)}`, `SOURCE_PASSWORD = ${quote(login.password)}`]),
      // without TLS caching_sha2_password needs the key for its full authentication
      ...(login?.options.length === 0 ? ['GET_SOURCE_PUBLIC_KEY = 1'] : (login?.options ?? [])),
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
    await c.query(`ALTER DEFINER = ${accountOf(event.definer)} EVENT ${name} ENABLE`, deadlineMs);
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

async function semiSyncName(c: ControlConnection, side: 'source' | 'replica', deadlineMs: number): Promise<string> {
  const rows = await c.query("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%_enabled'", deadlineMs);
  const old = side === 'source' ? 'master' : 'slave';
  const names = rows.map((row) => text(row, 'Variable_name'));
  return names.find((name) => name.includes(`_${old}_`)) ?? `rpl_semi_sync_${side}_enabled`;
}

const hostOf = (to: Source): string => `SOURCE_HOST = ${quote(to.host)}, SOURCE_PORT = ${to.port}`;

async function stopIfThere(c: ControlConnection, channel: string, deadlineMs: number): Promise<void> {
  const rows = await c.query('SHOW REPLICA STATUS', deadlineMs);
  if (rows.some((row) => text(row, 'Channel_Name') === channel)) {
    await c.query(`STOP REPLICA ${forChannel(channel)}`, deadlineMs);
  }
}

/** As the server of that version understands it. */
export const mysqlDialectOf = (version: string): MysqlDialect => ({ ...mysqlDialect, terms: termsOf(version) });
