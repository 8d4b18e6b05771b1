import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { TestkitError, TestkitErrorCode } from './errors';
import {
  type PackageSet,
  type Program,
  type Progress,
  distribution,
  fetchPackages,
  programOnPath,
  unpackedProgram,
} from './packages';

const run = promisify(execFile);

export type Kind = 'mariadb' | 'mysql';
export const KINDS: readonly Kind[] = Object.freeze(['mariadb', 'mysql']);

/** A database server's programs, on the PATH or unpacked into the cache. */
export interface ServerSoftware {
  readonly kind: Kind;
  /** As in `10.11.18` or `9.7.4`. */
  readonly version: string;
  readonly server: Program;
  /** The command-line client of the same kind. */
  readonly client: Program;
  /** Lines for `[mysqld]` that say where the server's own files are; none when it is where it was built for. */
  readonly paths: readonly string[];
  /** Folder with the SQL and message files. */
  readonly share: string;
}

const NAMES: Record<Kind, { readonly server: string; readonly client: string }> = {
  mariadb: { server: 'mariadbd', client: 'mariadb' },
  mysql: { server: 'mysqld', client: 'mysql' },
};

function packageSet(kind: Kind): PackageSet {
  const debian = distribution().id !== 'ubuntu';
  if (kind === 'mariadb') {
    return { name: kind, suite: null, packages: [['mariadb-server-core', 'mariadb-client-core']] };
  }
  const packages = [['mysql-server-core', 'mysql-client-core']];
  // Debian has MySQL in its unstable suite only; Ubuntu has it in every release, with the series in the name.
  if (!debian) packages.push(['mysql-server-core-8.4', 'mysql-client-core-8.4']);
  return { name: kind, suite: debian ? 'sid' : null, packages };
}

/** As `mysqld --version` tells: `…/mysqld  Ver 9.7.4 for Linux …`, `mariadbd  Ver 10.11.18-MariaDB …`. */
async function versionOf(server: Program): Promise<{ kind: Kind; version: string }> {
  const { stdout } = await run(server.command, [...server.args, '--no-defaults', '--version']);
  const version = /Ver (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined) throw new TestkitError(TestkitErrorCode.MISSING, `no server: ${stdout.trim()}`);
  return { kind: /mariadb/i.test(stdout) ? 'mariadb' : 'mysql', version };
}

/** What MySwitch supports: MariaDB with MASTER_DEMOTE_TO_SLAVE, MySQL with SET_ANY_DEFINER. */
const OLDEST: Record<Kind, readonly [major: number, minor: number]> = { mariadb: [10, 10], mysql: [8, 4] };

function isTooOld(kind: Kind, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST[kind];
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

function shareFolder(base: string): string {
  const folders = ['share/mysql', 'share/mariadb', 'share'].map((name) => join(base, name));
  const found = folders.find((folder) => existsSync(join(folder, 'english')));
  if (found === undefined) throw new TestkitError(TestkitErrorCode.MISSING, `no server messages below ${base}`);
  return found;
}

async function installed(kind: Kind): Promise<ServerSoftware | null> {
  const path = programOnPath(NAMES[kind].server);
  const clientPath = programOnPath(NAMES[kind].client);
  if (path === null || clientPath === null) return null;
  const server = { command: path, args: [] };
  const { kind: actual, version } = await versionOf(server);
  if (actual !== kind || isTooOld(kind, version)) return null; // Debian's mysqld is a link to mariadbd
  const share = shareFolder(dirname(dirname(realpathSync(path))));
  return { kind, version, server, client: { command: clientPath, args: [] }, paths: [], share };
}

async function fetched(kind: Kind, progress: Progress): Promise<ServerSoftware> {
  const root = await fetchPackages(packageSet(kind), progress);
  const server = unpackedProgram(root, NAMES[kind].server);
  const client = unpackedProgram(root, NAMES[kind].client);
  if (server === null || client === null) {
    throw new TestkitError(TestkitErrorCode.MISSING, `${root} holds no ${kind} server`);
  }
  const { version } = await versionOf(server);
  if (isTooOld(kind, version)) {
    throw new TestkitError(
      TestkitErrorCode.MISSING,
      `${kind} ${version} is too old: ${OLDEST[kind].join('.')} is needed`,
    );
  }
  const base = join(root, 'usr');
  const share = shareFolder(base);
  const paths = [`basedir=${base}`, `lc_messages_dir=${share}`];
  const plugins = join(base, 'lib/mysql/plugin');
  if (existsSync(plugins)) paths.push(`plugin_dir=${plugins}`);
  const clientPlugins = clientPluginFolder(root);
  const clientArgs = clientPlugins === null ? [] : [`--plugin-dir=${clientPlugins}`];
  return {
    kind,
    version,
    server,
    // --no-defaults has to come first
    client: { command: client.command, args: [...client.args, '--no-defaults', ...clientArgs] },
    paths,
    share,
  };
}

/** MariaDB's client library keeps its plugins below the architecture's folder. */
export function clientPluginFolder(root: string): string | null {
  const libraries = join(root, 'usr/lib');
  const folders = readdirSync(libraries).map((name) => join(libraries, name, 'libmariadb3/plugin'));
  return folders.find(existsSync) ?? null;
}

const known = new Map<Kind, Promise<ServerSoftware>>();

/**
 * Server software of a kind: the installed one, else Debian's packages unpacked into the cache folder.
 * Throws TestkitError MISSING with the reason when neither is to be had.
 */
export function provision(kind: Kind, progress: Progress = () => {}): Promise<ServerSoftware> {
  const before = known.get(kind);
  if (before !== undefined) return before;
  const software = (async () => (await installed(kind)) ?? fetched(kind, progress))();
  known.set(kind, software);
  software.catch(() => known.delete(kind));
  return software;
}

/** Why a kind can't be had on this machine, or null. */
export const missing = (kind: Kind, progress?: Progress): Promise<string | null> => reasonOf(provision(kind, progress));

/** The same of what `fetchTool` fetches. */
export const missingTool = (name: string, progress?: Progress): Promise<string | null> =>
  reasonOf(fetchTool(name, progress));

async function reasonOf(fetching: Promise<unknown>): Promise<string | null> {
  try {
    await fetching;
    return null;
  } catch (error) {
    if (error instanceof TestkitError && error.code === TestkitErrorCode.MISSING) return error.message;
    throw error;
  }
}

export interface Tool extends Program {
  /** The `/usr` it belongs to. sysbench finds its own scripts only when it runs in `<base>/share/sysbench`. */
  readonly base: string;
  /** To be added to its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Another program of the distribution whose package has the same name (sysbench, haproxy): installed or fetched. */
export async function fetchTool(name: string, progress?: Progress): Promise<Tool> {
  const path = programOnPath(name);
  if (path !== null) return { command: path, args: [], base: dirname(dirname(realpathSync(path))), env: {} };
  const root = await fetchPackages({ name, suite: null, packages: [[name]] }, progress);
  const program = unpackedProgram(root, name);
  if (program === null) throw new TestkitError(TestkitErrorCode.MISSING, `the package ${name} holds no such program`);
  const plugins = clientPluginFolder(root);
  return { ...program, base: join(root, 'usr'), env: plugins === null ? {} : { MARIADB_PLUGIN_DIR: plugins } };
}
