import { resolve } from 'node:path';
import type { OrchestratorOptions } from '@myswitch/orchestrator';
import type { ProxyOptions } from '@myswitch/proxy';
import { adminAccess, readConfig, throwIfAny, type AdminAccess } from './load';
import type { TcpEndpoint } from './scalars';
import type { PoolConfig } from './schema';
import { References, type Environment } from './secrets';
import type { ConfigPath } from './source';
import { absolute, configVariables } from './variables';

/** All that a running MySwitch is told, with secrets and certificates read. */
export interface ServerConfig {
  readonly workers: number;
  readonly admin: AdminAccess;
  readonly http: TcpEndpoint;
  readonly proxy: ProxyOptions;
  readonly orchestrator: OrchestratorOptions;
  /** Every key as it is in force, for people; no secrets. */
  readonly variables: ReadonlyMap<string, string>;
}

type ProxyPool = ProxyOptions['pools'][number];
type OrchestratorPool = OrchestratorOptions['pools'][number];
type Credentials = OrchestratorPool['control'];
/** A node's TLS files once read: the two packages spell the same shape. */
type NodeTls = OrchestratorPool['nodes'][number]['tls'];

/**
 * Reads a configuration file and what it points at, and hands each package its part.
 * @throws ConfigError with everything that is wrong
 */
export function loadServerConfig(file: string, environment: Environment): ServerConfig {
  const read = readConfig(file);
  const references = new References(read.source, read.directory, environment);
  const admin = adminAccess(read, references);
  const pools = read.config.pools.map((pool, index) => {
    const path = ['pools', index];
    const tls = pool.nodes.map((node, n) => nodeTls(references, [...path, 'nodes', n, 'tls'], node.tls));
    const control = credentials(references, [...path, 'control'], pool.control);
    return {
      proxy: proxyPool(references, read.directory, path, pool, tls, control),
      orchestrator: orchestratorPool(references, read.directory, path, pool, tls, control),
    };
  });
  throwIfAny([...read.problems, ...references.problems]);
  return {
    workers: read.config.workers,
    admin,
    http: read.config.http.listen,
    proxy: { pools: pools.map(({ proxy }) => proxy) },
    orchestrator: {
      stateDir: resolve(read.directory, read.config.stateDir),
      pools: pools.map(({ orchestrator }) => orchestrator),
    },
    variables: configVariables(read.config, read.directory),
  };
}

function proxyPool(
  references: References,
  directory: string,
  path: ConfigPath,
  pool: PoolConfig,
  tls: readonly NodeTls[],
  control: Credentials,
): ProxyPool {
  const file = (key: 'cert' | 'key' | 'ca', value: string | undefined): string | null =>
    value === undefined ? null : references.file([...path, 'tls', key], value);
  return {
    name: pool.name,
    listen: pool.listen.map((endpoint) => absolute(directory, endpoint)),
    maxClients: pool.maxClients,
    tls:
      pool.tls === undefined
        ? null
        : { cert: file('cert', pool.tls.cert), key: file('key', pool.tls.key), ca: file('ca', pool.tls.ca) },
    proxyProtocol: pool.proxyProtocol ?? null,
    nodes: pool.nodes.map(({ name, address, proxyProtocol }, n) => ({
      name,
      ...address,
      tls: tls[n] ?? null,
      proxyProtocol,
    })),
    users: pool.users.map(({ name, password }, u) => ({
      name,
      password: references.secret([...path, 'users', u, 'password'], password),
    })),
    control: { name: control.user, password: control.password },
    hold: holdLimits(pool),
    backend: pool.backend,
  };
}

function orchestratorPool(
  references: References,
  directory: string,
  path: ConfigPath,
  pool: PoolConfig,
  tls: readonly NodeTls[],
  control: Credentials,
): OrchestratorPool {
  return {
    name: pool.name,
    nodes: pool.nodes.map(({ name, address, type, replicationAddress, weight, site }, n) => ({
      name,
      ...address,
      type: type === 'primary' ? 'PRIMARY' : 'SECONDARY',
      replication: replicationAddress ?? address,
      tls: tls[n] ?? null,
      weight,
      site: site ?? null,
    })),
    control,
    replication:
      pool.replication === undefined ? null : credentials(references, [...path, 'replication'], pool.replication),
    users: pool.users.map(({ name }) => name),
    monitor: {
      intervalMs: pool.monitor.interval,
      failures: pool.monitor.failures,
      schema: pool.monitor.schema,
    },
    failover: {
      mode: pool.failover.mode,
      windowMs: pool.failover.window,
      applyMs: pool.failover.apply,
      failback: pool.failover.failback,
    },
    hooks: {
      before: command(directory, pool.hooks.before),
      after: command(directory, pool.hooks.after),
      stonith: command(directory, pool.hooks.stonith),
    },
    rebuild: {
      command: pool.rebuild.command === undefined ? null : program(directory, pool.rebuild.command),
      timeoutMs: pool.rebuild.timeout,
      restartMs: pool.rebuild.restart,
    },
    notify: notify(directory, pool.notify),
    checkpoints: pool.checkpoints.map(checkpoint),
    switch: {
      maxLagMs: pool.switch.maxLag,
      catchUpMs: pool.switch.catchUp,
      drainMs: pool.switch.drain,
      fenceMs: pool.switch.fence,
      applyMs: pool.switch.apply,
      rollbackMs: pool.switch.rollback,
      bypass: pool.switch.bypass,
      allow: pool.switch.allow,
      events: pool.switch.events,
    },
    hold: holdLimits(pool),
  };
}

function command(directory: string, hook: PoolConfig['hooks']['before']): OrchestratorPool['hooks']['before'] {
  return hook === undefined ? null : { command: program(directory, hook.command), timeoutMs: hook.timeout };
}

/** A program named with a slash starts at the configuration file, as every path in it; others are looked for on the PATH. */
function program(directory: string, [name = '', ...args]: readonly string[]): readonly string[] {
  return [name.includes('/') ? resolve(directory, name) : name, ...args];
}

function notify(directory: string, told: PoolConfig['notify']): OrchestratorPool['notify'] {
  const how = command(directory, told);
  return told === undefined || how === null ? null : { ...how, on: told.on };
}

function checkpoint(point: PoolConfig['checkpoints'][number]): OrchestratorPool['checkpoints'][number] {
  if ('http' in point) return { place: point.place, kind: 'http', url: point.http };
  if ('tcp' in point) return { place: point.place, kind: 'tcp', ...point.tcp };
  return { place: point.place, kind: 'mysql', ...point.mysql };
}

function credentials(references: References, path: ConfigPath, value: PoolConfig['control']): Credentials {
  return { user: value.user, password: references.secret([...path, 'password'], value.password) };
}

function holdLimits(pool: PoolConfig): ProxyPool['hold'] {
  return { maxMs: pool.hold.max, clients: pool.hold.clients, bytes: pool.hold.bytes };
}

function nodeTls(references: References, path: ConfigPath, tls: PoolConfig['nodes'][number]['tls']): NodeTls {
  if (tls === undefined) return null;
  const file = (key: 'ca' | 'cert' | 'key'): string | null =>
    tls[key] === undefined ? null : references.file([...path, key], tls[key]);
  return { ca: file('ca'), cert: file('cert'), key: file('key') };
}
