import { formatDuration } from '@myswitch/orchestrator';
import type { ConfigProblem } from './problems';
import { formatEndpoint, type Endpoint } from './scalars';
import type { ConfigFile, PoolConfig } from './schema';
import type { ConfigPath, ConfigSource } from './source';
import { spell } from './validate';

/** A value and where it stands: what a contradiction has two of. */
interface Placed<T> {
  readonly path: ConfigPath;
  readonly value: T;
}

/** What each key allows but the whole does not. Every problem names both values and the line of each. */
export function contradictions(config: ConfigFile, source: ConfigSource): ConfigProblem[] {
  const at = (path: ConfigPath): string => (source.has(path) ? `line ${source.lineOf(path)}` : 'default');
  const problem = (path: ConfigPath, message: string): ConfigProblem => ({
    file: source.file,
    line: source.lineOf(path),
    message: `${spell(path)}: ${message}`,
  });

  const clashes = <T>(all: readonly Placed<T>[], same: (a: T, b: T) => boolean, tell: (a: T, b: T) => string) =>
    all.flatMap((later, index) => {
      const earlier = all.slice(0, index).find(({ value }) => same(value, later.value));
      if (earlier === undefined) return [];
      const message = `${tell(later.value, earlier.value)}; see ${spell(earlier.path)} (${at(earlier.path)})`;
      return [problem(later.path, message)];
    });

  const duplicates = (what: string, all: readonly Placed<string>[]) =>
    clashes(
      all,
      (a, b) => a === b,
      (value) => `${what} "${value}" is there twice`,
    );

  const listeners = listenersOf(config);
  const nodes = config.pools.flatMap((pool, p) =>
    pool.nodes.map((node, n) => ({
      path: ['pools', p, 'nodes', n, 'address'],
      value: { pool: pool.name, node: node.name, address: node.address },
    })),
  );

  return [
    ...duplicates(
      'pool',
      config.pools.map(({ name }, p) => ({ path: ['pools', p, 'name'], value: name })),
    ),
    ...clashes(
      config.pools.flatMap((pool, p) =>
        pool.nodes.map(({ name }, n) => ({ path: ['pools', p, 'nodes', n, 'name'], value: { pool: pool.name, name } })),
      ),
      (a, b) => a.name === b.name,
      (a, b) => `node "${a.name}" is in ${twoPools(a.pool, b.pool)}`,
    ),
    ...clashes(
      nodes,
      (a, b) => sameEndpoint(a.address, b.address),
      (a, b) =>
        `node "${a.node}" in pool "${a.pool}" and node "${b.node}" in pool "${b.pool}" are one server (${bothSpellings(a.address, b.address)})`,
    ),
    ...config.pools.flatMap((pool, p) =>
      duplicates(
        'account',
        pool.users.map(({ name }, u) => ({ path: ['pools', p, 'users', u, 'name'], value: name })),
      ),
    ),
    ...clashes(
      listeners,
      (a, b) => overlap(a.address, b.address),
      (a, b) => `${a.owner} and ${b.owner} both listen on ${bothSpellings(a.address, b.address)}`,
    ),
    ...listeners.flatMap(({ path, value }) => {
      const node = nodes.find((each) => leadsTo(each.value.address, value.address));
      if (node === undefined) return [];
      const where = bothSpellings(value.address, node.value.address);
      return [
        problem(path, `${value.owner} listens on ${where}, where node "${node.value.node}" is (${at(node.path)})`),
      ];
    }),
    ...config.pools.flatMap((pool, p) => limits(pool, config.workers, ['pools', p], at, problem)),
  ];
}

function limits(
  pool: PoolConfig,
  workers: number,
  path: ConfigPath,
  at: (path: ConfigPath) => string,
  problem: (path: ConfigPath, message: string) => ConfigProblem,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { drain, fence, apply, rollback } = pool.switch;
  const sum = drain + fence + apply + rollback;
  if (pool.hold.max <= sum) {
    const parts = (['drain', 'fence', 'apply', 'rollback'] as const)
      .map((key) => `${key} ${formatDuration(pool.switch[key])} (${at([...path, 'switch', key])})`)
      .join(' + ');
    const held = `${formatDuration(pool.hold.max)} (${at([...path, 'hold', 'max'])})`;
    problems.push(
      problem([...path, 'hold', 'max'], `${held} must be more than ${formatDuration(sum)}, the sum of switch.${parts}`),
    );
  }
  const { min, max } = pool.backend;
  const most = `backend.max ${max} (${at([...path, 'backend', 'max'])})`;
  if (min > max) problems.push(problem([...path, 'backend', 'min'], `${min} is more than ${most}`));
  if (max < workers) {
    problems.push(problem([...path, 'backend', 'max'], `${max} is less than workers ${workers} (${at(['workers'])})`));
  }
  return problems;
}

function listenersOf(config: ConfigFile): Placed<{ owner: string; address: Endpoint }>[] {
  return [
    { path: ['admin', 'listen'], value: { owner: 'admin', address: config.admin.listen } },
    { path: ['http', 'listen'], value: { owner: 'http', address: config.http.listen } },
    ...config.pools.flatMap((pool, p) =>
      pool.listen.map((address, l) => ({
        // a single address has no place in a list: its line is found all the same, by the way up to `listen`
        path: pool.listen.length === 1 ? ['pools', p, 'listen'] : ['pools', p, 'listen', l],
        value: { owner: `pool "${pool.name}"`, address },
      })),
    ),
  ];
}

function twoPools(a: string, b: string): string {
  return a === b ? `pool "${a}" twice` : `pools "${a}" and "${b}"`;
}

function bothSpellings(a: Endpoint, b: Endpoint): string {
  const [one, other] = [formatEndpoint(a), formatEndpoint(b)];
  return one === other ? one : `${one} and ${other}`;
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  if ('path' in a || 'path' in b) return 'path' in a && 'path' in b && a.path === b.path;
  return a.port === b.port && sameHost(a.host.toLowerCase(), b.host.toLowerCase());
}

/** Whether the two can't both be bound: a wildcard takes the port on every address. */
function overlap(a: Endpoint, b: Endpoint): boolean {
  if (sameEndpoint(a, b)) return true;
  return 'port' in a && 'port' in b && a.port === b.port && (isWildcard(a.host) || isWildcard(b.host));
}

/** Whether MySwitch would connect to itself. */
function leadsTo(node: Endpoint, listener: Endpoint): boolean {
  if (sameEndpoint(node, listener)) return true;
  if ('path' in node || 'path' in listener || node.port !== listener.port) return false;
  return isWildcard(listener.host) && LOOPBACK.has(node.host.toLowerCase());
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

/** Other names than `localhost` can't be compared without asking DNS. */
function sameHost(a: string, b: string): boolean {
  return a === b || ((a === 'localhost' || b === 'localhost') && LOOPBACK.has(a) && LOOPBACK.has(b));
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
