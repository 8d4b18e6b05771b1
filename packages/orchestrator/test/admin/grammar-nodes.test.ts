import { parse } from '../../src/admin/grammar';

const order = (what: object, pool: string | null = null): object => ({ kind: 'order', pool, order: what });

test.each([
  ['RECOVER NODE db1', order({ kind: 'recover', node: 'db1' })],
  ["recover node 'db.1' pool shop;", order({ kind: 'recover', node: 'db.1' }, 'shop')],
  ['RELEASE NODE db1', order({ kind: 'release', node: 'db1' })],
  [
    "SET NODE db1 POOL shop TYPE 'primary', STATE FAILED_ONLINE, STATUS fail, WEIGHT 0",
    order(
      { kind: 'set', node: 'db1', setting: { type: 'PRIMARY', state: 'FAILED_ONLINE', status: 'FAIL', weight: 0 } },
      'shop',
    ),
  ],
  ["SET NODE db1 WEIGHT '7'", order({ kind: 'set', node: 'db1', setting: { weight: 7 } })],
  ['FREEZE POOL shop', order({ kind: 'freeze', reason: '' }, 'shop')],
  ["FREEZE POOL shop REASON 'it''s Friday'", order({ kind: 'freeze', reason: "it's Friday" }, 'shop')],
  ['UNFREEZE POOL shop', order({ kind: 'unfreeze' }, 'shop')],
  ['PAUSE POOL shop', order({ kind: 'pause', forMs: null }, 'shop')],
  ["PAUSE POOL shop FOR '1.5s'", order({ kind: 'pause', forMs: 1500 }, 'shop')],
  ['RESUME POOL shop', order({ kind: 'resume' }, 'shop')],
  ['POLL POOL shop', { kind: 'poll', pool: 'shop' }],
  ['REPORT NODE db1', { kind: 'report', node: 'db1', pool: null }],
  ['IS UP NODE db1', { kind: 'is-up', node: 'db1', pool: null, mode: 'rw' }],
  ['IS UP NODE db1 POOL shop RO', { kind: 'is-up', node: 'db1', pool: 'shop', mode: 'ro' }],
  ['IS UP NODE db1 RW', { kind: 'is-up', node: 'db1', pool: null, mode: 'rw' }],
  ['SHOW EVENTS', { kind: 'show-events', pool: null }],
  ['SHOW EVENTS POOL shop', { kind: 'show-events', pool: 'shop' }],
  [
    'MPP INITIALIZE 127.0.0.1:3306 TYPE PRIMARY',
    { kind: 'mpp-set', address: '127.0.0.1:3306', setting: { type: 'PRIMARY' } },
  ],
  [
    'mpp set db-1.example.com:3306 state STANDBY;',
    { kind: 'mpp-set', address: 'db-1.example.com:3306', setting: { state: 'STANDBY' } },
  ],
  ["MPP SET '[::1]:3306' STATUS OK", { kind: 'mpp-set', address: '[::1]:3306', setting: { status: 'OK' } }],
  ['MPP SET [::1]:3306 WEIGHT 1', { kind: 'mpp-set', address: '[::1]:3306', setting: { weight: 1 } }],
  ['MPP SHOW ALL', { kind: 'mpp-show' }],
  // what clients send on their own
  ['SET NAMES utf8mb4', { kind: 'no-effect' }],
])('%s', (sql, statement) => {
  expect(parse(sql)).toEqual(statement);
});

test.each([
  ['RECOVER db1', "near 'db1'; expected NODE"],
  ['SET NODE db1', 'at the end; expected TYPE, STATE, STATUS or WEIGHT'],
  ['SET NODE db1 STATE GOOD', "near 'GOOD'; expected 'UNKNOWN' or 'STANDBY' or 'ACTIVE'"],
  ['SET NODE db1 WEIGHT 1001', "near '1001'; expected a number from 0 to 1000"],
  ['SET NODE db1 WEIGHT 1.5', "near '1.5'; expected a number from 0 to 1000"],
  ['SET NODE db1 WEIGHT 1, WEIGHT 2', 'expected each of TYPE, STATE, STATUS and WEIGHT once'],
  ['SET node = 1', "near '= 1'; expected a node"],
  ['PAUSE POOL shop FOR 5', "near '5'; expected a duration"],
  ['FREEZE shop', "near 'shop'; expected POOL"],
  ['MPP SET db1 STATE STANDBY', "near 'db1 STATE STANDBY'; expected host:port"],
  ['MPP SET 127.0.0.1 :3306 STATE STANDBY', "near '127.0.0.1 :3306 STATE STANDBY'; expected host:port"],
  ['MPP', 'at the end; expected SHOW ALL, SET or INITIALIZE'],
  ['MPP SET', 'at the end; expected host:port'],
  ['IS UP NODE db1 WO', "near 'WO'; expected the end"],
])('%s', (sql, message) => {
  expect(() => parse(sql)).toThrow(message);
});
