import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { AdminServer } from '../../src/admin';
import type { NodeReport, PoolReport } from '../../src/report';
import { EVENT, FakeControlPlane, fakePlane, POOL, portOf } from './fakes';

const [DB1] = POOL.nodes as [NodeReport];
const nodes: readonly NodeReport[] = [
  DB1,
  { ...DB1, name: 'db2', address: '127.0.0.1:3326', type: 'SECONDARY', state: 'STANDBY', up: 'ro', weight: 50 },
  {
    ...DB1,
    name: 'db3',
    address: '127.0.0.1:3336',
    type: 'SECONDARY',
    state: 'FAILED_OFFLINE',
    status: 'FAIL',
    up: null,
  },
];

let control: FakeControlPlane;
let server: AdminServer;
let connection: Connection;

beforeEach(async () => {
  control = new FakeControlPlane();
  control.status = (): Promise<PoolReport[]> => Promise.resolve([{ ...POOL, nodes }]);
  server = new AdminServer({
    user: 'admin',
    password: 'hush',
    control,
    plane: fakePlane,
    pools: ['shop'],
    variables: new Map(),
    log: () => undefined,
  });
  const port = portOf(await server.listen({ host: '127.0.0.1', port: 0 }));
  connection = await createConnection({ host: '127.0.0.1', port, user: 'admin', password: 'hush' });
});

afterEach(async () => {
  connection.destroy();
  await server.close();
});

async function query(sql: string): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  return rows;
}

describe('orders', () => {
  test.each([
    ['RECOVER NODE db3', { kind: 'recover', node: 'db3' }],
    ['SET NODE db2 POOL shop WEIGHT 0', { kind: 'set', node: 'db2', setting: { weight: 0 } }],
    ['RELEASE NODE db2', { kind: 'release', node: 'db2' }],
    ["FREEZE POOL shop REASON 'Friday'", { kind: 'freeze', reason: 'Friday' }],
    ['UNFREEZE POOL shop', { kind: 'unfreeze' }],
    ["PAUSE POOL shop FOR '2s'", { kind: 'pause', forMs: 2000 }],
    ['RESUME POOL shop', { kind: 'resume' }],
  ])('%s reaches the pool, with who asked', async (sql, order) => {
    expect(await query(sql)).toEqual([{ result: 'done', code: null, message: 'it is so now' }]);
    expect(control.asked).toEqual([{ pool: 'shop', order, by: 'admin@127.0.0.1' }]);
  });

  test('a refusal is a row', async () => {
    control.refusal = 'NOT_FAILED';
    expect(await query('RECOVER NODE db1')).toEqual([
      { result: 'refused', code: 'NOT_FAILED', message: 'it is as it is' },
    ]);
  });

  test.each([
    ['RECOVER NODE db9', 'UNKNOWN_NODE: there is no node "db9"; the nodes are db1, db2, db3'],
    ['RECOVER NODE db1 POOL other', 'UNKNOWN_POOL: there is no pool "other"; the pools are shop'],
    ['FREEZE POOL other', 'UNKNOWN_POOL: there is no pool "other"; the pools are shop'],
    ['POLL POOL other', 'UNKNOWN_POOL: there is no pool "other"; the pools are shop'],
    ['SHOW EVENTS POOL other', 'UNKNOWN_POOL: there is no pool "other"; the pools are shop'],
    ['REPORT NODE db9', 'UNKNOWN_NODE: there is no node "db9"; the nodes are db1, db2, db3'],
  ])('%s', async (sql, message) => {
    await expect(query(sql)).rejects.toMatchObject({ errno: 1105, message });
    expect(control.asked).toEqual([]);
  });
});

test('POLL POOL polls, then shows the nodes', async () => {
  const rows = await query('POLL POOL shop');
  expect(control.asked).toMatchObject([{ pool: 'shop', order: { kind: 'poll' } }]);
  expect(rows.map(({ pool, name, state, weight }) => [pool, name, state, weight])).toEqual([
    ['shop', 'db1', 'ACTIVE', 100],
    ['shop', 'db2', 'STANDBY', 50],
    ['shop', 'db3', 'FAILED_OFFLINE', 100],
  ]);
});

test.each([
  ['db1', 'OK/ACTIVE (PRIMARY)'],
  ['db2', 'OK/STANDBY (SECONDARY)'],
  ['db3', 'FAIL/FAILED_OFFLINE (SECONDARY)'],
])('REPORT NODE %s: %s', async (node, report) => {
  expect(await query(`REPORT NODE ${node}`)).toEqual([{ report }]);
});

test.each([
  ['db1', 'UP'],
  ['db1 RW', 'UP'],
  ['db1 RO', 'UP'],
  ['db2', 'DOWN'],
  ['db2 RO', 'UP'],
  ['db3 RO', 'DOWN'],
])('IS UP NODE %s: %s', async (node, answer) => {
  expect(await query(`IS UP NODE ${node}`)).toEqual([{ answer }]);
});

test('SHOW EVENTS', async () => {
  const { facts, ...rest } = EVENT;
  expect(await query('SHOW EVENTS')).toEqual([{ ...rest, facts: JSON.stringify(facts) }]);
});

describe('MPP', () => {
  test('SHOW ALL has both groups of each node', async () => {
    const rows = await query('MPP SHOW ALL');
    expect(Object.keys(rows[0] ?? {})).toEqual(['nodename', 'group', 'element', 'value']);
    expect(rows.slice(8, 16).map((row) => Object.values(row).join(' '))).toEqual([
      '127.0.0.1:3326 proxy type BACKEND_TYPE_RO',
      '127.0.0.1:3326 proxy state BACKEND_STATE_UP',
      '127.0.0.1:3326 proxy address 127.0.0.1:3326',
      '127.0.0.1:3326 proxy connected_clients 4',
      '127.0.0.1:3326 mpp type SECONDARY',
      '127.0.0.1:3326 mpp state STANDBY',
      '127.0.0.1:3326 mpp status OK',
      '127.0.0.1:3326 mpp weight 50',
    ]);
    expect(rows).toHaveLength(24);
  });

  test.each([
    ['MPP SET 127.0.0.1:3326 STATE STANDBY', { state: 'STANDBY' }],
    ['MPP SET 127.0.0.1:3326 WEIGHT 1', { weight: 1 }],
    ['MPP INITIALIZE 127.0.0.1:3326 TYPE PRIMARY', { type: 'PRIMARY' }],
  ])('%s: one row SUCCESS', async (sql, setting) => {
    expect((await query(sql)).map((row) => Object.values(row))).toEqual([['SUCCESS']]);
    expect(control.asked).toMatchObject([{ pool: 'shop', order: { kind: 'set', node: 'db2', setting } }]);
  });

  test('a node that no pool has, and a wish that is refused', async () => {
    await expect(query('MPP INITIALIZE 127.0.0.1:9999 TYPE PRIMARY')).rejects.toMatchObject({
      message:
        'UNKNOWN_NODE: no pool has a node at 127.0.0.1:9999: add it under pools[].nodes in myswitch.yaml, and start MySwitch again',
    });
    control.refusal = 'NOT_BY_HAND';
    await expect(query('MPP SET 127.0.0.1:3326 STATE ACTIVE')).rejects.toMatchObject({
      message: 'NOT_BY_HAND: it is as it is',
    });
  });
});
