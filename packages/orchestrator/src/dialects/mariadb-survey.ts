import { flag, number, text, type ControlConnection } from '../link/control-connection';
import type { RegisteredReplica, SemiSync, Survey } from './dialect';
import { accountOf } from './grants';
import { binlogFilters, may, placeOf, readersOf } from './shared';

/** SHOW SLAVE HOSTS: https://mariadb.com/kb/en/show-replica-hosts/ */
export async function replicas(c: ControlConnection, deadlineMs: number): Promise<readonly RegisteredReplica[]> {
  const rows = await c.query('SHOW SLAVE HOSTS', deadlineMs);
  return rows.map((row) => ({
    serverId: number(row, 'Server_id'),
    uuid: '',
    host: text(row, 'Host'),
    port: number(row, 'Port'),
  }));
}

/** What discovery asks of a MariaDB server; what the account may not see is left out and named. */
export async function survey(c: ControlConnection, semiSync: SemiSync, deadlineMs: number): Promise<Survey> {
  const row = await c.row(
    'SELECT @@hostname AS hostname, @@port AS port, @@datadir AS datadir, @@server_id AS serverId, ' +
      '@@log_bin AS logBin, @@log_slave_updates AS logReplicaUpdates, @@global.gtid_binlog_state AS state, ' +
      'CURRENT_USER() AS account',
    deadlineMs,
  );
  // a hash of the machine and the port; only the later patch releases have it
  const [uid] = await c.query("SHOW GLOBAL VARIABLES LIKE 'server_uid'", deadlineMs);
  const uptime = await c.row("SHOW GLOBAL STATUS LIKE 'Uptime'", deadlineMs);
  const registered = await may(replicas(c, deadlineMs));
  const dumps = await c.query(
    "SELECT HOST FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'",
    deadlineMs,
  );
  const channels = await c.query('SHOW ALL SLAVES STATUS', deadlineMs);
  const status = (await may(c.query('SHOW BINLOG STATUS', deadlineMs))) ?? [];
  const account = accountOf(text(row, 'account'));
  return {
    place: placeOf({ ...row, uid: text(uid ?? {}, 'Value') }),
    hostname: text(row, 'hostname'),
    uptimeSeconds: number(uptime, 'Value'),
    logged: { transactions: text(row, 'state'), serverId: number(row, 'serverId') },
    logBin: flag(row, 'logBin'),
    logReplicaUpdates: flag(row, 'logReplicaUpdates'),
    gtidProblem: '',
    binlogFilters: binlogFilters(status),
    semiSync,
    replicas: registered,
    readers: readersOf(dumps),
    replicationUsers: channels.map((channel) => text(channel, 'Master_User')).filter((user) => user !== ''),
    missingGrants: registered === null ? [`GRANT REPLICATION MASTER ADMIN ON *.* TO ${account}`] : [],
  };
}
