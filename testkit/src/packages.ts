import { execFile, execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type AptSource, distributionSource, readAptSources } from './apt-sources';
import { cacheFolder, cached } from './cache';
import { TestkitError, TestkitErrorCode } from './errors';

const run = promisify(execFile);

export type Progress = (line: string) => void;

/** Which Debian packages hold a program. The first of `packages` that the archive has is taken. */
export interface PackageSet {
  /** Folder in the cache. */
  readonly name: string;
  /** null: the suite of this machine. */
  readonly suite: string | null;
  readonly packages: readonly (readonly string[])[];
}

/** How to run a program: `spawn(command, [...args, …its own])`. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Distribution {
  /** os-release ID: debian, ubuntu, … */
  readonly id: string;
  readonly codename: string;
}

export function distribution(): Distribution {
  let text = '';
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // not a Linux that says what it is
  }
  const value = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: value('ID'), codename: value('VERSION_CODENAME') };
}

/**
 * Fetches packages with all their dependencies, libc included, and unpacks them to `<cache>/<name>`: nothing is installed,
 * nothing needs root. apt keeps its state in a folder of its own; mirror, keys and proxies are those it is configured with.
 */
export async function fetchPackages(set: PackageSet, progress: Progress = () => {}): Promise<string> {
  try {
    return await cached(set.name, async (work) => {
      const { codename } = distribution();
      const source = distributionSource(readAptSources(), [codename, 'stable', 'testing', 'unstable', 'sid']);
      if (source === null) throw new Error('apt is configured with no archive of this distribution');
      progress(`fetching ${set.name} into ${cacheFolder()}`);
      const apt = new PrivateApt(work, source, set.suite ?? codename);
      await apt.update();
      const archives = await apt.download(await apt.firstAvailable(set.packages));
      const root = join(work, 'root');
      for (const archive of archives) await run('dpkg', ['-x', archive, root]);
      return root;
    });
  } catch (error) {
    throw new TestkitError(TestkitErrorCode.MISSING, `${set.name} could not be fetched: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** The first error that apt named, else the error's own words. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
  return /^E: (.*)$/m.exec(said)?.[1] ?? error.message;
}

/** apt with its state, cache and sources in one folder. */
class PrivateApt {
  private readonly folder: string;
  private readonly env: NodeJS.ProcessEnv;

  constructor(folder: string, source: AptSource, suite: string) {
    this.folder = folder;
    for (const name of ['lists/partial', 'archives/partial', 'sources']) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    // An empty status file: nothing counts as installed, so that every dependency is fetched.
    writeFileSync(join(folder, 'status'), '');
    const stanza = ['Types: deb', `URIs: ${source.uri}`, `Suites: ${suite}`];
    stanza.push(`Components: ${source.components.join(' ')}`);
    if (source.signedBy !== null) stanza.push(`Signed-By: ${source.signedBy}`);
    writeFileSync(join(folder, 'sources', 'archive.sources'), `${stanza.join('\n')}\n`);
    // The machine's own settings count only as far as they say how to fetch (proxies, certificates): hooks would act on it.
    const machine = execFileSync('apt-config', ['dump'], { encoding: 'utf8', stdio: 'pipe' }).split('\n');
    const config = machine.filter((line) => /^Acquire::\S+ /.test(line));
    const settings: Record<string, string> = {
      'Dir::Etc::main': '/dev/null',
      'Dir::Etc::parts': '/dev/null',
      'Dir::State': folder,
      'Dir::State::status': join(folder, 'status'),
      'Dir::Cache': folder,
      'Dir::Etc::sourcelist': '/dev/null',
      'Dir::Etc::sourceparts': join(folder, 'sources'),
      'Dir::Etc::preferences': '/dev/null',
      'Dir::Etc::preferencesparts': '/dev/null',
      'APT::Sandbox::User': userInfo().username,
      'APT::Install-Recommends': 'false',
      'APT::Update::Error-Mode': 'any',
      'Acquire::Languages': 'none',
      'Acquire::Retries': '3',
    };
    config.push(...Object.entries(settings).map(([name, value]) => `${name} "${value}";`));
    const configFile = join(folder, 'apt.conf');
    writeFileSync(configFile, `${config.join('\n')}\n`, { mode: 0o600 });
    this.env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', APT_CONFIG: configFile };
  }

  private async apt(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(command, args, { env: this.env, maxBuffer: 2 ** 26 });
    return stdout;
  }

  async update(): Promise<void> {
    await this.apt('apt-get', '-qq', 'update');
  }

  async firstAvailable(alternatives: PackageSet['packages']): Promise<readonly string[]> {
    for (const packages of alternatives) {
      const policy = await this.apt('apt-cache', 'policy', ...packages);
      const candidates = policy.match(/^ {2}Candidate: (?!\(none\))/gm) ?? [];
      if (candidates.length === packages.length) return packages;
    }
    const wanted = alternatives.map((packages) => packages.join(' + ')).join(', or ');
    throw new Error(`the archive has no ${wanted}`);
  }

  async download(packages: readonly string[]): Promise<string[]> {
    await this.apt('apt-get', '-qq', '-y', '--download-only', 'install', ...packages);
    const archives = join(this.folder, 'archives');
    return readdirSync(archives)
      .filter((name) => name.endsWith('.deb'))
      .map((name) => join(archives, name));
  }
}

/**
 * A program from an unpacked folder, run by the dynamic loader and with the libraries of that folder: those of this machine
 * may be older, or missing.
 */
export function unpackedProgram(root: string, name: string): Program | null {
  const binary = ['usr/bin', 'usr/sbin', 'bin', 'sbin'].map((folder) => join(root, folder, name)).find(existsSync);
  if (binary === undefined) return null;
  const libraries = new Set<string>();
  let loader: string | null = null;
  for (const folder of ['lib', 'lib64', 'usr/lib', 'usr/lib64']) {
    for (const file of regularFiles(join(root, folder))) {
      const base = file.slice(file.lastIndexOf('/') + 1);
      if (/^ld-linux.*\.so\.\d+$/.test(base)) loader = file;
      if (/^lib.*\.so(\.|$)/.test(base)) libraries.add(dirname(file));
    }
  }
  if (loader === null) return null;
  return { command: loader, args: ['--library-path', [...libraries].join(':'), binary] };
}

function regularFiles(folder: string): string[] {
  if (!existsSync(folder) || lstatSync(folder).isSymbolicLink()) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

export function programOnPath(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(':').concat('/usr/sbin', '/usr/local/sbin');
  return folders.map((folder) => join(folder, name)).find(existsSync) ?? null;
}
