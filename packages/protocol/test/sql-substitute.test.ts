import { classify, DEFAULT_SQL_MODE, substituteCalls } from '../src';

const VALUE = 'CAST(1000000017 AS UNSIGNED)';
const values = new Map([['connection_id', VALUE]]);
const rewritten = (sql: string): string => substituteCalls(sql, values, DEFAULT_SQL_MODE);

describe('CONNECTION_ID()', () => {
  test.each([
    ['SELECT CONNECTION_ID()', `SELECT ${VALUE} AS \`CONNECTION_ID()\``],
    ['select connection_id ( ) ;', `select ${VALUE} AS \`connection_id ( )\` ;`],
    ['SELECT 1, connection_id(), 2 FROM t', `SELECT 1, ${VALUE} AS \`connection_id()\`, 2 FROM t`],
    ['SELECT DISTINCT CONNECTION_ID() FROM t', `SELECT DISTINCT ${VALUE} AS \`CONNECTION_ID()\` FROM t`],
    ['SELECT CONNECTION_ID() AS id', `SELECT ${VALUE} AS id`],
    ['SELECT CONNECTION_ID() id', `SELECT ${VALUE} id`],
    ['SELECT CONNECTION_ID()+1', `SELECT ${VALUE}+1 AS \`CONNECTION_ID()+1\``],
    ['SELECT 1 + CONNECTION_ID() n', `SELECT 1 + ${VALUE} n`],
    ['SELECT CONNECTION_ID() > 0 AND a FROM t', `SELECT ${VALUE} > 0 AND a FROM t`],
    ['SELECT IF(1, CONNECTION_ID(), 2), 3', `SELECT IF(1, ${VALUE}, 2) AS \`IF(1, CONNECTION_ID(), 2)\`, 3`],
    ['SELECT (SELECT CONNECTION_ID()) AS x', `SELECT (SELECT ${VALUE} AS \`CONNECTION_ID()\`) AS x`],
    ['SELECT 1 FROM t ORDER BY a, CONNECTION_ID()', `SELECT 1 FROM t ORDER BY a, ${VALUE}`],
    ['INSERT INTO t VALUES (1, CONNECTION_ID())', `INSERT INTO t VALUES (1, ${VALUE})`],
    ['SET @me = CONNECTION_ID()', `SET @me = ${VALUE}`],
    ['KILL CONNECTION_ID()', `KILL ${VALUE}`],
    ['SELECT 1; SELECT CONNECTION_ID()', `SELECT 1; SELECT ${VALUE} AS \`CONNECTION_ID()\``],
  ])('%s', (sql, expected) => {
    expect(classify(sql).asksConnectionId).toBe(true);
    expect(rewritten(sql)).toBe(expected);
  });

  test.each([
    "SELECT 'CONNECTION_ID()'",
    'SELECT connection_id FROM t',
    'SELECT app.CONNECTION_ID()',
    'SELECT CONNECTION_ID(1)',
    'SELECT /* CONNECTION_ID() */ 1',
    'SELECT * FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()',
    "SELECT IS_USED_LOCK('x') = CONNECTION_ID()",
    'SELECT THREAD_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID()',
  ])('stays in %s', (sql) => {
    expect(rewritten(sql)).toBe(sql);
  });

  test('a plain statement asks for none', () => {
    expect(classify('SELECT 1').asksConnectionId).toBe(false);
    expect(classify("SELECT 'connection_id()'").asksConnectionId).toBe(false);
  });
});
