import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached } from './cache';
import { TestkitError, TestkitErrorCode } from './errors';
import { baseLines } from './my-cnf';
import type { Kind, ServerSoftware } from './provision';

const run = promisify(execFile);

/** The administrator of every test server; usable from loopback only, since nothing listens elsewhere. */
export const ROOT = Object.freeze({ user: 'root', password: 'root' });

const ACCOUNTS = [
  `ALTER USER 'root'@'localhost' IDENTIFIED BY '${ROOT.password}'`,
  `CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY '${ROOT.password}'`,
  `GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION`,
];

/** What mariadb-install-db feeds to the server; doing it ourselves works for an unpacked server too. */
function mariadbBootstrap(share: string): string {
  const files = [
    'mysql_system_tables.sql',
    'mysql_performance_tables.sql',
    'mysql_system_tables_data.sql',
    'maria_add_gis_sp_bootstrap.sql',
    'mysql_sys_schema.sql',
  ].map((name) => ['mariadb', 'mysql'].map((prefix) => join(share, name.replace(/^mysql/, prefix))).find(existsSync));
  const texts = files.flatMap((file) => (file === undefined ? [] : [readFileSync(file, 'utf8')]));
  const start = ['CREATE DATABASE IF NOT EXISTS mysql;', 'USE mysql;', 'SET @auth_root_socket=NULL;'];
  // It comes with accounts without a password for this machine's name and every loopback address.
  const tidy = ["DELETE FROM global_priv WHERE User = 'root' AND Host <> 'localhost'", 'DELETE FROM proxies_priv'];
  const accounts = [...tidy, 'FLUSH PRIVILEGES', ...ACCOUNTS].map((statement) => `${statement};`);
  return [...start, ...texts, ...accounts].join('\n');
}

const INITIALISE: Record<Kind, (software: ServerSoftware, cnf: string, work: string) => Promise<void>> = {
  mariadb: async (software, cnf, work) => {
    mkdirSync(join(work, 'data', 'mysql'), { recursive: true });
    const { command, args } = software.server;
    const running = run(command, [
      ...args,
      `--defaults-file=${cnf}`,
      '--bootstrap',
      '--skip-log-bin',
      '--log-warnings=0',
    ]);
    running.child.stdin?.on('error', () => {}); // the exit status says more
    running.child.stdin?.end(mariadbBootstrap(software.share));
    await running;
  },
  mysql: async (software, cnf, work) => {
    const accounts = join(work, 'accounts.sql');
    // Not in the binary log: every server starts with an empty GTID set.
    const statements = ['SET sql_log_bin = 0', ...ACCOUNTS].map((statement) => `${statement};`);
    writeFileSync(accounts, `${statements.join('\n')}\n`);
    const { command, args } = software.server;
    await run(command, [...args, `--defaults-file=${cnf}`, '--initialize-insecure', `--init-file=${accounts}`]);
  },
};

/** What a server makes anew, and must not have in common with its siblings. */
const OWN_FILES = /^(auto\.cnf|binlog\..*|.*\.log|.*\.pid|.*\.err)$/;

/** An initialised data folder of a kind, to be copied; kept in the cache, since initialising takes seconds. */
export async function dataTemplate(software: ServerSoftware): Promise<string> {
  return cached(join('data', `${software.kind}-${software.version}`), async (work) => {
    const cnf = join(work, 'my.cnf');
    const data = join(work, 'data');
    const log = join(work, 'error.log');
    // its own: MariaDB removes other servers' temporary tables as it starts
    const temporary = join(work, 'tmp');
    mkdirSync(temporary);
    const lines = [...baseLines(software), `datadir=${data}`, `tmpdir=${temporary}`, `log_error=${log}`];
    writeFileSync(cnf, `${lines.join('\n')}\n`);
    try {
      await INITIALISE[software.kind](software, cnf, work);
    } catch (error) {
      const tail = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n') : '';
      throw new TestkitError(TestkitErrorCode.START, `${software.kind} could not be initialised\n${tail}`, {
        cause: error,
      });
    }
    for (const name of readdirSync(data).filter((file) => OWN_FILES.test(file))) rmSync(join(data, name));
    return data;
  });
}
