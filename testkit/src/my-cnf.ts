import { join } from 'node:path';
import type { Kind, ServerSoftware } from './provision';

export interface MyCnf {
  readonly dir: string;
  readonly port: number;
  readonly serverId: number;
  /** More lines for `[mysqld]`; the last one of a name counts. */
  readonly extra: readonly string[];
}

/** Small, quick to start, and with what replication by GTID needs. A crash of the machine may lose data: these are tests. */
const COMMON = [
  'skip_name_resolve',
  'bind_address=127.0.0.1',
  'max_connections=500',
  'innodb_buffer_pool_size=64M',
  'innodb_flush_log_at_trx_commit=2',
  'innodb_doublewrite=OFF',
  'sync_binlog=0',
  'log_bin=binlog',
  'relay_log=relay',
  'report_host=127.0.0.1',
  'event_scheduler=OFF',
];

const OF_KIND: Record<Kind, readonly string[]> = {
  mariadb: [
    'binlog_format=ROW',
    'log_slave_updates=ON',
    'gtid_strict_mode=ON',
    'performance_schema=OFF',
    'innodb_log_file_size=16M',
    'aria_pagecache_buffer_size=8M',
    'key_buffer_size=1M',
  ],
  mysql: [
    'gtid_mode=ON',
    'enforce_gtid_consistency=ON',
    'log_replica_updates=ON',
    'secure_file_priv=NULL',
    'mysqlx=OFF',
    'innodb_redo_log_capacity=16M',
  ],
};

/** What the data files depend on, and where the programs' own files are: also for the first initialisation. */
export function baseLines(software: ServerSoftware): string[] {
  const lines = ['[mysqld]', ...software.paths, ...COMMON, ...OF_KIND[software.kind]];
  // A server refuses to run as root unless told.
  if (process.getuid?.() === 0) lines.push('user=root');
  return lines;
}

/** In a server's folder. */
export const TMPDIR = 'tmp';

export function myCnf(software: ServerSoftware, server: MyCnf): string {
  const lines = [
    ...baseLines(software),
    `datadir=${join(server.dir, 'data')}`,
    // of its own: a server that starts removes the temporary tables of whoever shares the folder, and MariaDB dies of that
    `tmpdir=${join(server.dir, TMPDIR)}`,
    `socket=${join(server.dir, 'server.sock')}`,
    `pid_file=${join(server.dir, 'server.pid')}`,
    `log_error=${join(server.dir, 'error.log')}`,
    `port=${server.port}`,
    `report_port=${server.port}`,
    `server_id=${server.serverId}`,
    ...server.extra,
  ];
  return `${lines.join('\n')}\n`;
}
