import { causesOf, DEFAULT_SQL_MODE, readPreparedText } from '../src';

const causes = (sql: string): string[] =>
  causesOf(sql, DEFAULT_SQL_MODE, 'app').map(({ pin, name, ends }) => `${ends ? '-' : '+'}${pin} ${name ?? '?'}`);

test.each([
  ['CREATE TEMPORARY TABLE t (a INT)', ['+TEMPORARY_TABLE app.t']],
  ['CREATE OR REPLACE TEMPORARY TABLE IF NOT EXISTS `x y`.`T` AS SELECT 1', ['+TEMPORARY_TABLE x y.T']],
  ['DROP TEMPORARY TABLE t', ['-TEMPORARY_TABLE app.t']],
  ['DROP TABLE IF EXISTS t, other . u', ['-TEMPORARY_TABLE app.t', '-TEMPORARY_TABLE other.u']],
  ['ALTER TABLE t RENAME TO u', ['+TEMPORARY_TABLE ?']],
  ['RENAME TABLE t TO u', ['+TEMPORARY_TABLE ?']],
  ["SELECT GET_LOCK('Job', 5)", ['+GET_LOCK Job']],
  ['SELECT GET_LOCK(?, 5)', ['+GET_LOCK ?']],
  ["DO GET_LOCK(CONCAT('a', 'b'), 1)", ['+GET_LOCK ?']],
  ["SELECT RELEASE_LOCK('Job'), GET_LOCK('x', 0)", ['-GET_LOCK Job', '+GET_LOCK x']],
  ["SET @a = GET_LOCK('x', 0)", ['+GET_LOCK x']],
  ['HANDLER t OPEN', ['+HANDLER t']],
  ['HANDLER app.t OPEN AS h', ['+HANDLER h']],
  ['HANDLER h READ FIRST', []],
  ['HANDLER h CLOSE', ['-HANDLER h']],
  ['SET insert_id = 5', ['+ONE_SHOT insert_id']],
  ["SET SESSION gtid_next = 'AUTOMATIC'", ['-ONE_SHOT gtid_next']],
  ['SET @@session.pseudo_slave_mode = 0, rand_seed1 = 7', ['-ONE_SHOT pseudo_slave_mode', '+ONE_SHOT rand_seed1']],
  ['SELECT 1', []],
])('%s', (sql, expected) => {
  expect(causes(sql)).toEqual(expected);
});

test.each([
  [
    "PREPARE s FROM 'SELECT ''x'''",
    { does: 'prepare', name: 's', source: "'SELECT ''x'''", text: "SELECT 'x'", variable: null },
  ],
  ['PREPARE `S` FROM @sql;', { does: 'prepare', name: 's', source: '@sql', text: null, variable: 'sql' }],
  ["PREPARE s FROM CONCAT('a')", null],
  ['EXECUTE s', { does: 'execute', name: 's' }],
  ['EXECUTE s USING @a, @b', { does: 'execute', name: 's' }],
  ["EXECUTE IMMEDIATE 'SELECT ?' USING 1", { does: 'immediate', text: 'SELECT ?' }],
  ["EXECUTE IMMEDIATE CONCAT('a', 'b')", { does: 'immediate', text: null }],
  ["EXECUTE IMMEDIATE 'SELECT ' || 1", { does: 'immediate', text: null }],
  ['EXECUTE immediate', { does: 'execute', name: 'immediate' }],
  ['DEALLOCATE PREPARE s', { does: 'deallocate', name: 's' }],
  ['DROP PREPARE s;', { does: 'deallocate', name: 's' }],
  ["PREPARE s FROM 'SELECT 1'; SELECT 2", null],
  ['SELECT 1', null],
])('%s', (sql, expected) => {
  expect(readPreparedText(sql, DEFAULT_SQL_MODE)).toEqual(expected);
});
