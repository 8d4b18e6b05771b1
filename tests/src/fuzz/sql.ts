import type { Random } from './random';

/** Each is a statement; together they touch whatever the classifier knows. None waits, and none ends another session. */
const STATEMENTS = [
  'SELECT 1',
  'SELECT * FROM t WHERE id = 1',
  `SELECT 'a''b', "c", \`id\` FROM t -- end`,
  'SELECT CONNECTION_ID(), FOUND_ROWS(), ROW_COUNT(), LAST_INSERT_ID()',
  'SELECT @a := 1, @b INTO @c, @d',
  'SELECT SQL_CALC_FOUND_ROWS * FROM t LIMIT 1',
  'SET NAMES utf8mb4 COLLATE utf8mb4_bin',
  `SET @x = 'y', SESSION sql_mode = 'ANSI_QUOTES', @@autocommit = 1`,
  'SET STATEMENT max_statement_time=1 FOR SELECT 1',
  'SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY',
  'BEGIN',
  'START TRANSACTION READ ONLY',
  'COMMIT AND CHAIN',
  'ROLLBACK TO SAVEPOINT s',
  'SAVEPOINT s',
  "PREPARE p FROM 'SELECT ?'",
  'PREPARE p FROM @c',
  'EXECUTE p USING @a',
  `EXECUTE IMMEDIATE 'SELECT 1'`,
  'DEALLOCATE PREPARE p',
  'CREATE TEMPORARY TABLE IF NOT EXISTS tt (a INT)',
  'DROP TEMPORARY TABLE IF EXISTS tt, `t``u`',
  `SELECT GET_LOCK('fuzz', 0)`,
  'DO RELEASE_ALL_LOCKS()',
  'HANDLER t OPEN AS h',
  'HANDLER h CLOSE',
  'UNLOCK TABLES',
  'USE shop',
  `LOAD DATA LOCAL INFILE '/none' INTO TABLE t`,
  'SHOW WARNINGS',
  'XA RECOVER',
  'INSERT INTO t VALUES (?, ?)',
  '/*!50700 SELECT 1 */ /*+ MAX_EXECUTION_TIME(9) */',
  'WITH a AS (SELECT 1) SELECT * FROM a',
  'CALL none(1, @o)',
  'EXPLAIN SELECT 1',
  'KILL 99999999999',
  `SELECT x'41', 0b01, N'n', _utf8mb4'é', 1e5, .5, @@session.sql_mode, @\`q\``,
];
const PIECES = [
  ';',
  ';;',
  '(',
  ')',
  '((((((((',
  "'",
  '"',
  '`',
  '/*',
  '*/',
  '/*!',
  '/*!99999 ',
  '--',
  '-- \n',
  '#',
  '\\',
  '\0',
  '\n',
  '@',
  '@@',
  ':=',
  '?',
  ',',
  '\u00ff',
  '\u00a0',
  'BEGIN ',
  ' SELECT ',
  ' DELIMITER ',
  '0x',
  "x'",
  "N'",
  '@`',
  'FOR ',
  ' END',
  ' INTO @',
  '_utf8',
  '.',
  '=',
  '<=>',
  '{',
  '||',
];

/** Latin1 text: a statement, or pieces of several. */
export function randomSql(random: Random): string {
  let sql = random.pick(STATEMENTS);
  if (random.once(3)) return sql;
  for (let left = random.below(5); left >= 0; left--) {
    const at = random.below(sql.length + 1);
    switch (random.below(5)) {
      case 0:
        sql = sql.slice(0, at) + random.pick(PIECES) + sql.slice(at);
        break;
      case 1:
        sql = `${sql}${random.pick([';', ' ', '\n', ''])}${random.pick(STATEMENTS)}`;
        break;
      case 2:
        sql = sql.slice(0, at);
        break;
      case 3:
        sql = sql.slice(at) + sql.slice(0, at);
        break;
      default:
        sql += random.bytes(random.below(10)).toString('latin1');
    }
  }
  return sql;
}

/** One piece over and over: where work must stay linear in the length. */
export function repeatedSql(random: Random, length: number): string {
  const piece = random.once(3) ? random.pick(STATEMENTS) : random.pick(PIECES) + random.pick(PIECES);
  return (
    random.pick(['', 'SELECT ', 'SET @a = ', 'PREPARE p FROM ', 'CREATE ']) +
    piece.repeat(Math.ceil(length / piece.length))
  );
}
