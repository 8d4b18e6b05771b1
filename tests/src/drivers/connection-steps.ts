import type { Step } from './step';

/** Eight seconds: less than an answer may take, so that one that is not stopped shows as a difference. */
const SLOW = 'SELECT COUNT(*) FROM digits WHERE d < 8 AND SLEEP(1) = 0';

/** What is done to connections, and what comes beside statements. */
export const CONNECTION_STEPS: readonly Step[] = [
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
