import { AdminError } from '../../src/admin/errors';
import { parse } from '../../src/admin/grammar';

describe('statements', () => {
  test.each([
    ['SHOW POOLS', { kind: 'show', what: 'pools' }],
    [' show  Nodes ; ', { kind: 'show', what: 'nodes' }],
    ['CHECK FAILOVER POOL shop', { kind: 'check-failover', pool: 'shop', options: {} }],
    [
      'check failover pool shop to db2 with force',
      { kind: 'check-failover', pool: 'shop', options: { to: 'db2', force: true } },
    ],
    ['SHOW VARIABLES', { kind: 'show-variables', like: null }],
    ["SHOW VARIABLES LIKE 'a%'", { kind: 'show-variables', like: 'a%' }],
    ['SHOW SWITCHES', { kind: 'show-switches', pool: null }],
    ['SHOW SWITCHES POOL shop', { kind: 'show-switches', pool: 'shop' }],
    ["SHOW SWITCH '2026-01'", { kind: 'show-switch', id: '2026-01' }],
    ['CHECK SWITCH POOL shop', { kind: 'check', pool: 'shop', options: {} }],
    ['CHECK SWITCH POOL `my-shop` TO "db.2"', { kind: 'check', pool: 'my-shop', options: { to: 'db.2' } }],
    [
      "SWITCH POOL shop TO db2 WITH MAX_LAG '1s', DRAIN '200ms', ON_BUSY 'kill', ON_PINNED 'abort', BYPASS 'ignore', SEMI_SYNC 'suspend', FORCE",
      {
        kind: 'switch',
        pool: 'shop',
        options: {
          to: 'db2',
          maxLagMs: 1_000,
          drainMs: 200,
          onBusy: 'kill',
          onPinned: 'abort',
          bypass: 'ignore',
          semiSync: 'suspend',
          force: true,
        },
      },
    ],
    ['switch pool shop with on_busy = kill', { kind: 'switch', pool: 'shop', options: { onBusy: 'kill' } }],
    ['SWITCHBACK POOL shop WITH FORCE', { kind: 'switchback', pool: 'shop', options: { force: true } }],
    ['ACTIVATE PRIMARY POOL shop', { kind: 'activate-primary', pool: 'shop', options: {} }],
    ["REJOIN NODE 'db1'", { kind: 'rejoin', node: 'db1', pool: null, rebuild: null }],
    ['REJOIN NODE db1 POOL shop', { kind: 'rejoin', node: 'db1', pool: 'shop', rebuild: null }],
    ['rejoin node db1 rebuild', { kind: 'rejoin', node: 'db1', pool: null, rebuild: { confirm: null } }],
    [
      "REJOIN NODE db1 POOL shop REBUILD CONFIRM 'db1'",
      { kind: 'rejoin', node: 'db1', pool: 'shop', rebuild: { confirm: 'db1' } },
    ],
    ['KILL QUERY 7', { kind: 'kill', what: 'query', id: 7 }],
    ['KILL 7', { kind: 'kill', what: 'connection', id: 7 }],
    ['KILL CONNECTION 7', { kind: 'kill', what: 'connection', id: 7 }],
    [
      'select @@version_comment limit 1',
      { kind: 'select', items: [{ name: '@@version_comment', kind: 'variable', value: 'version_comment' }] },
    ],
    [
      '/* a driver */ SELECT @@session.autocommit AS ac, DATABASE(), 1',
      {
        kind: 'select',
        items: [
          { name: 'ac', kind: 'variable', value: 'autocommit' },
          { name: 'DATABASE()', kind: 'function', value: 'database' },
          { name: '1', kind: 'literal', value: '1' },
        ],
      },
    ],
    ['SET NAMES utf8mb4 COLLATE utf8mb4_general_ci', { kind: 'no-effect' }],
    ["SET autocommit=0, sql_mode='x'", { kind: 'no-effect' }],
    ['COMMIT', { kind: 'no-effect' }],
    ['USE myswitch', { kind: 'use', schema: 'myswitch' }],
  ])('%s', (sql, statement) => {
    expect(parse(sql)).toEqual(statement);
  });
});

describe('syntax errors say where, and what was expected', () => {
  test.each([
    ['', 'at the end; expected a statement such as SHOW POOLS or SWITCH POOL'],
    ['DROP TABLE x', "near 'DROP TABLE x'; expected a statement such as SHOW POOLS or SWITCH POOL"],
    [
      'SHOW',
      'at the end; expected POOLS, NODES, SESSIONS, PINS, QUEUES, BACKENDS, VARIABLES, CHECKPOINTS, EVENTS, SWITCHES or SWITCH',
    ],
    ['CHECK POOL shop', "near 'POOL shop'; expected SWITCH or FAILOVER"],
    ['SWITCH shop', "near 'shop'; expected POOL"],
    ['SWITCH POOL', 'at the end; expected a pool'],
    ['SWITCH POOL shop TO', 'at the end; expected a node'],
    ['SWITCH POOL shop db2', "near 'db2'; expected the end of the statement"],
    ["SWITCH POOL shop WITH DRAIN '5'", "near ''5''; expected a duration such as '200ms' or '1s'"],
    ['SWITCH POOL shop WITH DRAIN 5', "near '5'; expected a duration such as '200ms' or '1s'"],
    ["SWITCH POOL shop WITH ON_BUSY 'wait'", "near ''wait''; expected 'abort' or 'kill'"],
    [
      'SWITCH POOL shop WITH FORCE, FORCE',
      "near 'FORCE'; expected MAX_LAG, DRAIN, ON_BUSY, ON_PINNED, BYPASS, SEMI_SYNC",
    ],
    ['SHOW POOLS; SHOW NODES', "near 'SHOW NODES'; expected the end of the statement"],
    ["SHOW SWITCH 'x", "near ''x'; expected a closing quote"],
    ['SHOW POOLS /* x', "near '/* x'; expected the end of the comment, */"],
    ["SET NODE db1 WEIGHT ''", "near ''''; expected a number from 0 to 1000"],
    ['SET NODE db1 WEIGHT 1.5', "near '1.5'; expected a number from 0 to 1000"],
    ['MPP', 'at the end; expected SHOW ALL, SET or INITIALIZE'],
    ['SHOW __proto__', "near '__proto__'; expected POOLS, "],
    ['SWITCH POOL shop WITH constructor', "near 'constructor'; expected MAX_LAG, "],
    ['KILL QUERY x', "near 'x'; expected a connection id"],
    ['SELECT a +', "near '+'; expected the end of the statement"],
    ['SELECT sleep(5)', "near '5)'; expected ')'"],
  ])('%s', (sql, message) => {
    let error: unknown;
    try {
      parse(sql);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(AdminError);
    expect(error).toMatchObject({ errno: 1064, sqlState: '42000' });
    expect(String(error)).toContain(message);
  });
});

/** Words of the language, and what does not belong there. */
const WORDS = [
  [
    'SHOW',
    'CHECK',
    'SWITCH',
    'FAILOVER',
    'SWITCHBACK',
    'ACTIVATE',
    'REJOIN',
    'RECOVER',
    'SET',
    'RELEASE',
    'REPORT',
    'IS',
    'MPP',
  ],
  [
    'POOL',
    'NODE',
    'TO',
    'WITH',
    'FORCE',
    'FOR',
    'REASON',
    'TYPE',
    'STATE',
    'WEIGHT',
    'LIKE',
    'POOLS',
    'EVENTS',
    'SELECT',
    'KILL',
  ],
  [
    'shop',
    'db1',
    '`a b`',
    "'1s'",
    '"x"',
    "''",
    '0',
    '-1',
    '1e9',
    '127.0.0.1:3306',
    '@@version',
    '(',
    ')',
    ',',
    ';',
    '=',
  ],
  ["'", '"', '`', '/*', '*/', '-- ', '#', '@', '\\', '__proto__', 'toString', '\0', '\n', '\ud800', '\u00e9'],
].flat();

test('whatever comes is understood or answered with 1064', () => {
  const random = randomOf(1);
  const understood = (sql: string): boolean => {
    try {
      return typeof parse(sql).kind === 'string';
    } catch (error) {
      return error instanceof AdminError && error.errno === 1064 && /; expected \S/.test(error.message);
    }
  };
  for (let run = 0; run < 20_000; run++) {
    const words = Array.from({ length: random(9) }, () => WORDS[random(WORDS.length)] ?? '');
    const sql = words.join(random(10) === 0 ? '' : ' ');
    if (!understood(sql)) throw new Error(`neither understood nor answered: ${JSON.stringify(sql)}`);
  }
});

/** Whole numbers below `limit`, the same ones for the same seed: Lehmer's, with the constants of minstd. */
function randomOf(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

test('a megabyte that never ends takes no time', () => {
  const began = performance.now();
  for (const text of ['/* ', '/*/', "'", '(', '-', 'SHOW ']) {
    expect(() => parse(text.repeat(1_000_000 / text.length))).toThrow(AdminError);
  }
  expect(performance.now() - began).toBeLessThan(5000);
});
