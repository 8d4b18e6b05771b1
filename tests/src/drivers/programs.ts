import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type RuntimeName, fetchRuntime, temporaryFolder } from '@myswitch/testkit';
import { ChildSession } from './child';
import type { Driver, Session } from './driver';

const run = promisify(execFile);

const FOLDER = join(__dirname, '..', '..', 'drivers');

/** Of interpreters. */
const OPTIONS: Partial<Record<RuntimeName, readonly string[]>> = {
  // Answers are on stdout. LOAD DATA LOCAL has to be allowed here too.
  php: ['-d', 'display_errors=stderr', '-d', 'mysqli.allow_local_infile=1', '-d', 'memory_limit=512M'],
};

/** A program of `tests/drivers`, run by its interpreter. */
const program = (name: string, runtime: RuntimeName, file: string, ...args: string[]): Driver => ({
  name,
  runtime,
  open: async () =>
    new ChildSession(await fetchRuntime(runtime), [...(OPTIONS[runtime] ?? []), join(FOLDER, file), ...args]),
});

let compiled: Promise<string> | null = null;

/** Built once for all runs. */
async function openGo(): Promise<Session> {
  compiled ??= (async () => {
    const { command, args, env } = await fetchRuntime('go');
    const binary = join(temporaryFolder('go'), 'driver');
    await run(command, [...args, 'build', '-o', binary, join(FOLDER, 'go_driver.go')], {
      env: { ...process.env, ...env },
    });
    return binary;
  })();
  return new ChildSession({ command: await compiled, args: [], env: {} }, []);
}

/** Drivers of other languages. */
export const PROGRAMS: readonly Driver[] = [
  // PEP 249: autocommit is off by default.
  { ...program('PyMySQL', 'python', 'python_driver.py', 'pymysql'), opensTransactions: true },
  { ...program('MySQLdb (Python)', 'python', 'python_driver.py', 'MySQLdb'), opensTransactions: true },
  program('mysqli (PHP)', 'php', 'mysqli_driver.php'),
  program('PDO (PHP)', 'php', 'pdo_driver.php'),
  program('DBD::mysql (Perl)', 'perl', 'dbi_driver.pl', 'mysql'),
  program('DBD::MariaDB (Perl)', 'perl', 'dbi_driver.pl', 'MariaDB'),
  program('MariaDB Connector/J', 'java', 'JdbcDriver.java'),
  {
    name: 'go-sql-driver/mysql',
    runtime: 'go',
    without: { 'error amid multiple statements': 'it waits for ever for the result after an error' },
    open: openGo,
  },
];
