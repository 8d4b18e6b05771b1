import { NOTIFY_KINDS } from '@myswitch/orchestrator';
import { z } from 'zod';
import { duration, listenAddress, name, network, tcpAddress, secret, size } from './scalars';

const count = (least: number, most: number) => z.int().min(least).max(most);
const path = z.string().min(1);

const credentials = z.strictObject({ user: z.string().min(1), password: secret });

/** A program with its arguments: no shell reads it. */
const argv = z.array(z.string().min(1)).min(1, 'needs at least a program');
const hook = z
  .strictObject({ command: argv, timeout: duration.prefault('5s').describe('then it is killed') })
  .optional();

const place = z.enum(['inside', 'edge', 'outside']).describe('for people');
const checkpoint = z.union([
  z.strictObject({ place, tcp: tcpAddress }),
  z.strictObject({ place, http: z.url({ protocol: /^https?$/, error: 'is not a URL such as http://192.0.2.1/' }) }),
  z.strictObject({ place, mysql: tcpAddress }),
]);

const node = z.strictObject({
  name,
  address: tcpAddress.describe('where MySwitch reaches it; resolved at each connect'),
  type: z
    .enum(['primary', 'secondary'])
    .default('secondary')
    .describe("the operator's order of preference, nothing else"),
  weight: count(0, 1000)
    .default(100)
    .describe('preference among equally advanced candidates of a failover; 0: it never takes over by itself'),
  site: name.optional().describe('where it stands: a failover prefers a node of the same site'),
  replicationAddress: tcpAddress.optional().describe('where the other nodes reach it, when that is not `address`'),
  tls: z
    .strictObject({ ca: path.optional(), cert: path.optional(), key: path.optional() })
    .optional()
    .describe('TLS towards this node (PEM files); without it the connection is plain'),
  proxyProtocol: z
    .boolean()
    .default(false)
    .describe("tell this node each client's own address (MariaDB: proxy_protocol_networks must have MySwitch's)"),
});

const pool = z.strictObject({
  name,
  listen: z
    .union([listenAddress.transform((address) => [address]), z.array(listenAddress).min(1)])
    .describe('one address or a list'),
  maxClients: count(1, 1_000_000).default(10_000),
  tls: z
    .strictObject({ cert: path, key: path, ca: path.optional() })
    .optional()
    .describe('TLS offered to clients (PEM files); with `ca`, client certificates are checked'),
  proxyProtocol: z
    .strictObject({ trust: z.array(network).min(1, 'needs at least one address') })
    .optional()
    .describe(
      'load balancers: connections from these addresses must begin with a PROXY protocol header, others must not',
    ),
  nodes: z.array(node).min(1, 'needs at least one node'),
  control: credentials.describe('the account that monitors and switches'),
  replication: credentials.optional().describe('the account that replicas log in with'),
  users: z
    .array(z.strictObject({ name: z.string().min(1), password: secret }))
    .default([])
    .describe(
      'passwords of accounts that MySwitch cannot learn from the servers; they win over learned accounts of the same name',
    ),
  monitor: z
    .strictObject({
      interval: duration.prefault('1s'),
      failures: count(1, 100).default(4).describe('bad polls in a row that make FAIL'),
      schema: name.default('myswitch'),
    })
    .prefault({}),
  failover: z
    .strictObject({
      mode: z
        .enum(['manual', 'automatic'])
        .default('manual')
        .describe('manual: the command is offered, with the reason'),
      window: duration
        .prefault('10m')
        .describe('none by itself for this long after one: a pool that flaps needs a person'),
      apply: duration.prefault('30s').describe('for the candidate to apply what it has received'),
      failback: z
        .enum(['manual', 'on-recover'])
        .default('manual')
        .describe('on-recover: a PRIMARY that was recovered gets ACTIVE back by itself, by a switch'),
    })
    .prefault({}),
  hooks: z
    .strictObject({
      before: hook.describe('before a switch, which it may refuse, or a failover'),
      after: hook.describe('after it, whatever came of it'),
      stonith: hook.describe('switches off a primary that can not be fenced by SQL'),
    })
    .prefault({})
    .describe('programs run around a switch or failover; the facts are JSON on stdin'),
  rebuild: z
    .strictObject({
      command: argv
        .optional()
        .describe('copies a node over another: MariaDB needs one, MySQL copies by its clone plugin without it'),
      timeout: duration.prefault('4h').describe('for the copy; then it is ended'),
      restart: duration.prefault('10m').describe('for the server to answer again, once the copy is there'),
    })
    .prefault({})
    .describe('`rejoin --rebuild`; the facts are JSON on the stdin of the program'),
  notify: z
    .strictObject({
      on: z.array(z.enum(NOTIFY_KINDS)).min(1, 'needs at least one of them'),
      command: argv,
      timeout: duration.prefault('10s').describe('then it is killed'),
    })
    .optional()
    .describe('a program that tells people, once for each change'),
  checkpoints: z
    .array(checkpoint)
    .default([])
    .describe('when none of these answers this site is cut off, and nobody is promoted'),
  switch: z
    .strictObject({
      maxLag: duration.prefault('1s'),
      catchUp: duration.prefault('30s'),
      drain: duration.prefault('2s'),
      fence: duration.prefault('1s'),
      apply: duration.prefault('5s'),
      rollback: duration.prefault('1s'),
      bypass: z.enum(['refuse', 'kill', 'ignore']).default('refuse'),
      allow: z.array(z.string().min(1)).default([]).describe('accounts that may stay on a fenced node'),
      events: z.enum(['move', 'leave']).default('move'),
    })
    .prefault({}),
  hold: z
    .strictObject({
      max: duration.prefault('10s'),
      clients: count(1, 1_000_000).default(10_000),
      bytes: size.prefault('64MiB'),
    })
    .prefault({}),
  backend: z
    .strictObject({ min: count(0, 10_000).default(2), max: count(1, 10_000).default(64) })
    .prefault({})
    .describe('logged-in connections per node and account, all workers together'),
});

/** `myswitch.yaml`. Strict everywhere: a key that means nothing is a mistake to report, not to pass over. */
export const configSchema = z.strictObject({
  stateDir: path.default('./state').describe('journal, flight records and lock files; relative to this file'),
  workers: count(0, 256).default(2).describe('processes that carry clients; 0: everything in one process'),
  admin: z
    .strictObject({
      listen: tcpAddress.prefault('127.0.0.1:6032'),
      user: z.string().min(1).default('admin'),
      password: secret.prefault({ env: 'MYSWITCH_ADMIN_PASSWORD' }),
    })
    .prefault({}),
  http: z.strictObject({ listen: tcpAddress.prefault('127.0.0.1:6080') }).prefault({}),
  pools: z.array(pool).min(1, 'needs at least one pool'),
});

/** What the file says, defaults filled in; durations in ms, sizes in bytes, secrets and files not yet read. */
export type ConfigFile = z.output<typeof configSchema>;
export type PoolConfig = ConfigFile['pools'][number];

/** The JSON schema of the file, for editors. */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  return { title: 'MySwitch configuration', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}
