import { COLUMNS, EMOJI, VALUES, param } from './data';
import type { Step } from './step';

const ten = (digits: number): string => Array.from({ length: digits }, (_, index) => `digits AS d${index}`).join(', ');

/** What a connection does. */
export const STATEMENT_STEPS: readonly Step[] = [
  {
    name: 'connect',
    phases: [
      async (job) => {
        await job.ask({ op: 'connect', ...job.connect });
        await job.ask({ op: 'info' });
        await job.query('SELECT VERSION(), CURRENT_USER(), DATABASE(), @@autocommit');
        await job.ask({ op: 'prepare', name: 'kept', sql: 'SELECT id, word FROM words WHERE id = ?' });
      },
    ],
  },
  {
    name: 'variables',
    phases: [
      async (job) => {
        await job.query("SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_TRANS_TABLES', group_concat_max_len = 4321");
        await job.query("SET time_zone = '+03:00'");
        await job.query("SET @keep = 'Grüße 😀', @number = 42");
        await job.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
      },
    ],
  },
  {
    name: 'schema',
    phases: [
      async (job) => {
        await job.ask({ op: 'use', database: job.otherDatabase });
        await job.query('SELECT DATABASE()');
      },
      async (job) => {
        await job.query('SELECT DATABASE()');
        await job.ask({ op: 'use', database: job.database });
      },
    ],
  },
  {
    name: 'text types',
    phases: [
      async (job) => {
        await job.query(`INSERT INTO types (${COLUMNS}) VALUES (-128, -9223372036854775808, 18446744073709551615,
          12345678901234567890.0123456789, 1.5e300, 0.25, 2024, '2024-02-29', '2024-02-29 23:59:59.123456',
          '2024-02-29 23:59:59.125', '-12:34:56.789', 'ab', 'Grüße 😀 漢字', '', X'00FF5C27220A0D1A', X'C328', b'1000000001',
          'b', 'x,z', '{"a": [1, null, "é"]}')`);
        await job.query('INSERT INTO types (tiny) VALUES (NULL)');
        await job.query('SELECT * FROM types ORDER BY id');
      },
    ],
  },
  {
    name: 'prepared types',
    phases: [
      async (job) => {
        const marks = VALUES.map(() => '?').join(', ');
        await job.ask({ op: 'execute', sql: `INSERT INTO types (${COLUMNS}) VALUES (${marks})`, params: VALUES });
        const nulls = VALUES.map(() => param('null'));
        await job.ask({ op: 'execute', sql: `INSERT INTO types (${COLUMNS}) VALUES (${marks})`, params: nulls });
        await job.ask({
          op: 'execute',
          sql: 'SELECT * FROM types WHERE id > ? ORDER BY id',
          params: [param('int', '2')],
        });
      },
    ],
  },
  {
    name: 'kept statement',
    phases: [
      async (job) => {
        await job.ask({
          op: 'prepare',
          name: 'second',
          sql: 'SELECT ? AS given, word FROM words WHERE id > ? ORDER BY id',
        });
        await job.ask({ op: 'run', name: 'second', params: [param('string', EMOJI), param('int', '3')] });
      },
      async (job) => {
        await job.ask({ op: 'run', name: 'second', params: [param('string', 'again'), param('int', '4')] });
        await job.ask({ op: 'unprepare', name: 'second' });
      },
    ],
  },
  {
    name: 'transactions',
    phases: [
      async (job) => {
        await job.ask({ op: 'begin' });
        await job.query("INSERT INTO words (word) VALUES ('committed')");
        await job.ask({ op: 'commit' });
        await job.ask({ op: 'begin' });
        // Not into an auto-increment column: replicas don't know of ids that were rolled back.
        await job.query('INSERT INTO digits VALUES (10)');
        await job.ask({ op: 'rollback' });
      },
      async (job) => {
        await job.query("SELECT word, (SELECT MAX(d) FROM digits) FROM words WHERE word = 'committed'");
      },
    ],
  },
  {
    name: 'insert id',
    phases: [
      async (job) => {
        await job.query("INSERT INTO words (word) VALUES ('first'), ('next')");
      },
      async (job) => {
        await job.query('SELECT LAST_INSERT_ID()');
        await job.ask({
          op: 'execute',
          sql: 'INSERT INTO words (word) VALUES (?)',
          params: [param('string', 'prepared')],
        });
        await job.query('SELECT LAST_INSERT_ID()');
      },
    ],
  },
  {
    name: 'affected rows',
    phases: [
      async (job) => {
        await job.query("UPDATE words SET word = 'one' WHERE id = 1");
        await job.query("UPDATE words SET word = CONCAT(word, '!') WHERE id IN (2, 3)");
        await job.query('SELECT ROW_COUNT()');
        await job.query("DELETE FROM words WHERE word = 'prepared'");
        await job.query("INSERT INTO words VALUES (1, 'one') ON DUPLICATE KEY UPDATE word = 'uno'");
      },
    ],
  },
  {
    name: 'batch',
    phases: [
      async (job) => {
        const rows = [[param('string', 'b1')], [param('null')], [param('string', 'b3 😀')]];
        await job.ask({ op: 'batch', sql: 'INSERT INTO words (word) VALUES (?)', rows });
        await job.query('SELECT id, word FROM words ORDER BY id');
      },
    ],
  },
  {
    name: 'multiple statements',
    phases: [
      async (job) => {
        await job.query(
          "INSERT INTO words (word) VALUES ('multi'); SELECT 1 AS a, 'x' AS b; SELECT id FROM words LIMIT 2",
        );
        await job.query("SELECT COUNT(*) FROM words WHERE word = 'multi'");
      },
    ],
  },
  {
    name: 'error amid multiple statements',
    errors: true,
    phases: [
      async (job) => {
        await job.ask({ op: 'connect', ...job.connect, on: 'amid' });
        await job.query('SELECT 1 AS a; SELECT * FROM missing; SELECT 2 AS c', 'amid');
      },
      async (job) => {
        await job.query('SELECT 1 AS still_there', 'amid');
        await job.ask({ op: 'close', on: 'amid' });
      },
    ],
  },
  {
    name: 'procedure',
    phases: [
      async (job) => {
        await job.ask({ op: 'connect', ...job.connect, on: 'call' });
        await job.ask({ op: 'call', procedure: 'doubled', value: 2, on: 'call' });
      },
      async (job) => {
        await job.query('SELECT @out_of_call', 'call');
        await job.ask({ op: 'close', on: 'call' });
      },
    ],
  },
  {
    name: 'errors',
    errors: true,
    phases: [
      async (job) => {
        await job.query('SELECT * FROM missing');
        await job.query("INSERT INTO words VALUES (1, 'twice')");
        await job.query('SELECT * FROM mysql.user');
        await job.ask({ op: 'execute', sql: 'SELECT * FROM missing WHERE id = ?', params: [param('int', '1')] });
        await job.ask({
          op: 'execute',
          sql: 'INSERT INTO words VALUES (?, ?)',
          params: [param('int', '1'), param('string', 'x')],
        });
        // On connections of their own: what a server did before such an error is not plain.
        await job.ask({ op: 'connect', ...job.connect, on: 'typo' });
        await job.query('SELEC 1', 'typo');
      },
      async (job) => {
        await job.query('SELECT 1 AS still_there', 'typo');
        await job.ask({ op: 'close', on: 'typo' });
        await job.ask({ op: 'connect', ...job.connect, on: 'signal' });
        await job.query("SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = 'of our own', MYSQL_ERRNO = 5001", 'signal');
      },
      async (job) => {
        await job.query('SELECT 1 AS still_there', 'signal');
        await job.ask({ op: 'close', on: 'signal' });
      },
    ],
  },
  {
    name: 'warnings',
    phases: [
      async (job) => {
        await job.query("INSERT IGNORE INTO words (id, word) VALUES (1, 'ignored')");
        await job.query('SHOW WARNINGS');
      },
    ],
  },
  {
    name: 'big values',
    phases: [
      async (job) => {
        const params = [param('int', '1'), param('repeat', 'é', 2_000_000)];
        await job.ask({ op: 'execute', sql: 'INSERT INTO large VALUES (?, ?)', params });
        await job.query(`INSERT INTO large VALUES (2, '${'z'.repeat(3_000_000)}')`);
        await job.query('SELECT id, LENGTH(content), SHA2(content, 256) FROM large ORDER BY id');
      },
      async (job) => {
        await job.query('SELECT content FROM large WHERE id = 2');
        await job.ask({ op: 'execute', sql: 'SELECT content FROM large WHERE id = ?', params: [param('int', '1')] });
      },
    ],
  },
  {
    name: 'over 16 MiB',
    // A driver may have a limit of its own.
    errors: true,
    phases: [
      async (job) => {
        await job.query("SELECT REPEAT('y', 17 * 1024 * 1024) AS huge");
        const params = [param('int', '3'), param('repeat', 'w', 17 * 1024 * 1024)];
        await job.ask({ op: 'execute', sql: 'INSERT INTO large VALUES (?, ?)', params });
        await job.query('SELECT LENGTH(content), SHA2(content, 256) FROM large WHERE id = 3');
      },
    ],
  },
  {
    name: 'unbuffered',
    phases: [
      async (job) =>
        void (await job.ask({ op: 'stream', sql: `SELECT d0.d, d1.d, REPEAT('s', 50) FROM ${ten(4)} ORDER BY 1, 2` })),
    ],
  },
  {
    name: 'cursor',
    phases: [
      async (job) =>
        void (await job.ask({ op: 'cursor', sql: `SELECT d0.d, d1.d FROM ${ten(2)} ORDER BY 1, 2`, fetch: 7 })),
    ],
  },
];
