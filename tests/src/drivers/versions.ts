import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { type RuntimeName, fetchRuntime } from '@myswitch/testkit';
import { packageVersion } from '../compatibility/results';

const run = promisify(execFile);

/** What a program tells of its version, with `--version` or what else is asked. */
export async function programVersion(runtime: RuntimeName, ...args: string[]): Promise<string | null> {
  const { command, args: before, env } = await fetchRuntime(runtime);
  const { stdout } = await run(command, [...before, ...(args.length > 0 ? args : ['--version'])], {
    env: { ...process.env, ...env },
  });
  return /\d+\.\d+[.\w]*(?![^\n]*Distrib)/.exec(stdout)?.[0] ?? null;
}

/** The jar stands beside a link whose name has it. */
async function ofConnectorJ(): Promise<string | null> {
  const { args } = await fetchRuntime('java');
  const jar = args.find((arg) => arg.endsWith('.jar'));
  const names = jar === undefined ? [] : readdirSync(dirname(jar));
  return names.flatMap((name) => /^mariadb-java-client-(\d+\.\d+[.\w]*)\.jar$/.exec(name)?.[1] ?? [])[0] ?? null;
}

/** Debian's packages of Go sources tell their version in the changelog alone. */
async function ofGoDriver(): Promise<string | null> {
  const { env } = await fetchRuntime('go');
  const folder = join(env['GOPATH']!, '..', 'doc', 'golang-github-go-sql-driver-mysql-dev');
  const changelog = await readFile(join(folder, 'changelog.Debian.gz')).then(gunzipSync, () => null);
  return /\((\d[\w.]*)/.exec(changelog?.toString('latin1', 0, 200) ?? '')?.[1] ?? null;
}

const PACKAGES: Readonly<Record<string, string>> = {
  mysql2: 'mysql2',
  'mariadb (npm)': 'mariadb',
  knex: 'knex',
  sequelize: 'sequelize',
  typeorm: 'typeorm',
  'drizzle-orm': 'drizzle-orm',
};

const ASKED: Readonly<Record<string, () => Promise<string | null>>> = {
  'mysql (client)': () => programVersion('mysql'),
  'mariadb (client)': () => programVersion('mariadb'),
  PyMySQL: () => programVersion('python', '-c', 'import pymysql; print(pymysql.__version__)'),
  'MySQLdb (Python)': () => programVersion('python', '-c', 'import MySQLdb; print(MySQLdb.__version__)'),
  'mysqli (PHP)': () => programVersion('php', '-r', 'echo PHP_VERSION;'),
  'PDO (PHP)': () => programVersion('php', '-r', 'echo PHP_VERSION;'),
  'DBD::mysql (Perl)': () => programVersion('perl', '-MDBD::mysql', '-e', 'print $DBD::mysql::VERSION'),
  'DBD::MariaDB (Perl)': () => programVersion('perl', '-MDBD::MariaDB', '-e', 'print $DBD::MariaDB::VERSION'),
  'MariaDB Connector/J': ofConnectorJ,
  'go-sql-driver/mysql': ofGoDriver,
};

/** Of a driver by its name; null: it has none that can be asked for. */
export async function versionOf(driver: string): Promise<string | null> {
  const name = PACKAGES[driver];
  return name === undefined ? ((await ASKED[driver]?.()) ?? null) : packageVersion(name);
}
