import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache';
import { TestkitError, TestkitErrorCode } from './errors';
import { type Program, type Progress, fetchPackages, programOnPath, unpackedProgram } from './packages';
import { clientPluginFolder, provision } from './provision';

const run = promisify(execFile);

/** A program with what has to be added to its environment: an interpreter that has the drivers, a client, a compiler. */
export interface Runtime extends Program {
  readonly env: Readonly<Record<string, string>>;
}

/** Folder in the cache, below which each set of packages is. */
const SET = 'drivers';

const fetched = (name: string, packages: readonly string[], progress?: Progress): Promise<string> =>
  fetchPackages({ name: join(SET, name), suite: null, packages: [packages] }, progress);

/** The installed program, when it can do what `probe` asks of it. */
async function installed(name: string, probe: readonly string[]): Promise<Runtime | null> {
  const command = programOnPath(name);
  if (command === null) return null;
  try {
    await run(command, probe);
    return { command, args: [], env: {} };
  } catch {
    return null; // it lacks the drivers
  }
}

function unpacked(root: string, program: RegExp): Program {
  const name = readdirSync(join(root, 'usr/bin')).find((file) => program.test(file));
  const found = name === undefined ? null : unpackedProgram(root, name);
  if (found === null) throw new TestkitError(TestkitErrorCode.MISSING, `${root} holds no ${program.source}`);
  return found;
}

/** Where MariaDB's client library finds its login plugins when it is not where it was built for. */
function pluginEnv(root: string): Record<string, string> {
  const plugins = clientPluginFolder(root);
  return plugins === null ? {} : { MARIADB_PLUGIN_DIR: plugins };
}

/** Folders below `parent` whose names match, as paths. */
function foldersOf(parent: string, name: RegExp): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent).flatMap((entry) => (name.test(entry) ? [join(parent, entry)] : []));
}

async function python(progress?: Progress): Promise<Runtime> {
  const packages = ['python3-pymysql', 'python3-mysqldb', 'python3-cryptography'];
  const own = await installed('python3', ['-c', 'import pymysql, MySQLdb, cryptography']);
  if (own !== null) return own;
  const root = await fetched('python', ['python3', ...packages], progress);
  return {
    ...unpacked(root, /^python3\.\d+$/),
    env: {
      ...pluginEnv(root),
      PYTHONHOME: join(root, 'usr'),
      PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  };
}

async function php(progress?: Progress): Promise<Runtime> {
  const own = await installed('php', [
    '-r',
    "exit(extension_loaded('mysqli') && extension_loaded('pdo_mysql') ? 0 : 1);",
  ]);
  if (own !== null) return own;
  const root = await fetched('php', ['php-cli', 'php-mysql'], progress);
  const program = unpacked(root, /^php\d+\.\d+$/);
  const [extensions = ''] = foldersOf(join(root, 'usr/lib/php'), /^\d{8}$/);
  const loaded = ['mysqlnd', 'mysqli', 'pdo', 'pdo_mysql'].flatMap((name) => ['-d', `extension=${name}`]);
  return { ...program, args: [...program.args, '-n', '-d', `extension_dir=${extensions}`, ...loaded], env: {} };
}

async function perl(progress?: Progress): Promise<Runtime> {
  const own = await installed('perl', ['-MDBD::mysql', '-MDBD::MariaDB', '-MJSON::PP', '-e', '1']);
  if (own !== null) return own;
  const root = await fetched('perl', ['perl', 'libdbd-mysql-perl', 'libdbd-mariadb-perl'], progress);
  const usr = join(root, 'usr');
  const [libraries = ''] = foldersOf(join(usr, 'lib'), /-linux-gnu/);
  const version = /^\d+\.\d+$/;
  const folders = [
    ...foldersOf(join(libraries, 'perl5'), version),
    join(usr, 'share/perl5'),
    ...foldersOf(join(libraries, 'perl'), version),
    ...foldersOf(join(usr, 'share/perl'), version),
    join(libraries, 'perl-base'),
  ];
  return { ...unpacked(root, /^perl$/), env: { ...pluginEnv(root), PERL5LIB: folders.join(':') } };
}

/** A Java that runs a source file with MariaDB's Connector/J on its class path. */
async function java(progress?: Progress): Promise<Runtime> {
  const jar = 'usr/share/java/mariadb-java-client.jar';
  const connector = existsSync(join('/', jar)) ? '/' : await fetched('mariadb-java', ['libmariadb-java'], progress);
  const classPath = ['-cp', join(connector, jar)];
  const own = programOnPath('javac') === null ? null : await installed('java', ['-version']);
  if (own !== null) return { ...own, args: classPath };
  const root = await fetched('java', ['default-jdk-headless'], progress);
  const [home] = foldersOf(join(root, 'usr/lib/jvm'), /^java-\d+-openjdk-/);
  const program = home === undefined ? null : unpackedProgram(root, join('../..', home.slice(root.length), 'bin/java'));
  if (program === null) throw new TestkitError(TestkitErrorCode.MISSING, `${root} holds no java`);
  return { ...program, args: [...program.args, ...classPath], env: {} };
}

/** A Go compiler with go-sql-driver/mysql on its GOPATH. */
async function go(progress?: Progress): Promise<Runtime> {
  const driver = 'usr/share/gocode/src/github.com/go-sql-driver/mysql';
  const root = await fetched('go', ['golang-go', 'golang-github-go-sql-driver-mysql-dev'], progress);
  const [home = ''] = foldersOf(join(root, 'usr/lib'), /^go-\d/);
  const gopath = existsSync(join(root, driver)) ? join(root, 'usr/share/gocode') : '/usr/share/gocode';
  return {
    // It starts compiler and linker itself, so its own loader would not be asked for those.
    command: join(home, 'bin/go'),
    args: [],
    env: {
      GOROOT: home,
      GOPATH: gopath,
      GO111MODULE: 'off',
      CGO_ENABLED: '0',
      GOCACHE: join(cacheFolder(), SET, 'go-build'),
    },
  };
}

/** MySQL's own client tools come with its server. */
async function mysqlTool(name: string, progress?: Progress): Promise<Runtime> {
  const { client } = await provision('mysql', progress);
  const unpackedClient = client.args.find((arg) => arg.endsWith('/mysql'));
  const beside = unpackedClient ?? client.command;
  const path = beside.replace(/mysql$/, name);
  if (!existsSync(path)) throw new TestkitError(TestkitErrorCode.MISSING, `there is no ${path}`);
  if (unpackedClient === undefined) return { command: path, args: ['--no-defaults'], env: {} };
  return { command: client.command, args: client.args.map((arg) => (arg === unpackedClient ? path : arg)), env: {} };
}

async function mariadbTool(name: string, progress?: Progress): Promise<Runtime> {
  const own = programOnPath(name);
  if (own !== null) return { command: own, args: ['--no-defaults'], env: {} };
  const root = await fetched('mariadb-client', ['mariadb-client'], progress);
  const program = unpacked(root, new RegExp(`^${name}$`));
  return { ...program, args: [...program.args, '--no-defaults'], env: pluginEnv(root) };
}

const RUNTIMES = Object.freeze({
  php,
  python,
  perl,
  java,
  go,
  mysql: (progress?: Progress) => mysqlTool('mysql', progress),
  mysqldump: (progress?: Progress) => mysqlTool('mysqldump', progress),
  mysqlslap: (progress?: Progress) => mysqlTool('mysqlslap', progress),
  mariadb: (progress?: Progress) => mariadbTool('mariadb', progress),
  'mariadb-dump': (progress?: Progress) => mariadbTool('mariadb-dump', progress),
  'mariadb-slap': (progress?: Progress) => mariadbTool('mariadb-slap', progress),
} as const satisfies Record<string, (progress?: Progress) => Promise<Runtime>>);

export type RuntimeName = keyof typeof RUNTIMES;
export const RUNTIME_NAMES: readonly RuntimeName[] = Object.freeze(Object.keys(RUNTIMES) as RuntimeName[]);

/**
 * An interpreter with the database drivers that the distribution has for it, a compiler with its driver, or a client:
 * installed, else unpacked into the cache. Throws TestkitError MISSING with the reason when neither is to be had.
 */
export function fetchRuntime(name: RuntimeName, progress?: Progress): Promise<Runtime> {
  return RUNTIMES[name](progress);
}

/** Why a runtime can't be had on this machine, or null. */
export async function missingRuntime(name: RuntimeName, progress?: Progress): Promise<string | null> {
  try {
    await fetchRuntime(name, progress);
    return null;
  } catch (error) {
    if (error instanceof TestkitError && error.code === TestkitErrorCode.MISSING) return error.message;
    throw error;
  }
}
