import { EVENT, POOL } from '../../orchestrator/test/admin/fakes';
import { COMMANDS } from '../src/commands';
import { FakeAdmin } from './fake-admin';

jest.setTimeout(30_000);

let admin: FakeAdmin;

beforeEach(async () => {
  admin = new FakeAdmin();
  await admin.start();
});

afterEach(() => admin.stop());

const ORDERS: readonly [string[], object][] = [
  [['recover', 'db1'], { kind: 'recover', node: 'db1' }],
  [['release', 'db1'], { kind: 'release', node: 'db1' }],
  [
    ['set', 'db1', '--type=SECONDARY', '--state=FAILED_ONLINE', '--status=FAIL', '--weight=0'],
    { kind: 'set', node: 'db1', setting: { type: 'SECONDARY', state: 'FAILED_ONLINE', status: 'FAIL', weight: 0 } },
  ],
  [['freeze', 'shop', "--reason=it's Friday"], { kind: 'freeze', reason: "it's Friday" }],
  [['freeze', 'shop'], { kind: 'freeze', reason: '' }],
  [['unfreeze', 'shop'], { kind: 'unfreeze' }],
  [['pause', 'shop', '--for=1500ms'], { kind: 'pause', forMs: 1500 }],
  [['pause', 'shop'], { kind: 'pause', forMs: null }],
  [['resume', 'shop'], { kind: 'resume' }],
];

test('without a terminal each of them needs --yes: exit 2', async () => {
  const all = await Promise.all(ORDERS.map(([args]) => admin.run(...args)));
  for (const { code, stderr } of all) {
    expect(code).toBe(2);
    expect(stderr).toContain('needs --yes');
  }
  expect(admin.control.asked).toEqual([]);
});

test('with it: exit 0, and the server was asked', async () => {
  const all = await Promise.all(ORDERS.map(([args]) => admin.run(...args, '--yes', '--json')));
  for (const { code, stdout } of all) {
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ result: 'done', code: null, message: 'it is so now' });
  }
  const by: unknown = expect.stringMatching(/^admin@/);
  expect(admin.control.asked).toHaveLength(ORDERS.length);
  for (const [, order] of ORDERS) expect(admin.control.asked).toContainEqual({ pool: 'shop', order, by });
});

test('a refusal: exit 3, with its code', async () => {
  admin.control.refusal = 'NOT_FAILED';
  const { code, stdout } = await admin.run('recover', 'db1', '-y');
  expect(code).toBe(3);
  expect(stdout).toBe('refused: nothing was changed\n  NOT_FAILED: it is as it is\n');
});

test('on a terminal it asks', async () => {
  const no = await admin.runOnTerminal('n\n', 'recover', 'db1');
  expect(no).toMatchObject({ code: 3, stdout: expect.stringContaining('Is db1 mended? [y/N]') });
  expect(admin.control.asked).toEqual([]);
  const yes = await admin.runOnTerminal('y\n', 'recover', 'db1');
  expect(yes).toMatchObject({ code: 0, stdout: expect.stringContaining('it is so now') });
});

test.each([
  [['recover', 'db9', '-y'], 'there is no node "db9"; the nodes are db1'],
  [['freeze', 'nope', '-y'], 'there is no pool "nope"; the pools are shop'],
  [['set', 'db1', '-y'], 'say --type, --state, --status or --weight'],
  [['set', 'db1', '--state=GOOD', '-y'], 'Expected --state=GOOD to be one of'],
  [['set', 'db1', '--weight=1001', '-y'], '1001'],
  [['pause', 'shop', '--for=5', '-y'], '"5" is not a duration'],
  [['is-up', 'db1', '--ro', '--rw'], '--rw'],
  [['events', 'nope'], 'there is no pool "nope"'],
])('%j: exit 2', async (args, message) => {
  const { code, stderr } = await admin.run(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

describe('reading asks nothing', () => {
  test('report', async () => {
    expect(await admin.run('report', 'db1')).toMatchObject({ code: 0, stdout: 'OK/ACTIVE (PRIMARY)\n' });
    expect(JSON.parse((await admin.run('report', 'db1', '--json')).stdout)).toEqual({
      node: 'db1',
      report: 'OK/ACTIVE (PRIMARY)',
    });
  });

  test('is-up: 0 and UP, or 1 and DOWN', async () => {
    expect(await admin.run('is-up', 'db1')).toMatchObject({ code: 0, stdout: 'UP\n' });
    admin.control.status = () => Promise.resolve([{ ...POOL, nodes: [{ ...POOL.nodes[0]!, up: 'ro' }] }]);
    expect(await admin.run('is-up', 'db1', '--rw')).toMatchObject({ code: 1, stdout: 'DOWN\n' });
    expect(await admin.run('is-up', 'db1', '--ro')).toMatchObject({ code: 0, stdout: 'UP\n' });
    const { code, stdout } = await admin.run('is-up', 'db1', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([1, { node: 'db1', up: false }]);
  });

  test('poll', async () => {
    const { code, stdout } = await admin.run('poll', 'shop');
    expect([code, stdout]).toEqual([0, expect.stringContaining('127.0.0.1:3316  PRIMARY  ACTIVE  OK')]);
    expect(admin.control.asked).toMatchObject([{ pool: 'shop', order: { kind: 'poll' } }]);
    expect(JSON.parse((await admin.run('poll', 'shop', '--json')).stdout)).toEqual({ nodes: POOL.nodes });
  });

  test('events', async () => {
    const { code, stdout } = await admin.run('events', 'shop');
    expect(code).toBe(0);
    expect(stdout).toContain(`${EVENT.at}  shop  STATE  db2   monitor  ${EVENT.message}`);
    expect(JSON.parse((await admin.run('events', '--json')).stdout)).toEqual([EVENT]);
  });
});

test('status tells what was set, frozen and paused', async () => {
  const pausedUntil = '2026-01-02T03:04:14.000Z';
  const set = { state: 'STANDBY', by: 'admin@here', at: EVENT.at } as const;
  const pool = { ...POOL, frozen: 'Friday', pausedUntil, nodes: [{ ...POOL.nodes[0]!, set }] };
  admin.control.status = () => Promise.resolve([pool]);
  const { stdout } = await admin.run('status');
  expect(stdout).toContain('\n  frozen: Friday\n');
  expect(stdout).toContain(`\n  paused until ${pausedUntil}\n`);
  expect(JSON.parse((await admin.run('status', '--json')).stdout)).toEqual({ pools: [pool] });
});

test('every command has a summary', () => {
  for (const command of Object.values(COMMANDS)) expect(command.summary).toMatch(/\w/);
});
