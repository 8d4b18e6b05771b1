import { type Connection, type RowDataPacket, createConnection } from 'mysql2/promise';
import { ACCOUNTS, type TestServer, createCluster, until } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';

/** Rows, or the error's number and text. */
async function outcome(client: Connection, sql: string): Promise<unknown> {
  try {
    const [rows] = await client.query<RowDataPacket[]>(sql);
    return Array.isArray(rows) ? rows : 'OK';
  } catch (error) {
    const { errno, message } = error as { errno: number; message: string };
    return `${errno} ${message}`;
  }
}

/** Each script's statements, between which the session moves from one server to the other. */
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  'user variables, however they were set': [
    'SELECT @a := 5',
    'SELECT @a, @a + 1',
    "SELECT 7, 'seven' INTO @b, @c",
    'SELECT @b, @c, COLLATION(@c)',
    'CALL out_parameter(@d)',
    'SELECT @d',
    'SET @e = (@f := 1.50)',
    'SELECT @e, @f',
    'SELECT @a := NULL',
    'SELECT @a',
    'SELECT @bad := 3, (SELECT 1 UNION SELECT 2)',
    'SELECT @bad',
    "SET @n = 'text', @i = 5",
    'SET @n = NULL, @i = NULL, @b = NULL',
    'SELECT COLLATION(@n), COLLATION(@i), COLLATION(@b)',
  ],
  'statements prepared by SQL': [
    "PREPARE s FROM 'SELECT ? + 1 AS n'",
    'SET @x = 41',
    'EXECUTE s USING @x',
    "SET @text = 'SELECT COUNT(*) > -1 AS c FROM t'",
    'PREPARE c FROM @text',
    'EXECUTE c',
    "PREPARE s FROM 'SELECT nonsense FROM nowhere'",
    'EXECUTE s USING @x',
    "PREPARE i FROM 'INSERT INTO t (v) VALUES (?)'",
    'EXECUTE i USING @text',
    'SELECT LAST_INSERT_ID() > 0',
    'DEALLOCATE PREPARE c',
    'EXECUTE c',
    'EXECUTE i USING @text',
  ],
  'statements prepared by SQL in another schema and mode': [
    'PREPARE c FROM \'SELECT COUNT(*) > -1 AS c, "text" AS x FROM t\'',
    'USE information_schema',
    'EXECUTE c',
    "SET SESSION sql_mode = 'ANSI_QUOTES'",
    'EXECUTE c',
    'SELECT DATABASE(), @@sql_mode',
    'PREPARE d FROM \'SELECT DATABASE() AS "d"\'',
    'USE shop',
    'EXECUTE d',
    'EXECUTE c',
    'DEALLOCATE PREPARE c',
    'EXECUTE d',
  ],
  'a timestamp that stands still': [
    'SET timestamp = 1000000000',
    'SELECT UNIX_TIMESTAMP() AS t',
    "SELECT CONVERT_TZ(NOW(), @@time_zone, '+00:00') IS NULL AS x",
    'SET timestamp = DEFAULT',
    'SELECT UNIX_TIMESTAMP() > 1500000000 AS runs',
  ],
  'a transaction in which nothing was done yet': [
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    'START TRANSACTION READ ONLY',
    "INSERT INTO t (v) VALUES ('not in a read-only transaction')",
    'ROLLBACK',
    'BEGIN',
    "INSERT INTO t (v) VALUES ('in a transaction')",
    'ROLLBACK',
    "SELECT COUNT(*) AS n FROM t WHERE v = 'in a transaction'",
    'SET TRANSACTION READ ONLY',
    "INSERT INTO t (v) VALUES ('nor without BEGIN')",
    "INSERT INTO t (v) VALUES ('the next one writes')",
  ],
  'a SET that fails': [
    'SET SESSION group_concat_max_len = 5000, sql_mode = nonsense',
    'SELECT @@group_concat_max_len',
    'SET SESSION group_concat_max_len = 5000',
    'SET SESSION group_concat_max_len = 6000, sql_mode = nonsense',
    'SELECT @@group_concat_max_len',
  ],
  'transactions begun in another one': [
    'START TRANSACTION READ ONLY',
    'BEGIN', // which is as read-only on MySQL, and not on MariaDB
    "INSERT INTO t (v) VALUES ('a')",
    'ROLLBACK',
    'START TRANSACTION READ ONLY',
    'SELECT v FROM fixed',
    'BEGIN',
    "INSERT INTO t (v) VALUES ('b')",
    'ROLLBACK',
    'SET autocommit = 0',
    'START TRANSACTION READ ONLY',
    'SET autocommit = 1',
    'BEGIN',
    "INSERT INTO t (v) VALUES ('c')",
    'ROLLBACK',
    'BEGIN',
    "INSERT INTO t (v) VALUES ('d')",
    'ROLLBACK',
  ],
  diagnostics: [
    'UPDATE fixed SET v = v',
    'SELECT ROW_COUNT(), ROW_COUNT() + 1, ROW_COUNT() AS n',
    'SELECT v FROM fixed',
    'SELECT (FOUND_ROWS() * 2)',
    'SELECT ROW_COUNT()',
    'DELETE FROM t WHERE id = -1',
    'KILL 999999999', // which is answered without asking the server
    'SELECT ROW_COUNT()',
  ],
};

describeKinds('a session keeps its state', (kind) => {
  let servers: TestServer[];
  let plane: TestPlane;
  let at: string;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 1 });
    servers = [...cluster.nodes];
    await servers[1]?.sql(kind === 'mysql' ? 'STOP REPLICA' : 'STOP SLAVE');
    // the same on both: nothing is replicated in these tests, so that the session may move at any moment
    for (const server of servers) {
      await server.sql('SET GLOBAL read_only = 0');
      await server.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))');
      await server.sql("CREATE TABLE shop.fixed AS SELECT 'a' AS v UNION SELECT 'b'");
      await server.sql('CREATE PROCEDURE shop.out_parameter(OUT a INT) SET a = 77');
      await server.sql(
        `CREATE FUNCTION shop.leaves_inside() RETURNS INT DETERMINISTIC BEGIN SET @inside = 1; RETURN 2; END`,
      );
    }
    plane = await startPlane({ nodes: servers });
    at = servers[0]?.name ?? '';
  }, 60_000);
  afterEach(async () => {
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  const move = async (): Promise<void> => {
    await plane.hold();
    expect(await plane.drained(2000)).toEqual({ drained: true });
    at = servers.find(({ name }) => name !== at)?.name ?? '';
    await plane.release(at);
  };

  test.each(Object.entries(SCRIPTS))('%s', async (_title, statements) => {
    const [server] = servers;
    const direct = await createConnection({
      host: '127.0.0.1',
      port: server?.port ?? 0,
      ...ACCOUNTS.app,
      database: 'shop',
    });
    const expected: unknown[] = [];
    const seen: unknown[] = [];
    try {
      for (const sql of statements) expected.push([sql, await outcome(direct, sql)]);
    } finally {
      direct.destroy();
    }
    const client = await plane.connect({ database: 'shop' });
    for (const sql of statements) {
      if ((await plane.blocking()).length === 0) await move();
      seen.push([sql, await outcome(client, sql)]);
    }
    expect(seen).toEqual(expected);
  });

  if (kind === 'mysql') {
    test('FOUND_ROWS() of a SELECT … INTO, which has no result', async () => {
      const client = await plane.connect({ database: 'shop' });
      await client.query('SELECT 7 INTO @v');
      await move();
      expect(await outcome(client, 'SELECT FOUND_ROWS() AS n')).toEqual([{ n: 1 }]);
    });
  }

  test('a function that sets a variable in a SET pins', async () => {
    const client = await plane.connect({ database: 'shop' });
    await client.query('SET @a = leaves_inside()');
    expect(await plane.pins()).toContain('UNKNOWN_STATE');
    expect(await outcome(client, 'SELECT @a AS a, @inside AS inside')).toEqual([{ a: 2, inside: 1 }]);
  });

  test.each([
    ['SELEC 1'],
    ["SIGNAL SQLSTATE '45001'"],
    ['SELECT * FROM missing'],
    ['SELECT 1; SELEC 2'],
    ['SELECT 1; SELECT * FROM missing; SELECT 2'],
    ['SELECT no_such_function(1)'],
  ])('%s fails and pins nothing', async (sql) => {
    const client = await plane.connect({ database: 'shop', multipleStatements: true });
    expect(await outcome(client, sql)).toMatch(/^1/);
    await client.query('SELECT 1 FROM DUAL');
    await until('nothing pins', async () => ((await plane.blocking()).length === 0 ? true : null), 2000);
    expect(await plane.pins()).not.toContain('UNKNOWN_STATE');
  });

  test.each(['COMMIT RELEASE', 'ROLLBACK WORK AND NO CHAIN RELEASE'])('%s ends the connection', async (sql) => {
    const client = await plane.connect({ database: 'shop' });
    await client.query('COMMIT NO RELEASE');
    await client.query(sql);
    await until('the session ends', async () => ((await plane.sessions()).length === 0 ? true : null), 2000);
  });

  test('what is open is named: with autocommit off apart', async () => {
    const client = await plane.connect({ database: 'shop' });
    const free = (): Promise<unknown> =>
      until('nothing blocks', async () => ((await plane.blocking()).length === 0 ? true : null), 2000);
    await client.query('SET autocommit = 0');
    await free();
    await client.query('SELECT * FROM t');
    expect(await plane.blocking()).toMatchObject([{ kind: 'busy', reason: 'TRANSACTION_AUTOCOMMIT_OFF' }]);
    await client.query('COMMIT');
    await free();
    await client.query('BEGIN');
    await free();
    await client.query('SELECT * FROM t');
    expect(await plane.blocking()).toMatchObject([{ kind: 'busy', reason: 'TRANSACTION_AUTOCOMMIT_OFF' }]);
    await client.query('ROLLBACK');
    await client.query('SET autocommit = 1');
    await client.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    expect(await plane.blocking()).toMatchObject([{ kind: 'busy', reason: 'TRANSACTION' }]);
  });

  test('roles go with their session and stay with nobody else', async () => {
    const user = `roles_${kind}`;
    for (const server of servers) {
      await server.sql(`CREATE USER '${user}'@'%' IDENTIFIED BY 'secret'`);
      for (const role of ['first', 'second']) {
        await server.sql(`CREATE ROLE ${role}_${kind}`);
        await server.sql(`GRANT ${role}_${kind} TO '${user}'@'%'`);
      }
      const assign = kind === 'mysql' ? 'TO' : 'FOR';
      await server.sql(`SET DEFAULT ROLE first_${kind} ${assign} '${user}'@'%'`);
      await server.sql(`GRANT SELECT ON shop.* TO first_${kind}`);
    }
    const narrow = await startPlane({
      nodes: servers,
      active: at,
      users: [{ name: user, password: 'secret' }],
      backend: { min: 1, max: 1 },
    });
    try {
      const account = { user, password: 'secret' };
      const changed = await narrow.connect(account);
      const plain = await narrow.connect(account);
      const role = async (client: Connection): Promise<unknown> => outcome(client, 'SELECT CURRENT_ROLE() AS r');
      const initial = await role(plain);
      expect(JSON.stringify(initial)).toContain('first');
      await changed.query(`SET ROLE second_${kind}`);
      expect(JSON.stringify(await role(changed))).toContain('second');
      expect(await role(plain)).toEqual(initial);
      expect(JSON.stringify(await role(changed))).toContain('second');
      await changed.query('SET ROLE NONE');
      expect(await role(plain)).toEqual(initial);
      expect(JSON.stringify(await role(changed))).not.toMatch(/first|second/);
      // a pinned session's backend is wiped, which leaves its role as it is
      await changed.query(`SET ROLE second_${kind}`);
      await changed.query("SELECT GET_LOCK('x', 1)");
      changed.destroy();
      expect(await role(plain)).toEqual(initial);
      await narrow.hold();
      await narrow.drained();
      await narrow.release(servers.find(({ name }) => name !== at)?.name ?? '');
      expect(await role(plain)).toEqual(initial);
    } finally {
      await narrow.stop();
    }
  });
});
