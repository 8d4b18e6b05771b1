import { flag, number, text, type ControlConnection, type Row } from '../link/control-connection';
import type { Inspection, SemiSync } from './dialect';
import { fingerprintAccounts } from './accounts';
import { accountOf, missingGrants } from './grants';
import { ACCOUNT_TABLES, controlNeeds } from './privileges';
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
  'tx_isolation',
  'max_allowed_packet',
  'gtid_domain_id',
];

/** What preflight asks of a MariaDB server. */
export async function inspect(
  c: ControlConnection,
  schema: string,
  semiSync: SemiSync,
  deadlineMs: number,
): Promise<Inspection> {
  const row = await c.row(
    'SELECT @@log_bin AS logBin, @@log_slave_updates AS logReplicaUpdates, CURRENT_USER() AS account, ' +
      '@@max_connections AS maxConnections, @@global.event_scheduler AS events, ' +
      PARITY.map((name) => `@@global.${name} AS ${name}`).join(', '),
    deadlineMs,
  );
  const enabled = await eventsOf(c, 'ENABLED', deadlineMs);
  const missing = missingGrants(
    await c.query('SHOW GRANTS', deadlineMs),
    controlNeeds('mariadb', schema, flag(row, 'events') && enabled.length > 0),
    accountOf(text(row, 'account')),
  );
  const mayReadAccounts = !missing.some((grant) => grant.includes('ON mysql.'));
  const accounts: (readonly Row[])[] = [];
  for (const table of mayReadAccounts ? ACCOUNT_TABLES.mariadb : []) {
    accounts.push(await c.query(`SELECT * FROM mysql.${table} WHERE Host <> @@hostname`, deadlineMs));
  }
  const status = await c.query('SHOW BINLOG STATUS', deadlineMs).catch(() => []);
  return {
    logBin: flag(row, 'logBin'),
    logReplicaUpdates: flag(row, 'logReplicaUpdates'),
    gtidProblem: '',
    binlogFilters: binlogFilters(status),
    parity: Object.fromEntries(PARITY.map((name) => [name, text(row, name)])),
    maxConnections: number(row, 'maxConnections'),
    accounts: fingerprintAccounts(accounts),
    plugins: await activePlugins(c, deadlineMs),
    semiSync,
    preparedXa: (await c.query('XA RECOVER', deadlineMs)).map((xa) => text(xa, 'data')),
    enabledEvents: enabled,
    missingGrants: missing,
    superWriters: mayReadAccounts ? await superWriters(c, deadlineMs) : [],
  };
}

/** Bit 33 of "access" in mysql.global_priv is READ_ONLY ADMIN, which GRANT ALL includes; the privilege tables show an account itself only. */
async function superWriters(c: ControlConnection, deadlineMs: number): Promise<readonly string[]> {
  const rows = await c.query(
    "SELECT CONCAT(User, '@', Host) AS account FROM mysql.global_priv WHERE JSON_VALUE(Priv, '$.access') & (1 << 33)",
    deadlineMs,
  );
  return rows.map((row) => text(row, 'account'));
}
