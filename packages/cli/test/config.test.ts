import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadAdminAccess, loadServerConfig } from '../src/config';

let directory: string;
let file: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'myswitch-config-'));
  file = join(directory, 'myswitch.yaml');
});

afterAll(() => rmSync(directory, { recursive: true }));

const MINIMAL = `admin: { password: hush }
pools:
  - name: shop
    listen: 127.0.0.1:3307
    nodes:
      - { name: db1, address: 127.0.0.1:3316, type: primary }
      - { name: db2, address: 127.0.0.1:3326 }
    control: { user: myswitch, password: secret }
    users: [{ name: app, password: secret }]
`;

function load(text: string, environment: Record<string, string> = {}) {
  writeFileSync(file, text);
  return loadServerConfig(file, environment);
}

/** The lines of the report, without the file's name in front (each must have it). */
function problems(text: string, environment: Record<string, string> = {}): string[] {
  try {
    load(text, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.exitCode).toBe(2);
    return error.message.split('\n').map((line) => {
      expect(line.startsWith(`${file}:`)).toBe(true);
      return line.slice(file.length + 1);
    });
  }
  return [];
}

/** {@link MINIMAL} with more keys of the pool (each line of `extra` is one). */
function withPool(...extra: string[]): string {
  return `${MINIMAL}${extra.map((line) => `    ${line}\n`).join('')}`;
}

describe('a file with the required keys only', () => {
  test('gets the defaults of the reference', () => {
    const config = load(MINIMAL);
    expect(config.workers).toBe(2);
    expect(config.admin).toEqual({ listen: { host: '127.0.0.1', port: 6032 }, user: 'admin', password: 'hush' });
    expect(config.http).toEqual({ host: '127.0.0.1', port: 6080 });
    expect(config.orchestrator).toEqual({
      stateDir: join(directory, 'state'),
      pools: [
        {
          name: 'shop',
          nodes: [
            {
              name: 'db1',
              host: '127.0.0.1',
              port: 3316,
              type: 'PRIMARY',
              replication: { host: '127.0.0.1', port: 3316 },
              tls: null,
              weight: 100,
              site: null,
            },
            {
              name: 'db2',
              host: '127.0.0.1',
              port: 3326,
              type: 'SECONDARY',
              replication: { host: '127.0.0.1', port: 3326 },
              tls: null,
              weight: 100,
              site: null,
            },
          ],
          control: { user: 'myswitch', password: 'secret' },
          replication: null,
          users: ['app'],
          monitor: { intervalMs: 1_000, failures: 4, schema: 'myswitch' },
          failover: { mode: 'manual', windowMs: 600_000, applyMs: 30_000, failback: 'manual' },
          hooks: { before: null, after: null, stonith: null },
          rebuild: { command: null, timeoutMs: 14_400_000, restartMs: 600_000 },
          notify: null,
          checkpoints: [],
          switch: {
            maxLagMs: 1_000,
            catchUpMs: 30_000,
            drainMs: 2_000,
            fenceMs: 1_000,
            applyMs: 5_000,
            rollbackMs: 1_000,
            bypass: 'refuse',
            allow: [],
            events: 'move',
          },
          hold: { maxMs: 10_000, clients: 10_000, bytes: 67_108_864 },
        },
      ],
    });
    expect(config.proxy).toEqual({
      pools: [
        {
          name: 'shop',
          listen: [{ host: '127.0.0.1', port: 3307 }],
          maxClients: 10_000,
          tls: null,
          proxyProtocol: null,
          nodes: [
            { name: 'db1', host: '127.0.0.1', port: 3316, tls: null, proxyProtocol: false },
            { name: 'db2', host: '127.0.0.1', port: 3326, tls: null, proxyProtocol: false },
          ],
          users: [{ name: 'app', password: 'secret' }],
          control: { name: 'myswitch', password: 'secret' },
          hold: { maxMs: 10_000, clients: 10_000, bytes: 67_108_864 },
          backend: { min: 2, max: 64 },
        },
      ],
    });
  });
});

describe('values', () => {
  test('addresses, certificates and passwords of every form', () => {
    writeFileSync(join(directory, 'pw'), 'from file\n');
    writeFileSync(join(directory, 'cert.pem'), 'CERT');
    writeFileSync(join(directory, 'key.pem'), 'KEY');
    const config = load(
      `stateDir: /var/lib/myswitch
admin: { listen: localhost:6033, password: { env: ADMIN } }
pools:
  - name: shop
    listen: [127.0.0.1:3307, "[::1]:3307", unix:shop.sock]
    tls: { cert: cert.pem, key: key.pem }
    nodes:
      - { name: db1, address: "[fd00::1]:3306", replicationAddress: db1.internal:3307, tls: { ca: cert.pem } }
    control: { user: m, password: { file: pw } }
    replication: { user: r, password: plain }
    users: [{ name: app, password: "" }]
    switch: { drain: 200ms, maxLag: 1.5s }
    hold: { bytes: 1GiB }
`,
      { ADMIN: 'from environment' },
    );
    expect(config.admin).toEqual({
      listen: { host: 'localhost', port: 6033 },
      user: 'admin',
      password: 'from environment',
    });
    expect(config.orchestrator.stateDir).toBe('/var/lib/myswitch');
    const [proxy] = config.proxy.pools;
    const [orchestrator] = config.orchestrator.pools;
    expect(proxy?.listen).toEqual([
      { host: '127.0.0.1', port: 3307 },
      { host: '::1', port: 3307 },
      { path: join(directory, 'shop.sock') },
    ]);
    expect(proxy?.tls).toEqual({ cert: 'CERT', key: 'KEY', ca: null });
    expect(proxy?.nodes[0]).toEqual({
      name: 'db1',
      host: 'fd00::1',
      port: 3306,
      tls: { ca: 'CERT', cert: null, key: null },
      proxyProtocol: false,
    });
    expect(proxy?.hold.bytes).toBe(1_073_741_824);
    expect(orchestrator?.nodes[0]?.replication).toEqual({ host: 'db1.internal', port: 3307 });
    expect(orchestrator?.control.password).toBe('from file');
    expect(orchestrator?.replication).toEqual({ user: 'r', password: 'plain' });
    expect(orchestrator?.switch).toMatchObject({ drainMs: 200, maxLagMs: 1_500 });
  });

  test('anchors are followed, also for the line of a problem', () => {
    const text = MINIMAL.replace(
      'users: [{ name: app, password: secret }]',
      'users: &u [{ name: app, password: secret }]',
    );
    expect(
      problems(`${text}  - name: other
    listen: 127.0.0.1:3308
    nodes: [{ name: db3, address: 127.0.0.1:3336 }]
    control: { user: m, password: x }
    users: *u
`),
    ).toEqual([]);
  });
});

describe('accounts', () => {
  const LEARNED = MINIMAL.replace(/ {4}users:.*\n/, '');

  test('need not be given', () => {
    expect(LEARNED).not.toContain('users');
    expect(load(LEARNED).proxy.pools[0]?.users).toEqual([]);
    expect(load(LEARNED).orchestrator.pools[0]?.users).toEqual([]);
    expect(load(`${LEARNED}    users: []\n`).proxy.pools[0]?.users).toEqual([]);
  });
});

test('the PROXY protocol, on both sides', () => {
  const text = withPool('proxyProtocol: { trust: [10.0.0.7, 10.1.0.0/16, "fd00::/8"] }').replace(
    'db2, address: 127.0.0.1:3326',
    'db2, address: 127.0.0.1:3326, proxyProtocol: true',
  );
  const [pool] = load(text).proxy.pools;
  expect(pool?.proxyProtocol).toEqual({ trust: ['10.0.0.7', '10.1.0.0/16', 'fd00::/8'] });
  expect(pool?.nodes.map(({ proxyProtocol }) => proxyProtocol)).toEqual([false, true]);
});

test.each([
  '10.0.0.0/33',
  '10.0.0',
  'lb.example.com',
  '10.0.0.0/8/8',
  'fe80::1%eth0',
  '::/129',
  '10.0.0.0/',
  '10.0.0.0/-1',
])('%s is no network', (network) => {
  expect(problems(withPool(`proxyProtocol: { trust: ["${network}"] }`))).toEqual([
    `10: pools[0].proxyProtocol.trust[0]: "${network}" is not an address such as 10.0.0.7 or a network such as 10.0.0.0/8`,
  ]);
});

describe('each bad input is told with its line', () => {
  test.each([
    [
      'an unknown key',
      `colour: red\n${MINIMAL}`,
      '1: unknown key "colour"; known keys: stateDir, workers, admin, http, pools',
    ],
    ['a mistyped key', withPool('maxClient: 5'), '10: unknown key "maxClient" in pools[0]; did you mean "maxClients"?'],
    [
      'a mistyped key in a node',
      MINIMAL.replace('type: primary', 'typ: primary'),
      '6: unknown key "typ" in pools[0].nodes[0]; did you mean "type"?',
    ],
    ['a wrong type', `workers: "2"\n${MINIMAL}`, '1: workers: expected a number, found "2"'],
    ['a fraction', `workers: 1.5\n${MINIMAL}`, '1: workers: expected an int, found 1.5'],
    ['too many', `workers: 1000\n${MINIMAL}`, '1: workers: 1000 is above the greatest value, 256'],
    ['too few', withPool('maxClients: 0'), '10: pools[0].maxClients: 0 is below the least value, 1'],
    [
      'a duration without unit',
      withPool('hold: { max: 5 }'),
      '10: pools[0].hold.max: expected a duration such as 1s or 200ms, found 5',
    ],
    [
      'a wrong duration',
      withPool('hold:', '  max: soon'),
      '11: pools[0].hold.max: "soon" is not a duration such as 1s or 200ms',
    ],
    ['a wrong size', withPool('hold: { bytes: 64MB }'), '10: pools[0].hold.bytes: "64MB" is not a size such as 64MiB'],
    [
      'an address without port',
      MINIMAL.replace('127.0.0.1:3326', 'db2'),
      '7: pools[0].nodes[1].address: "db2" is not an address such as db1.example.com:3306 or "[::1]:3306"',
    ],
    [
      'a port out of range',
      MINIMAL.replace(':3326', ':99999'),
      '7: pools[0].nodes[1].address: "127.0.0.1:99999" has no port from 1 to 65535',
    ],
    [
      'a node at a socket',
      MINIMAL.replace('127.0.0.1:3326', 'unix:/tmp/x'),
      '7: pools[0].nodes[1].address: "unix:/tmp/x" is not an address such as db1.example.com:3306 or "[::1]:3306"',
    ],
    [
      'a wrong word',
      MINIMAL.replace('type: primary', 'type: main'),
      '6: pools[0].nodes[0].type: expected "primary" or "secondary", found "main"',
    ],
    ['no node', MINIMAL.replace(/nodes:\n.*\n.*\n/, 'nodes: []\n'), '5: pools[0].nodes: needs at least one node'],
    ['no pool', 'admin: { password: x }\npools: []\n', '2: pools: needs at least one pool'],
    ['a missing key', MINIMAL.replace(/ {4}control.*\n/, ''), '3: pools[0].control: is missing'],
    ['an empty file', '', '1: the file: expected a mapping, found nothing'],
    [
      'a password of no known form',
      MINIMAL.replace('{ password: hush }', '{ password: { var: X } }'),
      '1: unknown key "var" in admin.password; known keys: env, file',
    ],
    [
      'a password from two places',
      MINIMAL.replace('hush', '{ env: A, file: b }'),
      '1: admin.password: a mapping needs either env or file',
    ],
    [
      'a number for a password, which is not shown',
      MINIMAL.replace('hush', '4711'),
      '1: admin.password: expected a string, { env: NAME } or { file: PATH }, found a number',
    ],
    ['an empty admin password', MINIMAL.replace('hush', '""'), '1: admin.password: is empty'],
    [
      'a missing environment variable',
      MINIMAL.replace('hush', '{ env: NOPE }'),
      '1: admin.password: the environment variable NOPE is not set',
    ],
    [
      'the default admin password, not set',
      MINIMAL.replace('admin: { password: hush }\n', ''),
      '1: admin.password: the environment variable MYSWITCH_ADMIN_PASSWORD is not set',
    ],
    [
      'a wrong name',
      MINIMAL.replace('name: shop', 'name: my shop'),
      '3: pools[0].name: "my shop" is not a name (letters, digits, "_", "-" and ".", 64 characters at most)',
    ],
    ['a repeated key', `workers: 2\nworkers: 3\n${MINIMAL}`, '2: Map keys must be unique'],
    [
      'an IPv6 address without quotes',
      MINIMAL.replace('listen: 127.0.0.1:3307', 'listen: [::1]:3307'),
      '4: Unexpected scalar at node end; an IPv6 address is written in quotes: "[::1]:3306"',
    ],
  ])('%s', (_what, text, expected) => {
    expect(problems(text)[0]).toBe(expected);
  });

  test('an unreadable password file', () => {
    expect(problems(MINIMAL.replace('hush', '{ file: nowhere }'))).toEqual([
      `1: admin.password: can't read ${join(directory, 'nowhere')} (ENOENT)`,
    ]);
  });

  test('no file', () => {
    expect(() => loadServerConfig('/nowhere/myswitch.yaml', {})).toThrow(
      '/nowhere/myswitch.yaml:1: there is no such file; name another with --config FILE',
    );
  });

  test('all of them at once, in the order of lines', () => {
    expect(problems(`workers: many\n${withPool('maxClient: 5', 'hold: { max: 5 }')}`)).toEqual([
      '1: workers: expected a number, found "many"',
      '11: unknown key "maxClient" in pools[0]; did you mean "maxClients"?',
      '12: pools[0].hold.max: expected a duration such as 1s or 200ms, found 5',
    ]);
  });
});

describe('each contradiction is told with both values and their lines', () => {
  const secondPool = (listen: string, name: string, node: string, address: string) =>
    `${MINIMAL}  - name: ${name}
    listen: ${listen}
    nodes: [{ name: ${node}, address: "${address}" }]
    control: { user: m, password: x }
    users: [{ name: app, password: x }]
`;

  test.each([
    [
      'the hold is not longer than the steps that it covers',
      withPool('switch: { drain: 3s }', 'hold: { max: 10s }'),
      '11: pools[0].hold.max: 10s (line 11) must be more than 10s, the sum of switch.drain 3s (line 10) + fence 1s (default) + apply 5s (default) + rollback 1s (default)',
    ],
    [
      'the same with a default hold',
      withPool('switch: { apply: 1m }'),
      '3: pools[0].hold.max: 10s (default) must be more than 64s, the sum of switch.drain 2s (default) + fence 1s (default) + apply 1m (line 10) + rollback 1s (default)',
    ],
    [
      'backend.min and max',
      withPool('backend:', '  min: 9', '  max: 8'),
      '11: pools[0].backend.min: 9 is more than backend.max 8 (line 12)',
    ],
    [
      'backend.max and workers',
      `workers: 16\n${withPool('backend: { max: 8 }')}`,
      '11: pools[0].backend.max: 8 is less than workers 16 (line 1)',
    ],
    [
      'two pools on one port',
      secondPool('127.0.0.1:3307', 'other', 'db3', '127.0.0.1:3336'),
      '11: pools[1].listen: pool "other" and pool "shop" both listen on 127.0.0.1:3307; see pools[0].listen (line 4)',
    ],
    [
      'two pools on one port, one on every address',
      secondPool('0.0.0.0:3307', 'other', 'db3', '127.0.0.1:3336'),
      '11: pools[1].listen: pool "other" and pool "shop" both listen on 0.0.0.0:3307 and 127.0.0.1:3307; see pools[0].listen (line 4)',
    ],
    [
      'a pool on the admin port',
      secondPool('[127.0.0.1:3308, localhost:6032]', 'other', 'db3', '127.0.0.1:3336'),
      '11: pools[1].listen[1]: pool "other" and admin both listen on localhost:6032 and 127.0.0.1:6032; see admin.listen (default)',
    ],
    [
      'http on the admin port',
      `http: { listen: 127.0.0.1:6032 }\n${MINIMAL}`,
      '1: http.listen: http and admin both listen on 127.0.0.1:6032; see admin.listen (default)',
    ],
    [
      'a pool that leads to itself',
      MINIMAL.replace('listen: 127.0.0.1:3307', 'listen: 0.0.0.0:3316'),
      '4: pools[0].listen: pool "shop" listens on 0.0.0.0:3316 and 127.0.0.1:3316, where node "db1" is (line 6)',
    ],
    [
      'two pools of one name',
      secondPool('127.0.0.1:3308', 'shop', 'db3', '127.0.0.1:3336'),
      '10: pools[1].name: pool "shop" is there twice; see pools[0].name (line 3)',
    ],
    [
      'a node in two pools, by name',
      secondPool('127.0.0.1:3308', 'other', 'db1', '127.0.0.1:3336'),
      '12: pools[1].nodes[0].name: node "db1" is in pools "other" and "shop"; see pools[0].nodes[0].name (line 6)',
    ],
    [
      'a node in two pools, by address',
      secondPool('127.0.0.1:3308', 'other', 'db3', 'localhost:3316'),
      '12: pools[1].nodes[0].address: node "db3" in pool "other" and node "db1" in pool "shop" are one server (localhost:3316 and 127.0.0.1:3316); see pools[0].nodes[0].address (line 6)',
    ],
    [
      'an account twice',
      MINIMAL.replace('users: [', 'users: [{ name: app, password: x }, '),
      '9: pools[0].users[1].name: account "app" is there twice; see pools[0].users[0].name (line 9)',
    ],
  ])('%s', (_what, text, expected) => {
    expect(problems(text)[0]).toBe(expected);
  });

  test('the same port on two addresses is none', () => {
    expect(problems(secondPool('127.0.0.2:3307', 'other', 'db3', '127.0.0.1:3336'))).toEqual([]);
    expect(problems(MINIMAL.replace('listen: 127.0.0.1:3307', 'listen: [127.0.0.1:3307, "[::1]:3307"]'))).toEqual([]);
  });

  test('told together with secrets that can not be read', () => {
    const text = withPool('backend: { min: 9, max: 8 }').replace('hush', '{ env: NOPE }');
    expect(problems(text)).toHaveLength(2);
  });
});

test('a client of the admin port needs no other secret than its own', () => {
  writeFileSync(file, MINIMAL.replace('password: secret', 'password: { env: NOPE }'));
  expect(loadAdminAccess(file, {}).password).toBe('hush');
});

describe('what an operator has a say in', () => {
  const withText = (text: string): string => `${MINIMAL}${text.replace(/^(?=.)/gm, '    ')}`;

  test('commands and checkpoints', () => {
    const [pool] = load(
      withText(`hooks:
  before: { command: [./hooks/before.sh, a b], timeout: 200ms }
  stonith: { command: [ipmitool, power, off] }
rebuild: { command: [./copy.sh, ./x], timeout: 2h }
notify: { on: [FAIL, ADVICE], command: [logger] }
checkpoints:
  - { place: inside, tcp: 192.0.2.1:22 }
  - { place: edge, http: 'http://192.0.2.1/' }
  - { place: outside, mysql: '[2001:db8::1]:3306' }
`),
    ).orchestrator.pools;
    expect(pool).toMatchObject({
      hooks: {
        before: { command: [join(directory, 'hooks/before.sh'), 'a b'], timeoutMs: 200 },
        after: null,
        stonith: { command: ['ipmitool', 'power', 'off'], timeoutMs: 5_000 },
      },
      rebuild: { command: [join(directory, 'copy.sh'), './x'], timeoutMs: 7_200_000, restartMs: 600_000 },
      notify: { on: ['FAIL', 'ADVICE'], command: ['logger'], timeoutMs: 10_000 },
      checkpoints: [
        { place: 'inside', kind: 'tcp', host: '192.0.2.1', port: 22 },
        { place: 'edge', kind: 'http', url: 'http://192.0.2.1/' },
        { place: 'outside', kind: 'mysql', host: '2001:db8::1', port: 3306 },
      ],
    });
  });

  test.each([
    ['hooks: { before: { command: rm -rf / } }', 'hooks.before.command: expected a list, found "rm -rf /"'],
    ['hooks: { before: { command: [] } }', 'needs at least a program'],
    ['hooks: { during: { command: [a] } }', 'unknown key "during" in pools[0].hooks'],
    ['notify: { on: [SNOW], command: [a] }', 'notify.on[0]: expected "FAIL" or "RECOVERED"'],
    ['checkpoints: [{ place: moon, tcp: 192.0.2.1:22 }]', 'expected "inside" or "edge" or "outside", found "moon"'],
    ['checkpoints: [{ place: edge, tcp: 192.0.2.1 }]', 'is not an address such as'],
    ['checkpoints: [{ place: edge, http: ftp://x/ }]', 'is not a URL such as'],
  ])('%s is refused', (text, message) => {
    expect(() => load(withText(`${text}\n`))).toThrow(message);
  });
});
