import { flag, number, text, type ControlConnection } from '../link/control-connection';
import type { RegisteredReplica, SemiSync, Survey } from './dialect';
import { compact } from './mysql-gtid';
import { accountOf } from './grants';
import type { Terms } from './mysql-terms';
import { binlogFilters, may, placeOf, readersOf } from './shared';

/** SHOW REPLICAS: https://dev.mysql.com/doc/refman/8.4/en/show-replicas.html */
export async function replicas(c: ControlConnection, deadlineMs: number): Promise<readonly RegisteredReplica[]> {
  const rows = await c.query('SHOW REPLICAS', deadlineMs);
  return rows.map((row) => ({
    serverId: number(row, 'Server_Id'),
    uuid: text(row, 'Replica_UUID'),
    host: text(row, 'Host'),
    port: number(row, 'Port'),
  }));
}

/** What discovery asks of a MySQL server; what the account may not see is left out and named. */
export async function survey(
  c: ControlConnection,
  terms: Terms,
  semiSync: SemiSync,
  deadlineMs: number,
): Promise<Survey> {
  const row = await c.row(
    'SELECT @@hostname AS hostname, @@port AS port, @@datadir AS datadir, @@server_uuid AS uid, @@server_id AS serverId, ' +
      `@@log_bin AS logBin, @@${terms.logReplicaUpdates} AS logReplicaUpdates, @@gtid_mode AS gtidMode, ` +
      '@@global.gtid_executed AS gtid, CURRENT_USER() AS account',
    deadlineMs,
  );
  const uptime = await c.row("SHOW GLOBAL STATUS LIKE 'Uptime'", deadlineMs);
  const registered = await may(replicas(c, deadlineMs));
  const dumps = await c.query(
    "SELECT HOST FROM performance_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'",
    deadlineMs,
  );
  const channels = await c.query('SHOW REPLICA STATUS', deadlineMs);
  const status = (await may(c.query(terms.binlogStatus, deadlineMs))) ?? [];
  return {
    place: placeOf(row),
    hostname: text(row, 'hostname'),
    uptimeSeconds: number(uptime, 'Value'),
    logged: { transactions: compact(text(row, 'gtid')), serverId: number(row, 'serverId') },
    logBin: flag(row, 'logBin'),
    logReplicaUpdates: flag(row, 'logReplicaUpdates'),
    gtidProblem: text(row, 'gtidMode') === 'ON' ? '' : `gtid_mode is ${text(row, 'gtidMode')}`,
    binlogFilters: binlogFilters(status),
    semiSync,
    replicas: registered,
    readers: readersOf(dumps),
    replicationUsers: channels.map((channel) => text(channel, 'Source_User')).filter((user) => user !== ''),
    missingGrants: registered === null ? [`GRANT REPLICATION SLAVE ON *.* TO ${accountOf(text(row, 'account'))}`] : [],
  };
}
