import { caveatsOf } from '../src/accounts/caveats';
import { AccountWatch } from '../src/accounts/watch';
import type { Clock } from '../src/clock';
import type { ControlConnection } from '../src/link/control-connection';
import type { AccountRow } from '../src/data-plane';
import { type Dialect, NO_LOGIN, type ServerAccount } from '../src/dialects/dialect';
import type { NodeConnection } from '../src/link/node-link';
import type { NodeOptions, NodeTls, PoolOptions } from '../src/options';

const row = (user: string, change: Partial<AccountRow> = {}): AccountRow => ({
  user,
  host: '%',
  plugin: 'caching_sha2_password',
  authentication: `hash of ${user}`,
  second: null,
  alternatives: [],
  locked: false,
  passwordExpired: false,
  tls: 'NONE',
  issuer: '',
  subject: '',
  cipher: '',
  maxUserConnections: 0,
  ...change,
});
const account = (user: string, change: Partial<AccountRow> = {}, more: Partial<ServerAccount> = {}): ServerAccount => ({
  row: row(user, change),
  unfit: null,
  countsFailures: false,
  ...more,
});
const node = (name: string, tls: NodeTls | null): NodeOptions => ({
  name,
  host: 'h',
  port: 1,
  type: 'PRIMARY',
  weight: 100,
  site: null,
  replication: { host: 'h', port: 1 },
  tls,
});

/** A timer that rings when it is told to. */
class Bell implements Clock {
  action: (() => void) | null = null;
  now = (): number => 0;
  monotonic = (): number => 0;

  timer(_ms: number, action: () => void): () => void {
    this.action = action;
    return () => {
      if (this.action === action) this.action = null;
    };
  }

  /** Resolves when what it began has come to rest. */
  async ring(): Promise<void> {
    const { action } = this;
    this.action = null;
    action?.();
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A node whose account table is this. */
class FakeNode {
  accounts: readonly ServerAccount[] = [];
  broken: string | null = null;
  /** Called before the table is handed out. */
  beforeRows: () => Promise<void> = () => Promise.resolve();
  connections = 0;
  closed = 0;

  connect(): Promise<NodeConnection> {
    this.connections += 1;
    const connection = { usable: true, destroy: () => (this.closed += 1) };
    const dialect: Partial<Dialect> = {
      accountsMark: () =>
        this.broken === null ? Promise.resolve(JSON.stringify(this.accounts)) : Promise.reject(new Error(this.broken)),
      accounts: async (_c, limit) => {
        const read = this.accounts.slice(0, limit);
        await this.beforeRows();
        return read;
      },
    };
    return Promise.resolve({ connection: connection as unknown as ControlConnection, dialect: dialect as Dialect });
  }
}

const nodes = { db1: new FakeNode(), db2: new FakeNode() };
const learned: string[][] = [];
const lines: string[] = [];
let refuse: string | null = null;
let bell: Bell;
let watch: AccountWatch;

beforeEach(() => {
  nodes.db1 = new FakeNode();
  nodes.db2 = new FakeNode();
  nodes.db1.accounts = [account('a'), account('b')];
  nodes.db2.accounts = [account('c')];
  learned.splice(0);
  lines.splice(0);
  refuse = null;
  bell = new Bell();
  const pool: Partial<PoolOptions> = {
    name: 'shop',
    users: [],
    nodes: [],
    monitor: { intervalMs: 1000, failures: 4, schema: 's' },
  };
  watch = new AccountWatch({
    pool: pool as PoolOptions,
    plane: {
      accounts: (_pool, rows) => {
        if (refuse !== null) return Promise.reject(new Error(refuse));
        learned.push(rows.map(({ user }) => user));
        return Promise.resolve();
      },
    },
    links: new Map(Object.entries(nodes)),
    clock: bell,
    log: (level, message, fields) => lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
    maxAccounts: 3,
  });
});

afterEach(() => watch.stop());

test('what does not change is sent once, what changes at the next look', async () => {
  await watch.follow('db1');
  await bell.ring();
  nodes.db1.accounts = [account('b')];
  await bell.ring();
  expect(learned).toEqual([['a', 'b'], ['b']]);
  expect(nodes.db1.connections).toBe(1);
  expect(watch.report).toEqual({ node: 'db1', learned: 1, more: false, caveats: [], error: null });
});

test('another node has its own table, whatever the first one still says', async () => {
  let answer: () => void = () => undefined;
  nodes.db1.beforeRows = () => new Promise((resolve) => (answer = resolve));
  const first = watch.follow('db1');
  await settled();
  await watch.follow('db2');
  answer();
  await first;
  await settled();
  expect(learned).toEqual([['c']]);
  expect(watch.report.node).toBe('db2');
  expect(nodes.db1.closed).toBe(1);
  await bell.ring();
  expect(nodes.db2.connections).toBe(1);
});

test('back on the first node its table is sent again', async () => {
  await watch.follow('db1');
  await watch.follow('db2');
  await watch.follow('db1');
  expect(learned).toEqual([['a', 'b'], ['c'], ['a', 'b']]);
});

test('while a node does not answer what was learned stays; it is told once', async () => {
  await watch.follow('db1');
  nodes.db1.broken = 'gone';
  await bell.ring();
  await bell.ring();
  expect(watch.report).toMatchObject({ node: 'db1', learned: 2, error: 'gone' });
  nodes.db1.broken = null;
  await bell.ring();
  expect(watch.report.error).toBeNull();
  expect(learned).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
});

test('a table that could not be handed over is handed over at the next look', async () => {
  refuse = 'a worker ended';
  await watch.follow('db1');
  expect(watch.report).toMatchObject({ node: null, error: 'a worker ended' });
  refuse = null;
  await bell.ring();
  expect(learned).toEqual([['a', 'b']]);
});

test('of too many accounts the first are taken, with a warning', async () => {
  nodes.db1.accounts = ['a', 'b', 'c', 'd'].map((user) => account(user));
  await watch.follow('db1');
  expect(learned).toEqual([['a', 'b', 'c']]);
  expect(watch.report).toMatchObject({ learned: 3, more: true });
  expect(lines.filter((line) => line.includes('more than 3 accounts'))).toHaveLength(1);
});

test('it stops at once, in the middle of a look too', async () => {
  let answer: () => void = () => undefined;
  nodes.db1.beforeRows = () => new Promise((resolve) => (answer = resolve));
  const look = watch.follow('db1');
  await settled();
  watch.stop();
  answer();
  await look;
  expect(learned).toEqual([]);
  expect(bell.action).toBeNull();
});

test('nothing of an account but its name is logged or reported', async () => {
  nodes.db1.accounts = [account('a', { second: 'hash of old' }), account('e', { plugin: 'ed25519' })];
  await watch.follow('db1');
  expect(`${lines.join('\n')}${JSON.stringify(watch.report)}`).not.toContain('hash of');
});

const NATIVE = { plugin: 'mysql_native_password' };
const HASH = `*${'A'.repeat(40)}`;

test.each<[string, ServerAccount, string | null]>([
  ['caching_sha2_password', account('x'), null],
  ['sha256_password', account('x', { plugin: 'sha256_password' }), null],
  ['a native password', account('x', { ...NATIVE, authentication: HASH }), null],
  ['no password', account('x', { ...NATIVE, authentication: '' }), null],
  [
    'a native password that is none',
    account('x', { ...NATIVE, authentication: 'invalid' }),
    'it has no valid password',
  ],
  [
    'the same with a socket',
    account('x', {
      ...NATIVE,
      authentication: 'invalid',
      alternatives: [{ plugin: 'unix_socket', authentication: '' }],
    }),
    'unix_socket is not supported',
  ],
  [
    'a socket or a password',
    account('x', { plugin: 'unix_socket', alternatives: [{ ...NATIVE, authentication: HASH }] }),
    null,
  ],
  ['PAM', account('x', { plugin: 'pam' }), 'pam is not supported'],
  ['LDAP', account('x', { plugin: 'authentication_ldap_sasl' }), 'authentication_ldap_sasl is not supported'],
  [
    'ed25519',
    account('x', { plugin: 'ed25519' }),
    'ed25519: the server hides what MySwitch would log in with; give its password in users',
  ],
  ['ed25519 whose password is given', account('given', { plugin: 'ed25519' }), null],
  ['a locked account', account('x', { plugin: 'pam', locked: true }), null],
  [
    'an expired password',
    account('x', { passwordExpired: true }),
    'its password has expired: only at the server can it be changed',
  ],
  ['a second factor', account('x', { plugin: NO_LOGIN }, { unfit: 'it asks for more' }), 'it asks for more'],
  ['REQUIRE SSL', account('x', { tls: 'ANY' }), 'it requires TLS, and MySwitch connects without to plain'],
  [
    'REQUIRE X509',
    account('x', { tls: 'X509' }),
    'it requires a certificate, and MySwitch connects without to plain, tls',
  ],
  [
    'FAILED_LOGIN_ATTEMPTS',
    account('x', {}, { countsFailures: true }),
    'wrong passwords given to MySwitch are not counted by FAILED_LOGIN_ATTEMPTS',
  ],
])('caveat of %s', (_what, one, reason) => {
  const pool = {
    users: ['given'],
    nodes: [
      node('plain', null),
      node('tls', { ca: null, cert: null, key: null }),
      node('cert', { ca: null, cert: 'PEM', key: 'PEM' }),
    ],
  };
  expect(caveatsOf([one], pool)).toEqual(reason === null ? [] : [{ account: "'x'@'%'", reason }]);
});
