import type { Answer, Param, Request } from './driver';

/** What a step may do: ask the driver; every answer goes into the transcript that is compared. */
export interface Asking {
  readonly database: string;
  /** A second schema of the same account. */
  readonly otherDatabase: string;
  /** Path of a file with three lines for the table `words`. */
  readonly infile: string;
  readonly connect: Omit<Extract<Request, { op: 'connect' }>, 'op'>;
  /** Authority of the certificate that the driver will see. */
  readonly ca: string;
  ask(request: Request): Promise<Answer>;
  query(sql: string, on?: string): Promise<Answer>;
}

type Phase = (job: Asking) => Promise<void>;

export interface Step {
  /** The feature's name in the matrix. */
  readonly name: string;
  /** A switch comes between two phases, and after the last one. */
  readonly phases: readonly Phase[];
  /** Errors are what it is about: one does not mean that the driver lacks the feature. */
  readonly errors?: boolean;
  /** The main connection is not there (yet). */
  readonly stateless?: boolean;
}

const param = (t: Param['t'], v?: string, n?: number): Param => ({
  t,
  ...(v === undefined ? {} : { v }),
  ...(n === undefined ? {} : { n }),
});

const EMOJI = 'Grüße 😀 漢字 \\ \' "';

const COLUMNS = 'tiny, big, ubig, dec30, dbl, flt, yr, da, dt, ts, ti, ch, vc, tx, bl, vb, bits, en, st, js';

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

const VALUES: readonly Param[] = [
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

const ten = (digits: number): string => Array.from({ length: digits }, (_, index) => `digits AS d${index}`).join(', ');

/** Eight seconds: less than an answer may take, so that one that is not stopped shows as a difference. */
const SLOW = 'SELECT COUNT(*) FROM digits WHERE d < 8 AND SLEEP(1) = 0';

const STATE = `SELECT DATABASE(), @@SESSION.sql_mode, @@SESSION.time_zone, @@SESSION.group_concat_max_len, @keep, @number,
  @@SESSION.character_set_client, @@SESSION.collation_connection, @@SESSION.autocommit`;

/** Its name depends on the kind. */
const ISOLATION = "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')";

/** How the requests begin that are asked after every step. */
export const STATE_REQUESTS = /^(query SELECT DATABASE\(\), @@SESSION|query SHOW SESSION VARIABLES|run kept|commit$)/;

/** Asked after every step, so that also what an earlier one set has to have come through the switch. */
export async function readState(job: Asking): Promise<void> {
  await job.query(STATE);
  await job.query(ISOLATION);
  await job.ask({ op: 'run', name: 'kept', params: [param('int', '2')] });
}

export const STEPS: readonly Step[] = [
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
        await job.query('SELECT id, LENGTH(content), MD5(content) FROM large ORDER BY id');
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
        await job.query('SELECT LENGTH(content), MD5(content) FROM large WHERE id = 3');
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
  {
    name: 'LOAD DATA LOCAL',
    phases: [
      async (job) => {
        const quoted = job.infile.replaceAll('\\', '\\\\');
        await job.ask({ op: 'infile', sql: `LOAD DATA LOCAL INFILE '${quoted}' INTO TABLE words (word)` });
        await job.query("SELECT word FROM words WHERE word LIKE 'line %' ORDER BY word");
      },
    ],
  },
  { name: 'ping', phases: [async (job) => void (await job.ask({ op: 'ping' }))] },
  {
    name: 'reset',
    phases: [
      async (job) => {
        await job.ask({ op: 'connect', ...job.connect, on: 'reset' });
        await job.query("SET @gone = 1, SESSION sql_mode = '', group_concat_max_len = 1234", 'reset');
      },
      async (job) => {
        await job.ask({ op: 'reset', on: 'reset' });
        await job.query('SELECT @gone, @@sql_mode, @@group_concat_max_len, DATABASE()', 'reset');
        await job.ask({ op: 'close', on: 'reset' });
      },
    ],
  },
  {
    name: 'change user',
    phases: [
      async (job) => {
        await job.ask({ op: 'connect', ...job.connect, on: 'user' });
        await job.query("SET @gone = 1, SESSION sql_mode = ''", 'user');
        const { user, password } = job.connect;
        await job.ask({ op: 'changeUser', user, password, database: job.otherDatabase, on: 'user' });
        await job.query('SELECT @gone, @@sql_mode, DATABASE(), CURRENT_USER()', 'user');
      },
      async (job) => {
        await job.query('SELECT @gone, @@sql_mode, DATABASE(), CURRENT_USER()', 'user');
        await job.ask({ op: 'changeUser', user: 'app', password: 'wrong', database: job.otherDatabase, on: 'user' });
        await job.ask({ op: 'close', on: 'user' });
      },
    ],
    errors: true,
  },
  {
    name: 'TLS',
    phases: [
      async (job) => {
        await job.ask({ op: 'connect', ...job.connect, ca: job.ca, on: 'tls' });
        await job.query("SET @secret = 'kept'", 'tls');
      },
      async (job) => {
        await job.query("SELECT @secret, REPEAT('t', 100000)", 'tls');
        await job.ask({ op: 'close', on: 'tls' });
      },
    ],
  },
  {
    name: 'pool',
    phases: [
      async (job) => {
        await job.ask({ ...job.connect, op: 'poolOpen' });
        await job.ask({ op: 'poolRun', sql: 'SELECT DATABASE(), 1 + 1' });
      },
      async (job) => {
        await job.ask({ op: 'poolRun', sql: 'SELECT DATABASE(), 2 + 2' });
        await job.ask({ op: 'poolClose' });
      },
    ],
  },
  {
    name: 'mapper',
    phases: [
      async (job) => {
        await job.ask({ op: 'model', table: 'records' });
        await job.ask({ op: 'transaction', table: 'records', commit: true });
      },
      async (job) => {
        await job.ask({ op: 'transaction', table: 'records', commit: false });
        await job.ask({ op: 'model', table: 'records' });
        await job.query('SELECT id, name, amount FROM records ORDER BY id');
      },
    ],
  },
  {
    name: 'cancel',
    errors: true,
    phases: [
      async (job) => {
        await job.ask({ op: 'connect', ...job.connect, on: 'slow' });
        await job.ask({ op: 'cancel', sql: SLOW, on: 'slow' });
        await job.query('SELECT 1 AS still_there', 'slow');
      },
      async (job) => {
        await job.ask({ op: 'cancel', sql: SLOW, on: 'slow' });
        await job.query('SELECT 2 AS still_there', 'slow');
        await job.ask({ op: 'close', on: 'slow' });
      },
    ],
  },
  {
    name: 'compression',
    phases: [
      async (job) => {
        await job.ask({ op: 'connect', ...job.connect, compress: true, on: 'packed' });
        await job.query("SET @packed = 'kept'", 'packed');
      },
      async (job) => {
        await job.query("SELECT @packed, REPEAT('c', 100000)", 'packed');
        await job.query("SHOW STATUS LIKE 'Compression'", 'packed');
        await job.ask({ op: 'close', on: 'packed' });
      },
    ],
  },
  {
    name: 'close',
    stateless: true,
    phases: [
      async (job) => {
        await job.ask({ op: 'unprepare', name: 'kept' });
        await job.ask({ op: 'close' });
      },
    ],
  },
];
