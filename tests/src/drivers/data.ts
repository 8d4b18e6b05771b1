import type { Param } from './driver';

export const param = (t: Param['t'], v?: string, n?: number): Param => ({
  t,
  ...(v === undefined ? {} : { v }),
  ...(n === undefined ? {} : { n }),
});

export const EMOJI = 'Grüße 😀 漢字 \\ \' "';

export const COLUMNS = 'tiny, big, ubig, dec30, dbl, flt, yr, da, dt, ts, ti, ch, vc, tx, bl, vb, bits, en, st, js';

/** Tables and a procedure of the job, made by the administrator. */
export const SCHEMA: readonly string[] = [
  'CREATE TABLE words (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(60), UNIQUE (word)) DEFAULT CHARSET=utf8mb4',
  "INSERT INTO words (word) VALUES ('one'), ('two'), ('three'), ('four'), ('five')",
  'CREATE TABLE digits (d INT PRIMARY KEY)',
  'INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)',
  'CREATE TABLE large (id INT PRIMARY KEY, content LONGTEXT) DEFAULT CHARSET=utf8mb4',
  'CREATE TABLE records (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60), amount INT) DEFAULT CHARSET=utf8mb4',
  `CREATE TABLE types (id INT AUTO_INCREMENT PRIMARY KEY, tiny TINYINT, big BIGINT, ubig BIGINT UNSIGNED,
    dec30 DECIMAL(30,10), dbl DOUBLE, flt FLOAT, yr YEAR, da DATE, dt DATETIME(6), ts TIMESTAMP(3) NULL, ti TIME(3),
    ch CHAR(5), vc VARCHAR(100), tx TEXT, bl BLOB, vb VARBINARY(10), bits BIT(10), en ENUM('a','b'),
    st SET('x','y','z'), js JSON) DEFAULT CHARSET=utf8mb4`,
  `CREATE PROCEDURE doubled(IN given INT, OUT twice INT) SQL SECURITY INVOKER
    BEGIN SELECT given; SET twice = 2 * given; SELECT id, word FROM words WHERE id <= given ORDER BY id; END`,
];

export const VALUES: readonly Param[] = [
  param('int', '-128'),
  param('int', '-9223372036854775808'),
  param('decimal', '18446744073709551615'),
  param('decimal', '12345678901234567890.0123456789'),
  param('double', '1.5e300'),
  param('double', '0.25'),
  param('int', '2024'),
  param('date', '2024-02-29'),
  param('datetime', '2024-02-29 23:59:59.123456'),
  param('datetime', '2024-02-29 23:59:59.125000'),
  param('time', '-12:34:56.789'),
  param('string', 'ab'),
  param('string', EMOJI),
  param('string', ''),
  param('blob', '00ff5c27220a0d1a'),
  param('blob', 'c328'),
  param('int', '513'),
  param('string', 'b'),
  param('string', 'x,z'),
  param('string', '{"a": [1, null, "é"]}'),
];
