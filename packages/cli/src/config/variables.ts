import { resolve } from 'node:path';
import { formatDuration } from '@myswitch/orchestrator';
import { formatEndpoint, type Endpoint } from './scalars';
import type { ConfigFile, PoolConfig } from './schema';

/** Rows of one key: what follows its name, and the value. None: it is not told. */
type Rows = readonly (readonly [string, string])[];
type Tell<T> = (value: T) => Rows;
/** A key that the schema gets and that is not here does not compile. */
type Section<T> = { readonly [Key in keyof Required<T>]: Tell<Exclude<T[Key & keyof T], undefined>> };
type NodeConfig = PoolConfig['nodes'][number];
type HookConfig = Exclude<PoolConfig['hooks']['before'], undefined>;

const as =
  <T>(text: (value: T) => string): Tell<T> =>
  (value) => [['', text(value)]];

const plain = as(String);
const duration = as(formatDuration);
const list = as((values: readonly string[]) => values.join(','));
const address = as(formatEndpoint);
const secret: Tell<unknown> = () => [];
/** Its arguments may be secrets. */
const program = as(([name = '']: readonly string[]) => name);
const on = as(() => 'on');

/** A section of the file; what is left out there has an empty value. */
function section<T extends object>(keys: Section<T>): Tell<T> {
  return (value) =>
    Object.entries<Tell<never>>(keys).flatMap(([key, tell]) => {
      const given = value[key as keyof T];
      const rows = given === undefined ? emptyOf(tell) : tell(given as never);
      return rows.map(([rest, text]) => [rest === '' ? key : `${key}.${rest}`, text] as const);
    });
}

const emptyOf = (tell: Tell<never>): Rows => (tell === secret ? [] : [['', '']]);

const hook = section<HookConfig>({ command: program, timeout: duration });

const node = section<NodeConfig>({
  name: secret,
  address,
  type: plain,
  weight: plain,
  site: plain,
  replicationAddress: address,
  tls: on,
  proxyProtocol: plain,
});

const account = section<PoolConfig['control']>({ user: plain, password: secret });

/** A URL may hold a password, and a token in its query. */
function checkpoint(point: PoolConfig['checkpoints'][number]): string {
  if ('http' in point) return `${point.place} ${new URL(point.http).origin}`;
  return 'tcp' in point
    ? `${point.place} tcp ${formatEndpoint(point.tcp)}`
    : `${point.place} mysql ${formatEndpoint(point.mysql)}`;
}

const pool = (directory: string): Tell<PoolConfig> =>
  section<PoolConfig>({
    name: secret,
    listen: as((endpoints) => endpoints.map((endpoint) => formatEndpoint(absolute(directory, endpoint))).join(',')),
    maxClients: plain,
    tls: on,
    proxyProtocol: section<Exclude<PoolConfig['proxyProtocol'], undefined>>({ trust: list }),
    nodes: (nodes) => [
      ['', nodes.map(({ name }) => name).join(',')],
      ...nodes.flatMap((each) => node(each).map(([key, text]) => [`${each.name}.${key}`, text] as const)),
    ],
    control: account,
    replication: account,
    users: as((users) => users.map(({ name }) => name).join(',')),
    monitor: section<PoolConfig['monitor']>({ interval: duration, failures: plain, schema: plain }),
    failover: section<PoolConfig['failover']>({ mode: plain, window: duration, apply: duration, failback: plain }),
    hooks: section<PoolConfig['hooks']>({ before: hook, after: hook, stonith: hook }),
    rebuild: section<PoolConfig['rebuild']>({ command: program, timeout: duration, restart: duration }),
    notify: section<Exclude<PoolConfig['notify'], undefined>>({ on: list, command: program, timeout: duration }),
    checkpoints: as((points) => points.map(checkpoint).join(',')),
    switch: section<PoolConfig['switch']>({
      maxLag: duration,
      catchUp: duration,
      drain: duration,
      fence: duration,
      apply: duration,
      rollback: duration,
      bypass: plain,
      allow: list,
      events: plain,
    }),
    hold: section<PoolConfig['hold']>({ max: duration, clients: plain, bytes: plain }),
    backend: section<PoolConfig['backend']>({ min: plain, max: plain }),
  });

/** A Unix socket's path starts at the configuration file, as every path in it. */
export function absolute(directory: string, endpoint: Endpoint): Endpoint {
  return 'path' in endpoint ? { path: resolve(directory, endpoint.path) } : endpoint;
}

/** Rows of SHOW VARIABLES: every key of the configuration as it is in force, without secrets. `directory`: where its relative paths start. */
export function configVariables(config: ConfigFile, directory: string): ReadonlyMap<string, string> {
  const file = section<ConfigFile>({
    stateDir: as((path) => resolve(directory, path)),
    workers: plain,
    admin: section<ConfigFile['admin']>({ listen: address, user: plain, password: secret }),
    http: section<ConfigFile['http']>({ listen: address }),
    pools: (pools) =>
      pools.flatMap((each) => pool(directory)(each).map(([key, text]) => [`${each.name}.${key}`, text] as const)),
  });
  return new Map(file(config).map(([key, text]) => [key.replace(/^pools\./, ''), text]));
}
