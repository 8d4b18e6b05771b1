import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiscoveredNode, Discovery } from '@myswitch/orchestrator';
import { Capability, encodeErr, encodeHandshake, encodePacket } from '@myswitch/protocol';
import { parse } from 'yaml';
import { proposeConfig } from '../src/discovery/propose';
import { mayWriteOver, writeConfig } from '../src/discovery/write';
import { describeDiscovery } from '../src/output/tree';
import { run, type Ran } from './fake-admin';

const OLD_MYSQL = {
  serverVersion: '8.0.36',
  connectionId: 1,
  nonce: Buffer.alloc(20, 1),
  capabilities: Capability.PROTOCOL_41 | Capability.SECURE_CONNECTION | Capability.PLUGIN_AUTH,
  characterSet: 255,
  status: 2,
  authPlugin: 'mysql_native_password',
  mariadbCapabilities: 0,
};
const PROGRAM = join(__dirname, '../bin/run.js');

const source = (name: string, change: object = {}): DiscoveredNode['sources'][number] => ({
  channel: '',
  node: name,
  address: name,
  receiving: true,
  applying: true,
  lagSeconds: 0,
  delaySeconds: 0,
  autoPosition: true,
  filters: [],
  lastError: null,
  ...change,
});

function node(name: string, follows: readonly string[] = [], change: Partial<DiscoveredNode> = {}): DiscoveredNode {
  return {
    name,
    address: name,
    role: follows.length === 0 ? 'primary' : 'replica',
    kind: 'mysql',
    version: '9.7.4-2',
    identity: name,
    serverId: 1,
    readOnly: follows.length > 0,
    gtid: '',
    sources: follows.map((each) => source(each)),
    answer: 'ANSWERED',
    hostname: null,
    uptimeSeconds: 90_000,
    replicationUsers: [],
    problems: [],
    ...change,
  };
}

const silent = (name: string, follows: string, message: string): DiscoveredNode =>
  node(name, [follows], { answer: 'UNREACHABLE', role: 'unknown', problems: [{ code: 'UNREACHABLE', message }] });

const tree = (...nodes: readonly DiscoveredNode[]): Discovery => ({
  at: '2026-01-01T00:00:00.000Z',
  start: 'a:1',
  complete: true,
  nodes,
});

interface Pool {
  readonly pools: readonly {
    readonly listen: string;
    readonly nodes: readonly object[];
    readonly replication: { readonly user: string };
  }[];
  readonly admin: { readonly listen: string };
}

const poolOf = (text: string): Pool['pools'][number] => (parse(text) as Pool).pools[0]!;

describe('the tree for people', () => {
  test('each node under its source, with what is wrong', () => {
    const text = describeDiscovery(
      tree(
        node('a:1', [], { gtid: 'u:1-5' }),
        node('b:1', ['a:1'], { readOnly: false, problems: [{ code: 'WRITABLE_REPLICA', message: 'it is' }] }),
        silent('c:1', 'b:1', 'connect ECONNREFUSED'),
        node('d:1', ['a:1'], { sources: [source('a:1', { lagSeconds: 7 }), source('x:1', { channel: 'x' })] }),
      ),
    );
    expect(text.split('\n')).toEqual([
      'a:1  MySQL 9.7.4  primary  writable  up 25 h',
      '│   GTID u:1-5',
      '├─ b:1  MySQL 9.7.4  replica  writable  lag 0 s  up 25 h',
      '│  │   ! WRITABLE_REPLICA: it is',
      '│  └─ c:1  UNREACHABLE',
      '│         ! UNREACHABLE: connect ECONNREFUSED',
      '└─ d:1  MySQL 9.7.4  replica  read-only  lag 7 s  up 25 h',
      '       follows a:1 and x:1',
      '',
      '4 nodes, something is wrong with 2',
    ]);
  });

  test('a circle is drawn once, and says where it closes', () => {
    const text = describeDiscovery(tree(node('a:1', ['b:1'], { readOnly: false }), node('b:1', ['a:1'])));
    expect(text.split('\n').slice(0, 3)).toEqual([
      'a:1  MySQL 9.7.4  replica  writable  lag 0 s  up 25 h',
      '│   follows b:1, below',
      '└─ b:1  MySQL 9.7.4  replica  read-only  lag 0 s  up 25 h',
    ]);
  });

  test('a server can not write on the terminal', () => {
    const problems = [{ code: 'X', message: 'a\u001B[2Jb\nc\u009Bd' }];
    expect(describeDiscovery(tree(node('a:1', [], { problems })))).toContain('! X: a [2Jb c d');
  });
});

describe('the proposed configuration', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'myswitch-propose-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const found = tree(
    node('10.0.0.1:3307', [], { hostname: 'alpha.example.com' }),
    node('10.0.0.2:6032', ['10.0.0.1:3307'], { hostname: 'beta.example.com', replicationUsers: ['slave'] }),
    silent('10.0.0.3:3306', '10.0.0.1:3307', 'gone\r\npools: []'),
  );

  test('has every node that answered, and names the others', () => {
    const text = proposeConfig(found);
    expect(poolOf(text).nodes).toEqual([
      { name: 'alpha', address: '10.0.0.1:3307', type: 'primary' },
      { name: 'beta', address: '10.0.0.2:6032', type: 'secondary' },
    ]);
    expect(text).toContain('# not in it: 10.0.0.3:3306 (gone pools: [])');
    expect(poolOf(text).replication.user).toBe('slave');
    expect([poolOf(text).listen, (parse(text) as Pool).admin.listen]).toEqual(['127.0.0.1:3308', '127.0.0.1:6033']);
  });

  test('names nodes by number where machines do not have names of their own', () => {
    const text = proposeConfig(tree(node('a:1', [], { hostname: 'vm' }), node('a:2', ['a:1'], { hostname: 'vm' })));
    expect(poolOf(text).nodes).toMatchObject([{ name: 'db1' }, { name: 'db2' }]);
  });

  test.each([
    ['another network', '192.168.0.1:3306', { replicationAddress: '192.168.0.1:3306' }],
    ['loopback', '127.0.0.1:3306', {}],
  ])('replicas that reach their source by %s', (_title, address, expected) => {
    const sources = [source('10.0.0.1:3306', { address })];
    const text = proposeConfig(tree(node('10.0.0.1:3306'), node('10.0.0.2:3306', ['10.0.0.1:3306'], { sources })));
    expect(poolOf(text).nodes[0]).toEqual({ name: 'db1', address: '10.0.0.1:3306', type: 'primary', ...expected });
  });

  test('is written only if the loader takes it, and over nothing without a yes', async () => {
    const file = join(folder, 'myswitch.yaml');
    expect(() => writeConfig(file, proposeConfig(found, { listen: '10.0.0.1:3307' }), false)).toThrow('listens on');
    expect(() => writeConfig(file, 'pools: []', false)).toThrow('needs at least one pool');
    expect(readdirSync(folder)).toEqual([]);
    writeConfig(file, proposeConfig(found), false);
    const text = readFileSync(file, 'utf8');
    expect(() => writeConfig(file, proposeConfig(found), false)).toThrow('--yes');
    await expect(mayWriteOver(file, false)).rejects.toMatchObject({ code: 'NEEDS_YES', exitCode: 2 });
    writeFileSync(file, 'other');
    writeConfig(file, text, await mayWriteOver(file, true));
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(folder)).toEqual(['myswitch.yaml']);
  });
});

describe('the command, where there is no server', () => {
  let folder: string;
  let password: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'myswitch-discover-'));
    password = join(folder, 'password');
    writeFileSync(password, 'hush-hush\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const discover = (...args: readonly string[]): Promise<Ran> => run([PROGRAM, 'discover', ...args]).ended;

  test.each<[string, (folder: string) => string[], string]>([
    ['no address', () => ['db1'], '"db1" is not an address'],
    ['no password', () => ['127.0.0.1:1'], '--password-file FILE, or MYSWITCH_DISCOVER_PASSWORD'],
    ['no such file', (at) => ['127.0.0.1:1', '--password-file', join(at, 'none')], "can't read"],
  ])('%s: exit 2', async (_title, args, message) => {
    const { code, stderr } = await discover(...args(folder));
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('init: a server tells its version before any login, and the statements are those for it', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(encodePacket(encodeHandshake(OLD_MYSQL), 0));
      const refusal = { code: 1045, sqlState: '28000', message: "Access denied for user 'myswitch'" };
      socket.once('data', () => socket.end(encodePacket(encodeErr(refusal), 2)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const flags = ['control', 'replication', 'admin'].flatMap((each) => [`--${each}-password-file`, password]);
      const config = ['--config', join(folder, 'myswitch.yaml')];
      const args = ['init', `127.0.0.1:${port}`, '--listen', '127.0.0.1:3307', ...flags, ...config];
      const { code, stderr } = await run([PROGRAM, ...args]).ended;
      expect(code).toBe(7);
      expect(stderr).toContain('MySQL 8.0.36:');
      expect(stderr).toContain('EVENT, SET_USER_ID ON *.*');
      expect(stderr).not.toContain('MariaDB');
    } finally {
      server.close();
    }
  });

  test.each<[string, (socket: Socket) => void]>([
    ['hangs up', (socket) => socket.end()],
    ['sends what is no greeting', (socket) => socket.end(Buffer.alloc(100_000, 1))],
  ])('somebody who %s: exit 6, and the password is told nobody', async (_title, greet) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      greet(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const { code, stdout, stderr } = await discover(`127.0.0.1:${port}`, '--password-file', password, '--json');
      expect(code).toBe(6);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'UNREACHABLE' } });
      expect(stdout + stderr).not.toContain('hush-hush');
    } finally {
      server.close();
    }
  });
});
