import fc from 'fast-check';
import {
  type Case,
  type Step,
  asStep,
  closeStatement,
  execute,
  initDb,
  ping,
  prepare,
  resetConnection,
  resetStatement,
} from './case';
import type { Ground } from './ground';
import type { Judge } from './judge';
import { int, nul, text } from './parameters';
import { PROFILE_NAMES } from './profiles';
import { runCase } from './runner';

const SETUP = [
  'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), n DECIMAL(10,2))',
  "INSERT INTO t VALUES (1, 'one', 1.5), (2, 'two', NULL), (3, NULL, -7)",
  'CREATE TABLE counter (n BIGINT)',
  'INSERT INTO counter VALUES (10)',
  'CREATE TABLE app_diff_2.t (id INT PRIMARY KEY, v VARCHAR(40), n DECIMAL(10,2))',
  "CREATE PROCEDURE sets() BEGIN SET @a = 'by procedure'; SET time_zone = '+04:00'; END",
  'CREATE PROCEDURE tells(INOUT x INT) BEGIN SELECT x; SET x = x + 1; END',
  "CREATE PROCEDURE fails() BEGIN SET @b = 'before'; SELECT * FROM missing; END",
];

const variable = fc.constantFrom('@a', '@b', '@`c d`');
const literal = fc.constantFrom(
  'NULL',
  '0',
  '-1',
  '42',
  '9223372036854775807',
  '18446744073709551615',
  '1.50',
  '-0.000001',
  '1e3',
  "'text'",
  "''",
  "'it''s'",
  "'ä日'",
  "X'00ff'",
  "_latin1'abc'",
  "'x' COLLATE utf8mb4_bin",
  "DATE'2020-02-29'",
  "TIMESTAMP'2020-02-29 12:00:00.5'",
  'CAST(5 AS UNSIGNED)',
  "CAST('7.5' AS DECIMAL(10,3))",
);
const expression = fc.oneof(
  { weight: 4, arbitrary: literal },
  { weight: 2, arbitrary: variable },
  fc.tuple(variable, literal).map(([a, b]) => `CONCAT(${a}, ${b})`),
  variable.map((name) => `${name} + 1`),
  fc.constant('(SELECT COUNT(*) FROM t)'),
  fc.constant('LAST_INSERT_ID()'),
);

const SYSTEM: readonly (readonly [name: string, ...values: string[]])[] = [
  ['time_zone', "'+01:00'", "'SYSTEM'", 'DEFAULT', "'nowhere'"],
  ['sql_mode', "''", "'ANSI_QUOTES'", "'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES'", 'DEFAULT'],
  ['group_concat_max_len', '8', 'DEFAULT', '-1'],
  ['sql_select_limit', '1', 'DEFAULT'],
  ['div_precision_increment', '1', '9', 'DEFAULT'],
  ['lc_time_names', "'de_DE'", "'en_US'"],
  ['character_set_results', 'latin1', 'NULL', 'utf8mb4'],
  ['collation_connection', 'utf8mb4_bin', 'latin1_swedish_ci', 'utf8mb4_general_ci'],
  ['transaction_isolation', "'READ-COMMITTED'", "'SERIALIZABLE'", 'DEFAULT'],
  ['autocommit', '0', '1'],
  ['sql_safe_updates', '1', '0'],
  ['foreign_key_checks', '0', '1'],
  ['wait_timeout', '100', 'DEFAULT'],
  ['no_such_variable', '1'],
];
const system = fc.constantFrom(...SYSTEM);
const assignment = system.chain(([name, ...values]) => fc.constantFrom(...values).map((value) => `${name} = ${value}`));

const id = fc.constantFrom('1', '2', '3', '4', '5');
const statements = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.tuple(variable, expression), { minLength: 1, maxLength: 2 }).map(setVariables) },
  { weight: 2, arbitrary: fc.tuple(variable, expression).map(([name, value]) => `SELECT ${name} := ${value}`) },
  { weight: 2, arbitrary: fc.tuple(variable, expression).map(([name, value]) => `SELECT ${value} INTO ${name}`) },
  {
    weight: 4,
    arbitrary: variable.map((name) => `SELECT ${name}, HEX(${name}), IF(${name} IS NULL, NULL, COLLATION(${name}))`),
  },
  { weight: 4, arbitrary: fc.array(assignment, { minLength: 1, maxLength: 2 }).map((all) => `SET ${all.join(', ')}`) },
  { weight: 3, arbitrary: system.filter(([name]) => name !== 'no_such_variable').map(([name]) => `SELECT @@${name}`) },
  { weight: 2, arbitrary: fc.tuple(variable, assignment).map(([name, value]) => `SET ${name} = 'both', ${value}`) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('latin1', 'utf8mb4', 'utf8mb4 COLLATE utf8mb4_bin', 'cp1251')
      .map((s) => `SET NAMES ${s}`),
  },
  { weight: 2, arbitrary: fc.constantFrom('USE app_diff', 'USE app_diff_2', 'USE app_missing', 'SELECT DATABASE()') },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'BEGIN',
      'START TRANSACTION READ ONLY',
      'COMMIT',
      'ROLLBACK',
      'SAVEPOINT s',
      'ROLLBACK TO s',
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
      'SET TRANSACTION READ ONLY',
      'COMMIT AND CHAIN',
    ),
  },
  {
    weight: 5,
    arbitrary: fc.oneof(
      fc.tuple(id, expression).map(([key, value]) => `INSERT INTO t (id, v) VALUES (${key}, ${value})`),
      fc.tuple(id, expression).map(([key, value]) => `REPLACE INTO t (id, v) VALUES (${key}, ${value})`),
      fc.tuple(id, expression).map(([key, value]) => `UPDATE t SET v = ${value} WHERE id <= ${key}`),
      id.map((key) => `DELETE FROM t WHERE id = ${key}`),
      id.map((key) => `INSERT IGNORE INTO t (id, n) VALUES (${key}, 123456789012)`),
      fc.constant('UPDATE counter SET n = LAST_INSERT_ID(n + 1)'),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'SELECT * FROM t ORDER BY id',
      'SELECT COUNT(*), SUM(n), GROUP_CONCAT(v ORDER BY id) FROM t',
      'SELECT id FROM t ORDER BY id LIMIT 1',
      'SELECT "v", 1/3, COLLATION(\'x\') FROM t LIMIT 2',
      'SELECT LAST_INSERT_ID()',
      'SELECT LAST_INSERT_ID(77)',
      'SELECT ROW_COUNT()',
      'SELECT FOUND_ROWS()',
      'SHOW WARNINGS',
      "SELECT CAST('12x' AS SIGNED)",
      'SELECT * FROM missing',
      'SELEC',
      'SELECT NOW() > 0',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'CREATE TEMPORARY TABLE tmp (id INT)',
      'INSERT INTO tmp VALUES (1)',
      'SELECT * FROM tmp',
      'DROP TEMPORARY TABLE tmp',
      "SELECT GET_LOCK('diff_r', 0)",
      "SELECT RELEASE_LOCK('diff_r')",
      "SELECT IS_FREE_LOCK('diff_r')",
      'LOCK TABLES t WRITE',
      'UNLOCK TABLES',
      'SET timestamp = 1500000000',
      'SET timestamp = DEFAULT',
      'SELECT NOW()>"2020-01-01"',
      'SET rand_seed1 = 10, rand_seed2 = 20',
      'SELECT ROUND(RAND(), 3) BETWEEN 0 AND 1',
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom('CALL sets()', 'CALL tells(@a)', 'CALL fails()', 'CALL missing()') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "PREPARE q FROM 'SELECT ?, @a'",
      'EXECUTE q USING @b',
      'DEALLOCATE PREPARE q',
      'DROP TABLE IF EXISTS nothing',
      'CREATE TABLE IF NOT EXISTS u (id INT)',
      'ALTER TABLE t ADD COLUMN IF_NOT INT',
    ),
  },
);

function setVariables(all: readonly (readonly [name: string, value: string])[]): string {
  return `SET ${all.map(([name, value]) => `${name} = ${value}`).join(', ')}`;
}

const PREPARED = [
  ['p', 'SELECT ?, @a'],
  ['p', 'SELECT v FROM t WHERE id = ?'],
  ['r', 'UPDATE t SET v = ? WHERE id = 1'],
  ['r', 'SELECT "quoted", ?'],
] as const;
const name = fc.constantFrom('p', 'r');
const commands: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...PREPARED).map(([as, sql]) => prepare(as, sql)) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(name, fc.constantFrom(int(1), text('text'), nul(), text('2')))
      .map(([as, parameter]) => execute(as, [parameter])),
  },
  name.map(closeStatement),
  name.map(resetStatement),
  fc.constantFrom('app_diff', 'app_diff_2', 'app_missing').map(initDb),
  fc.constant(ping()),
  fc.constant(resetConnection()),
);

const session = fc.array(
  fc.oneof({ weight: 4, arbitrary: statements.map(asStep) }, { weight: 1, arbitrary: commands }),
  {
    minLength: 3,
    maxLength: 15,
    size: 'max',
  },
);

/**
 * Random sessions are told the same each way. A failure prints the seed and the shortest session; MYSWITCH_SEED runs a seed
 * again. `seed`: the same sessions each time; default: others each time.
 */
export async function randomSessions(ground: Ground, judge: Judge, count: number, seed?: number): Promise<void> {
  const wanted = process.env['MYSWITCH_SEED'] ?? seed;
  const property = fc.asyncProperty(fc.constantFrom(...PROFILE_NAMES), session, async (profile, steps) => {
    const one: Case = { title: 'a random session', setup: SETUP, steps };
    const { differences } = await runCase(ground, one, profile);
    const unknown = judge.unknown(differences);
    if (unknown.length === 0) return;
    const script = steps.map(({ label }, i) => `${i + 1}: ${label}`);
    throw new Error([...unknown, ...script].join('\n'));
  });
  await fc.assert(property, { numRuns: count, ...(wanted === undefined ? {} : { seed: Number(wanted) }) });
}
