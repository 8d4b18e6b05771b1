import { Capability, ColumnType, Command, ServerStatus } from '@myswitch/protocol';
import { ACCOUNTS, type TestServer, createCluster, until } from '@myswitch/testkit';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

const { LONGLONG, VAR_STRING } = ColumnType;

function bigint(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);

describeKinds('what keeps a session on its backend', (kind) => {
  let server: TestServer;
  let plane: TestPlane;
  let client: Connection;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0 });
    server = cluster.nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))');
    await server.sql(`INSERT INTO shop.t (v) VALUES ('one'), ('two'), ('three')`);
    await server.sql('CREATE PROCEDURE shop.sets() SET @hidden = 1, SESSION group_concat_max_len = 7777');
    await server.sql('CREATE PROCEDURE shop.fails() BEGIN SET @hidden = 1; SELECT * FROM missing; END');
    await server.sql('CREATE PROCEDURE shop.temporary() CREATE TEMPORARY TABLE hidden (id INT)');
    plane = await startPlane({ nodes: [server], backend: { min: 1, max: 1 } });
  });
  beforeEach(async () => {
    client = await plane.connect({ database: 'shop' });
  });
  afterEach(async () => {
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  /** Statements, the pins after the last of them, and the statements that end those. */
  const CASES: readonly [name: string, sql: readonly string[], ends: readonly string[]][] = [
    ['TEMPORARY_TABLE', ['CREATE TEMPORARY TABLE tmp (id INT)'], []],
    ['TEMPORARY_TABLE', ['CREATE TEMPORARY TABLE tmp (id INT)'], ['DROP TEMPORARY TABLE tmp']],
    [
      'TEMPORARY_TABLE',
      ['CREATE TEMPORARY TABLE a (id INT)', 'CREATE TEMPORARY TABLE shop.b (id INT)', 'DROP TABLE a'],
      ['DROP TABLE b'],
    ],
    [
      'TEMPORARY_TABLE',
      ['CREATE TEMPORARY TABLE a (id INT)', 'ALTER TABLE a RENAME TO b', 'DROP TEMPORARY TABLE IF EXISTS a'],
      [],
    ],
    ['GET_LOCK', [`SELECT GET_LOCK('pin', 1)`], ['DO RELEASE_ALL_LOCKS()']],
    ['GET_LOCK', [`SELECT GET_LOCK('pin', 1)`], [`SELECT RELEASE_LOCK('pin')`]],
    ['GET_LOCK', [`DO GET_LOCK('a', 1), GET_LOCK('B', 1)`, `DO RELEASE_LOCK('a')`], [`DO RELEASE_LOCK('B')`]],
    ['LOCK_TABLES', ['LOCK TABLES t WRITE'], ['UNLOCK TABLES']],
    ['SQL_PREPARE', [`SET @text = 'SELECT "ä"'`, 'PREPARE s FROM @text'], ['DROP PREPARE s']],
    ['HANDLER', ['HANDLER t OPEN'], ['HANDLER t CLOSE']],
    ['HANDLER', ['HANDLER t OPEN AS h', 'HANDLER t OPEN', 'HANDLER t CLOSE'], ['HANDLER h CLOSE']],
    ['XA', [`XA START 'x'`, `XA END 'x'`], [`XA ROLLBACK 'x'`]],
    ['SAVEPOINT', ['SET autocommit = 0', 'SAVEPOINT a'], ['COMMIT']],
    ['TRANSACTION_CHARACTERISTICS', ['SET TRANSACTION READ ONLY', 'SELECT 1'], ['BEGIN', 'COMMIT']],
    ['TRANSACTION_CHARACTERISTICS', ['SET TRANSACTION READ ONLY', 'SELECT 1', 'BEGIN'], ['COMMIT']],
    ['ONE_SHOT', ['SET insert_id = 7000'], [`INSERT INTO t (v) VALUES ('seven thousand')`]],
    ['ONE_SHOT', ['SET rand_seed1 = 1'], []],
    ['ONE_SHOT', ['SET timestamp = 1 + 1'], ['SET timestamp = DEFAULT']],
    ['UNKNOWN_STATE', ['CALL fails()'], []],
    ['UNKNOWN_STATE', ['CALL sets()'], []],
    ['UNKNOWN_STATE', ['CALL temporary()'], []],
    ['UNKNOWN_STATE', ['SET NAMES gbk', 'SELECT 1'], []],
  ];

  test.each(CASES)('%s', async (name, statements, ends) => {
    for (const sql of statements) await client.query(sql).catch(() => undefined);
    expect(await plane.pins()).toContain(name);
    expect(await plane.blocking()).toMatchObject([{ kind: 'pinned', reason: expect.stringContaining(name) }]);
    for (const sql of ends) await client.query(sql);
    if (ends.length > 0)
      await until('the pin ends', async () => ((await plane.pins()).length === 0 ? true : null), 2000);
    if (ends.length === 0) await client.changeUser({ database: 'shop' });
    expect(await plane.blocking()).toEqual([]);
    expect(await plane.pins()).toEqual([]);
  });

  test('a transaction, until it ends', async () => {
    await client.query('BEGIN');
    await client.query(`INSERT INTO t (v) VALUES ('open')`);
    expect(await plane.blocking()).toMatchObject([{ kind: 'busy', reason: 'TRANSACTION' }]);
    await client.query('ROLLBACK');
    expect(await plane.blocking()).toEqual([]);
  });

  test('what a procedure set is read back, or kept', async () => {
    await client.query('CALL sets()');
    const [rows] = await client.query<RowDataPacket[]>('SELECT @@group_concat_max_len AS l, @hidden AS h');
    expect(rows).toEqual([{ l: 7777, h: 1 }]);
  });

  test('warnings, as long as nobody needs the backend; then who asks is told', async () => {
    await client.query(`SELECT CAST('12x' AS SIGNED)`);
    expect(await plane.pins()).toEqual(['WARNINGS']);
    expect(await plane.blocking()).toEqual([]);
    const [warnings] = await client.query<RowDataPacket[]>('SHOW WARNINGS');
    expect(warnings).toHaveLength(1);
    const other = await plane.connect({ database: 'shop' });
    await other.query('SELECT 1');
    await expect(client.query('SHOW WARNINGS')).rejects.toMatchObject({ errno: 1105 });
    await client.query('SELECT COUNT(*) FROM t');
  });

  test('found rows, as long as nobody needs the backend', async () => {
    await client.query('SELECT SQL_CALC_FOUND_ROWS id FROM t LIMIT 1');
    expect(await plane.pins()).toContain('FOUND_ROWS');
    const [rows] = await client.query<RowDataPacket[]>('SELECT FOUND_ROWS() AS n');
    expect(rows[0]?.['n']).toBeGreaterThan(1);
  });

  test('a session that waits gets the backend of one that ends its statement with warnings', async () => {
    const slow = client.query(`SELECT SLEEP(0.3), CAST('12x' AS SIGNED)`);
    const other = await plane.connect();
    await other.query('SELECT 1');
    await slow;
  });

  test('statements prepared with autocommit do not commit a transaction without it', async () => {
    await client.query('SET autocommit = 1');
    const statement = await client.prepare('SELECT COUNT(*) FROM t WHERE id > ?');
    await plane.disconnectAllBut(client);
    await client.query('SET autocommit = 0');
    await client.query(`INSERT INTO t (v) VALUES ('must not be committed')`);
    for (let i = 0; i < 130; i++) await client.execute(`SELECT ${i}, ?`, [i]); // more than a backend keeps
    await statement.execute([0]);
    await client.query('ROLLBACK');
    const [row] = await server.sql(`SELECT COUNT(*) AS n FROM shop.t WHERE v = 'must not be committed'`);
    expect(row).toEqual({ n: 0 });
  });

  test('LAST_INSERT_ID() of INSERT … RETURNING, and of two sessions in turn', async () => {
    const other = await plane.connect({ database: 'shop' });
    const insert = `INSERT INTO t (v) VALUES ('r')${kind === 'mariadb' ? ' RETURNING id' : ''}`;
    const ids: number[] = [];
    for (const each of [client, other]) {
      await each.query(insert);
      ids.push(Number((await server.sql('SELECT MAX(id) AS id FROM shop.t'))[0]?.['id']));
    }
    for (const [i, each] of [client, other].entries()) {
      const [rows] = await each.query<RowDataPacket[]>('SELECT LAST_INSERT_ID() AS id');
      expect(rows[0]?.['id']).toBe(ids[i]);
    }
  });

  test('DROP DATABASE of the current schema leaves none', async () => {
    await client.query('CREATE DATABASE app_gone');
    await client.query('USE app_gone');
    await client.query('DROP DATABASE app_gone');
    const other = await plane.connect({ database: 'shop' });
    await other.query('SELECT 1');
    const [rows] = await client.query<RowDataPacket[]>('SELECT DATABASE() AS db');
    expect(rows).toEqual([{ db: null }]);
  });

  test('character_set_results = utf16 is no trouble for us', async () => {
    await client.query('SET character_set_results = utf16');
    await client.query(`INSERT INTO t (v) VALUES ('x')`);
    await client.query(`SET @n = 12, @s = 'text'`);
    const other = await plane.connect({ database: 'shop' });
    await other.query('SELECT 1');
    await client.query('SET character_set_results = utf8mb4');
    const [rows] = await client.query<RowDataPacket[]>('SELECT @n AS n, @s AS s');
    expect(rows).toEqual([{ n: 12, s: 'text' }]);
  });

  test('large user variables stay on the backend', async () => {
    await client.query(`SET @large = REPEAT('x', 1000000)`);
    await until('the pin', async () => ((await plane.pins()).includes('USER_VARIABLE') ? true : null));
    const [rows] = await client.query<RowDataPacket[]>('SELECT LENGTH(@large) AS n');
    expect(rows).toEqual([{ n: 1_000_000 }]);
  });

  test('what is too large to be moved shows when warnings are given up for a switch, and is not lost', async () => {
    await client.query(`SELECT @large := REPEAT('x', 100000), CAST('12x' AS SIGNED)`);
    expect(await plane.pins()).toEqual(['WARNINGS']);
    await plane.hold();
    expect(await plane.drained(500)).toMatchObject({ drained: false, blocking: [{ reason: 'USER_VARIABLE' }] });
    await plane.release(server.name);
    const [rows] = await client.query<RowDataPacket[]>('SELECT LENGTH(@large) AS n');
    expect(rows).toEqual([{ n: 100_000 }]);
  });

  test('CLIENT_FOUND_ROWS and multi statements are the session’s own', async () => {
    const counts = await plane.connect({ database: 'shop', flags: ['-FOUND_ROWS'], multipleStatements: true });
    const [result] = await counts.query(`UPDATE t SET v = 'one' WHERE id = 1`);
    expect(result).toMatchObject({ affectedRows: 0 });
    const [found] = await client.query(`UPDATE t SET v = 'one' WHERE id = 1`);
    expect(found).toMatchObject({ affectedRows: 1 });
    const [both] = await counts.query('SELECT 1 AS a; SELECT 2 AS b');
    expect(both).toEqual([[{ a: 1 }], [{ b: 2 }]]);
    await expect(client.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ errno: 1064 });
  });

  describe('the binary protocol', () => {
    let raw: RawClient;
    beforeEach(async () => {
      client.destroy();
      raw = await RawClient.connect({ port: plane.port, database: 'shop' });
    });
    afterEach(() => RawClient.closeAll());

    test('types that are sent once hold for each session', async () => {
      const other = await RawClient.connect({ port: plane.port, database: 'shop' });
      const a = await raw.prepare('SELECT ? AS v');
      const b = await other.prepare('SELECT ? AS v');
      await raw.execute(a.id, [LONGLONG], bigint(5), 1);
      await other.execute(b.id, [VAR_STRING], text('five'), 1);
      for (let i = 0; i < 3; i++) {
        const first = await raw.execute(a.id, null, bigint(70 + i), 1);
        expect(first.error).toBeNull();
        expect(first.rows[0]?.readBigInt64LE(2)).toBe(BigInt(70 + i));
        const second = await other.execute(b.id, null, text(`text${i}`), 1);
        expect(second.rows[0]?.toString('latin1', 3)).toBe(`text${i}`);
      }
      other.close();
    });

    test('prepared in another schema than the present one', async () => {
      await server.sql('CREATE DATABASE IF NOT EXISTS app_other');
      await server.sql('CREATE TABLE IF NOT EXISTS app_other.t (id INT, v VARCHAR(10))');
      const { id } = await raw.prepare(`SELECT IF(COUNT(*) > 0, 'rows', 'none') FROM t`);
      await raw.query('USE app_other');
      const other = await RawClient.connect({ port: plane.port });
      await other.values('SELECT 1'); // without a schema: the backend is another one
      other.close();
      const reply = await raw.execute(id, [], Buffer.alloc(0), 0);
      expect(reply.rows[0]?.toString('latin1', 3)).toBe('rows');
      expect(await raw.values('SELECT DATABASE()')).toEqual(['app_other']);
    });

    test('long data', async () => {
      const { id } = await raw.prepare('SELECT LENGTH(?)');
      const piece = Buffer.alloc(6 + 100_000, 'x');
      piece.writeUInt32LE(id, 0);
      piece.writeUInt16LE(0, 4);
      for (let i = 0; i < 3; i++) raw.send(Command.STMT_SEND_LONG_DATA, piece);
      await until('the pin', async () => ((await plane.pins()).includes('LONG_DATA') ? true : null));
      for (let i = 0; i < 130; i++) await raw.prepare(`SELECT ${i}`); // more than a backend keeps
      const reply = await raw.execute(id, [ColumnType.LONG_BLOB], Buffer.alloc(0), 1);
      expect(reply.error).toBeNull();
      expect(reply.rows[0]?.readUInt32LE(2)).toBe(300_000);
      expect(await plane.pins()).toEqual([]);
    });

    test.each([
      ['with CLIENT_DEPRECATE_EOF', 0],
      ['without', Capability.DEPRECATE_EOF],
    ])('a cursor, %s', async (_, without) => {
      const reader = await RawClient.connect({ port: plane.port, database: 'shop', without });
      const { id } = await reader.prepare('SELECT id FROM t ORDER BY id LIMIT 3');
      const opened = await reader.execute(id, [], Buffer.alloc(0), 0, 1);
      expect(opened.error).toBeNull();
      expect(opened.status & ServerStatus.CURSOR_EXISTS).not.toBe(0);
      expect(opened.rows).toEqual([]);
      expect(await plane.pins(await idOf(reader))).toContain('CURSOR');
      const argument = Buffer.alloc(8);
      argument.writeUInt32LE(id, 0);
      argument.writeUInt32LE(2, 4);
      const rows: Buffer[] = [];
      for (let i = 0; i < 2; i++) {
        reader.send(Command.STMT_FETCH, argument);
        const reply = await reader.fetched();
        expect(reply.error).toBeNull();
        rows.push(...reply.rows);
        if (i === 0) for (let n = 0; n < 130; n++) await reader.prepare(`SELECT ${n}`);
      }
      expect(rows).toHaveLength(3);
      reader.send(Command.STMT_FETCH, argument);
      await reader.fetched(); // past the end: the server says so or sends nothing
      reader.send(Command.STMT_CLOSE, argument.subarray(0, 4));
      await reader.values('SELECT 1');
      expect(await plane.pins(await idOf(reader))).toEqual([]);
    });

    test('COM_RESET_CONNECTION', async () => {
      await raw.query(`SET @a = 1, time_zone = '+05:00'`);
      await raw.query(`INSERT INTO t (v) VALUES ('reset')`);
      await raw.query('CREATE TEMPORARY TABLE tmp (id INT)');
      raw.send(Command.RESET_CONNECTION);
      expect((await raw.single()).error).toBeNull();
      expect(await plane.pins()).toEqual([]);
      expect(await raw.values(`SELECT CONCAT_WS('/', @a, @@time_zone, LAST_INSERT_ID(), DATABASE())`)).toEqual([
        'SYSTEM/0/shop',
      ]);
    });

    test('COM_SET_OPTION', async () => {
      raw.send(Command.SET_OPTION, Buffer.of(0, 0));
      await raw.single();
      const both = await raw.query('SELECT 1; SELECT 2');
      expect(both.rows).toHaveLength(2);
      raw.send(Command.SET_OPTION, Buffer.of(1, 0));
      await raw.single();
      expect((await raw.query('SELECT 1; SELECT 2')).error?.code).toBe(1064);
    });

    test('KILL and COM_PROCESS_KILL mean sessions of ours', async () => {
      const victim = await plane.connect({ user: ACCOUNTS.app.user });
      const id = Buffer.alloc(4);
      id.writeUInt32LE(victim.threadId ?? 0);
      raw.send(Command.PROCESS_KILL, id);
      const hasCommand = kind === 'mariadb' || Number.parseInt(server.version, 10) < 9;
      expect((await raw.single()).error?.code).toBe(hasCommand ? undefined : 1047);
      if (!hasCommand) expect((await raw.query(`KILL ${victim.threadId}`)).error).toBeNull();
      await expect(victim.query('SELECT 1')).rejects.toBeDefined();
      expect((await raw.query('KILL 4000000')).error?.code).toBe(1094);
      await expect(raw.prepare('KILL 1')).rejects.toMatchObject({ errno: 1295 });
    });

    async function idOf(one: RawClient): Promise<number> {
      const rows = await plane.sessions();
      return rows.find(({ client: address }) => address.endsWith(`:${one.socket.localPort}`))?.session ?? 0;
    }
  });
});
