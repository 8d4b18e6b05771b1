import { type TestServer, createCluster } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { startPlane, staysPending } from './support/plane';
import { Twins } from './support/twins';

/** Statements of a session, in which order ever. */
const STATEMENTS: readonly (string | readonly [sql: string, values: unknown[]])[] = [
  'SELECT 1',
  'SELECT LAST_INSERT_ID()',
  'SELECT @@last_insert_id, @@identity',
  'SELECT LAST_INSERT_ID() AS id, COUNT(*) FROM t',
  'SELECT FOUND_ROWS()',
  'SELECT ROW_COUNT()',
  'SHOW WARNINGS',
  'SHOW COUNT(*) WARNINGS',
  'SHOW ERRORS',
  'SELECT @@warning_count',
  'SELECT DATABASE(), SCHEMA()',
  'SELECT @a, @b, @`c d`, @e, @f',
  'SELECT @@sql_mode, @@time_zone, @@autocommit, @@sql_select_limit, @@group_concat_max_len, @@wait_timeout',
  'SELECT @@character_set_client, @@character_set_results, @@character_set_connection, @@collation_connection',
  'SELECT "x", \'it\'\'s\', COLLATION("x")',
  'INSERT INTO t (v) VALUES ("a")',
  'INSERT INTO t (v) VALUES (1), (2), (3)',
  'INSERT INTO t (id, v) VALUES (LAST_INSERT_ID() + 1000, "explicit") ON DUPLICATE KEY UPDATE v = "again"',
  'INSERT INTO t (id, v) VALUES (1, "duplicate")',
  'INSERT IGNORE INTO t (id, v) VALUES (1, "ignored")',
  'INSERT INTO t (id, v) VALUES (1, "x") ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), v = CONCAT(v, "+")',
  'INSERT INTO t (v) SELECT v FROM t LIMIT 2',
  'REPLACE INTO t (id, v) VALUES (2, "replaced")',
  'UPDATE t SET v = "u" WHERE id < 4',
  'UPDATE t SET v = "same" WHERE id = 1',
  'UPDATE counter SET n = LAST_INSERT_ID(n + 1)',
  'SELECT LAST_INSERT_ID(77)',
  'DELETE FROM t WHERE id > 40',
  'DELETE FROM t WHERE id = 3',
  'SELECT SQL_CALC_FOUND_ROWS id FROM t ORDER BY id LIMIT 2',
  'SELECT id, v FROM t ORDER BY id LIMIT 3',
  'SELECT id FROM t WHERE id < 0',
  'SELECT * FROM missing',
  'SELECT 1 +',
  'SELECT CAST("12x" AS SIGNED), 1/0',
  'INSERT INTO t (v) VALUES (REPEAT("long", 100))',
  'INSERT IGNORE INTO t (v) VALUES (REPEAT("long", 100))',
  'DROP TABLE IF EXISTS nothing',
  'SET @a = 1',
  'SET @a = -7, @b = "text with \' and \\\\ and \u00e4", @`c d` = 1.50',
  "SET @a = NULL, @b = X'00ff', @e = 1e100, @f = 18446744073709551615",
  "SET @e = 0.1e0, @f = CAST(5 AS DECIMAL(10,2)), @b = _latin1 X'e4' COLLATE latin1_german1_ci",
  'SET @a = @a + 1, @b = CONCAT(@b, "x")',
  'SELECT @a + 1, @b, @f / 3, HEX(@b), IF(@b IS NULL, NULL, CONCAT(CHARSET(@b), COLLATION(@b)))',
  'SET time_zone = "+02:00"',
  'SET time_zone = DEFAULT',
  'SET SESSION sql_mode = "ANSI_QUOTES"',
  'SET SESSION sql_mode = "STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES"',
  'SET SESSION sql_mode = DEFAULT',
  'SET sql_mode = "bogus"',
  'SET @a = 5, sql_mode = "bogus"',
  'SET SESSION sql_select_limit = 2',
  'SET SESSION sql_select_limit = DEFAULT',
  'SET group_concat_max_len = 2048',
  'SET NAMES latin1',
  'SET NAMES utf8mb4',
  'SET NAMES utf8mb4 COLLATE utf8mb4_bin',
  'SET CHARACTER SET latin1',
  'SET character_set_results = NULL',
  'SET character_set_results = utf8mb4',
  'SET collation_connection = utf8mb4_unicode_ci',
  'SET last_insert_id = 4711',
  'SET timestamp = DEFAULT',
  'USE {s}_2',
  'USE {s}',
  'SELECT COUNT(*) FROM only_here',
  'DROP DATABASE IF EXISTS {s}_3',
  'CREATE DATABASE IF NOT EXISTS {s}_3',
  'USE {s}_3',
  'CREATE TABLE IF NOT EXISTS u (id INT)',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'SET autocommit = 0',
  'SET autocommit = 1',
  'SAVEPOINT a',
  'ROLLBACK TO a',
  'CALL p()',
  'CALL two(@a)',
  'DO 1',
  ['SELECT ?, 1', ['x']],
  ['SELECT ? AS n', ['cinco']],
  ['SELECT ? AS n', ['five']],
  ['INSERT INTO t (v) VALUES (?)', ['prepared']],
  ['SELECT v FROM t WHERE id < ? ORDER BY id LIMIT 3', [5]],
  ['SELECT LAST_INSERT_ID() + ?', [0]],
  ['SELECT COUNT(*) FROM only_here WHERE id < ?', [5]],
  ["SELECT 'quoted', ?", [1]],
  ['UPDATE t SET v = ? WHERE id = ?', ['w', 2]],
];

/** What may be refused, told as such, once its backend was shared: never answered wrongly. */
function isRefusal(outcome: Record<string, unknown>): boolean {
  return outcome['errno'] === 1105 && /would tell is gone/.test(String(outcome['message']));
}

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function createTables(server: TestServer, name: string): Promise<void> {
  for (const side of ['p', 'd']) {
    const schema = `app_${side}_${name}`;
    await server.sql(`DROP DATABASE IF EXISTS ${schema}_3`);
    await server.sql(`CREATE DATABASE IF NOT EXISTS ${schema}`);
    await server.sql(`CREATE DATABASE IF NOT EXISTS ${schema}_2`);
    await server.sql(`DROP TABLE IF EXISTS ${schema}.t, ${schema}.counter, ${schema}_2.only_here, ${schema}_2.t`);
    await server.sql(`CREATE TABLE ${schema}.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40))`);
    await server.sql(`CREATE TABLE ${schema}_2.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40))`);
    await server.sql(`INSERT INTO ${schema}.t (v) VALUES ('one'), ('two'), ('three')`);
    await server.sql(`CREATE TABLE ${schema}.counter (n BIGINT)`);
    await server.sql(`INSERT INTO ${schema}.counter VALUES (10)`);
    await server.sql(`CREATE TABLE ${schema}_2.only_here (id INT)`);
    await server.sql(`DROP PROCEDURE IF EXISTS ${schema}.p`);
    await server.sql(`CREATE PROCEDURE ${schema}.p() SELECT COUNT(*) FROM t`);
    await server.sql(`DROP PROCEDURE IF EXISTS ${schema}.two`);
    await server.sql(`CREATE PROCEDURE ${schema}.two(INOUT x INT) BEGIN SELECT 1; SET x = 2; END`);
  }
}

describeKinds('shared backends', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0 });
    server = cluster.nodes[0]!;
  });

  const STEPS = 250;
  const seeds = (process.env['MYSWITCH_SEEDS'] ?? '1,2,3').split(',').map(Number);
  for (const max of [1, 2]) {
    for (const seed of seeds) {
      test(`answer as a connection of one's own does, in any order (${max} for 3 sessions, seed ${seed})`, async () => {
        const plane = await startPlane({ nodes: [server], backend: { min: 1, max } });
        const next = random(seed * 10 + max);
        const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
        const names = ['a', 'b', 'c'];
        const twins: Twins[] = [];
        const history: string[] = [];
        for (const name of names) {
          await createTables(server, name);
          twins.push(await Twins.connect(plane, server, name));
          await twins.at(-1)!.same('SELECT 1');
        }
        const run = async (twin: Twins, sql: string, values?: unknown[]): Promise<void> => {
          history.push(`${twin.name}: ${sql}${values === undefined ? '' : ` ${JSON.stringify(values)}`}`);
          const answers = await staysPending(twin.both(sql, values), 15_000);
          if (answers === 'pending') {
            const state = {
              history: history.slice(-12),
              sessions: await plane.sessions(),
              backends: await plane.backends(),
            };
            throw new Error(`no answer: ${JSON.stringify(state, null, 1)}`);
          }
          const { proxied, direct } = answers;
          const latest = history.filter((line) => line.startsWith(twin.name)).slice(-12);
          if (isRefusal(proxied)) await twin.same('SELECT 1');
          else expect({ latest, ...proxied }).toEqual({ latest, ...direct });
        };
        const holders = async (): Promise<Twins[]> => {
          const ids = new Set((await plane.blocking()).map(({ session }) => session));
          return twins.filter(({ proxied }) => ids.has(proxied.threadId ?? 0));
        };
        try {
          for (let step = 0, busy = 0; step < STEPS; step++) {
            // a transaction or a pin keeps a backend: when there is none left, those who have one go on
            const holding = await holders();
            busy = holding.length >= max ? busy + 1 : 0;
            const twin = pick(busy > 0 ? holding : twins);
            if (busy > 5) {
              await run(twin, 'ROLLBACK');
              await run(twin, 'SET autocommit = 1');
              if ((await holders()).includes(twin)) {
                twin.end();
                twins[twins.indexOf(twin)] = await Twins.connect(plane, server, twin.name);
                await twins.find(({ name }) => name === twin.name)!.same('SELECT 1');
                history.push(`${twin.name}: connected anew`);
              }
            }
            const statement = pick(STATEMENTS);
            if (typeof statement === 'string')
              await run(
                twins.find(({ name }) => name === twin.name)!,
                statement,
              );
            else
              await run(
                twins.find(({ name }) => name === twin.name)!,
                ...statement,
              );
          }
        } finally {
          for (const twin of twins) twin.end();
          await plane.stop();
        }
      });
    }
  }
});
