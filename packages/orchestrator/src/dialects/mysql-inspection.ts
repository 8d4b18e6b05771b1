import { flag, number, quote, text, type ControlConnection, type Row } from '../link/control-connection';
import type { Inspection, ScheduledEvent, SemiSync } from './dialect';
import { fingerprintAccounts } from './accounts';
import { accountOf, missingGrants } from './grants';
import { ACCOUNT_TABLES, controlNeeds, EVENTS_NEED } from './privileges';
import type { Terms } from './mysql-terms';
import { activePlugins, binlogFilters, events as eventsOf } from './shared';

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

/** What preflight asks of a MySQL server. */
export async function inspect(
  c: ControlConnection,
  schema: string,
  terms: Terms,
  semiSync: SemiSync,
  deadlineMs: number,
): Promise<Inspection> {
  const row = await c.row(
    `SELECT @@log_bin AS logBin, @@${terms.logReplicaUpdates} AS logReplicaUpdates, @@gtid_mode AS gtidMode, CURRENT_USER() AS account, ` +
      '@@enforce_gtid_consistency AS consistency, @@max_connections AS maxConnections, ' +
      PARITY.map((name) => `@@global.${name} AS ${name}`).join(', '),
    deadlineMs,
  );
  const events = await eventsOf(c, 'ENABLED', deadlineMs);
  const grants = await c.query('SHOW GRANTS', deadlineMs);
  const account = accountOf(text(row, 'account'));
  const missing = [
    ...missingGrants(grants, controlNeeds('mysql', schema, false, terms), account),
    ...(await eventGrants(c, grants, events, account, deadlineMs)),
  ];
  const mayReadAccounts = !missing.some((grant) => grant.includes('ON mysql.'));
  const accounts: (readonly Row[])[] = [];
  for (const table of mayReadAccounts ? ACCOUNT_TABLES.mysql : []) {
    const host = table === 'role_edges' ? 'TO_HOST' : 'Host';
    const columns = table === 'role_edges' ? 'r.*, TO_HOST AS Host, TO_USER AS User' : 'r.*';
    accounts.push(await c.query(`SELECT ${columns} FROM mysql.${table} r WHERE ${host} <> @@hostname`, deadlineMs));
  }
  const status = await c.query(terms.binlogStatus, deadlineMs).catch(() => []);
  return {
    logBin: flag(row, 'logBin'),
    logReplicaUpdates: flag(row, 'logReplicaUpdates'),
    gtidProblem: text(row, 'gtidMode') === 'ON' ? '' : `gtid_mode is ${text(row, 'gtidMode')}`,
    binlogFilters: binlogFilters(status),
    parity: Object.fromEntries(PARITY.map((name) => [name, text(row, name)])),
    maxConnections: number(row, 'maxConnections'),
    accounts: fingerprintAccounts(accounts),
    plugins: await activePlugins(c, deadlineMs),
    semiSync,
    preparedXa: missing.some((grant) => grant.includes('XA_RECOVER_ADMIN'))
      ? []
      : (await c.query('XA RECOVER', deadlineMs)).map((xa) => text(xa, 'data')),
    enabledEvents: events,
    missingGrants: missing,
    superWriters: [],
  };
}

/** Only an account with SYSTEM_USER may alter the events of one that has it. */
async function eventGrants(
  c: ControlConnection,
  grants: readonly Row[],
  events: readonly ScheduledEvent[],
  account: string,
  deadlineMs: number,
): Promise<readonly string[]> {
  const missing = missingGrants(grants, [{ privilege: EVENTS_NEED.mysql, on: '*.*' }], account);
  if (events.length === 0 || missing.length === 0) {
    return [];
  }
  const definers = events.map(({ definer }) => quote(definer)).join(', ');
  const rows = await c
    .query(
      `SELECT 1 FROM mysql.global_grants WHERE PRIV = '${EVENTS_NEED.mysql}' AND CONCAT(USER, '@', HOST) IN (${definers}) LIMIT 1`,
      deadlineMs,
    )
    .catch(() => []);
  return rows.length === 0 ? [] : missing;
}
