import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { Capability, Command, encodeHandshakeResponse, encodePacket, decodeErr } from '@myswitch/protocol';
import { type TestServer, createCluster, sleep, until } from '@myswitch/testkit';
import type { RowDataPacket } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

describeKinds('bad input', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0, extra: ['max_allowed_packet=64M'] });
    server = cluster.nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT PRIMARY KEY, v LONGBLOB)');
    await server.sql(`INSERT INTO shop.t VALUES (1, 'one')`);
    plane = await startPlane({ nodes: [server], maxClients: 5, backend: { min: 1, max: 4 } });
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
    // everybody else goes on
    const client = await plane.connect({ database: 'shop' });
    await client.query('SELECT 1');
    await plane.disconnectAll();
  });
  afterAll(() => plane.stop());

  const connect = (options: object = {}): Promise<RawClient> => RawClient.connect({ port: plane.port, ...options });

  describe('at login', () => {
    test('a wrong password or user, or none', async () => {
      for (const [user, password, using] of [
        ['app', 'wrong', 'YES'],
        ['nobody', 'wrong', 'YES'],
        ['app', '', 'NO'],
      ] as const) {
        await expect(plane.connect({ user, password })).rejects.toMatchObject({
          errno: 1045,
          sqlState: '28000',
          message: `Access denied for user '${user}'@'127.0.0.1' (using password: ${using})`,
        });
      }
    });

    test('an unknown schema', async () => {
      await expect(plane.connect({ database: 'app_none' })).rejects.toMatchObject({ errno: 1049, sqlState: '42000' });
      expect((await plane.backends()).length).toBeGreaterThan(0); // and no backend is given up for it
    });

    test('too many clients', async () => {
      await Promise.all([1, 2, 3, 4, 5].map(() => plane.connect()));
      await expect(plane.connect()).rejects.toMatchObject({ errno: 1040, sqlState: '08004' });
    });

    test.each([
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
      ['random bytes', randomBytes(500)],
      ['a wrong sequence id', encodePacket(Buffer.alloc(40), 7)],
      ['a truncated response', encodePacket(Buffer.alloc(40, 0xff), 1)],
      ['an empty packet', encodePacket(Buffer.alloc(0), 1)],
      ['more than a login ever has', encodePacket(Buffer.alloc(1 << 20), 1)],
      ['TLS where there is none', encodePacket(tlsRequest(), 1)],
    ])('%s: an error and the end', async (_, bytes) => {
      const client = await RawClient.open({ port: plane.port });
      await client.packet(0);
      client.socket.write(bytes);
      await client.ended;
    });

    test('bytes in pieces are as good as whole', async () => {
      const client = await connect();
      for (const byte of encodePacket(Buffer.from(`\u0003SELECT 'in pieces'`), 0)) {
        client.socket.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await client.reply()).rows[0]?.toString('latin1', 1)).toBe('in pieces');
    });

    test('a client that goes away at once, many times', async () => {
      for (let i = 0; i < 50; i++)
        net
          .connect({ host: '127.0.0.1', port: plane.port })
          .on('error', () => 0)
          .destroy();
      await sleep(50);
    });
  });

  describe('after login', () => {
    test('a wrong sequence id ends the connection', async () => {
      const client = await connect();
      client.socket.write(encodePacket(Buffer.from('\u0003SELECT 1'), 3));
      expect((await client.single()).error?.code).toBe(1156);
      await client.ended;
    });

    test('a packet above 64 MiB ends it as soon as it is announced', async () => {
      const client = await connect();
      const header = Buffer.of(0xff, 0xff, 0xff, 0);
      for (let i = 0; i < 5; i++) {
        header[3] = i;
        client.socket.write(Buffer.from(header));
        client.socket.write(Buffer.alloc(0xffffff));
      }
      expect(decodeErr(await client.packet(5)).code).toBe(1153);
      await client.ended;
    });

    test('an empty packet, an unknown command, malformed ones: told, and the connection goes on', async () => {
      const client = await connect();
      const { id } = await client.prepare('SELECT ?, ?');
      const short = Buffer.alloc(9);
      short.writeUInt32LE(id, 0);
      for (const [bytes, code] of [
        [Buffer.alloc(0), 1047],
        [Buffer.of(0x77), 1047],
        [Buffer.of(Command.STMT_EXECUTE), 1835],
        [Buffer.of(Command.STMT_EXECUTE, 1, 0), 1835],
        [Buffer.concat([Buffer.of(Command.STMT_EXECUTE), short]), 1835],
        [Buffer.of(Command.STMT_FETCH), 1835],
        [Buffer.of(Command.STMT_RESET), 1835],
        [Buffer.of(Command.SET_OPTION), 1835],
        [Buffer.of(Command.CLONE), 1105],
      ] as const) {
        client.socket.write(encodePacket(bytes, 0));
        expect([bytes.toString('hex'), (await client.single()).error?.code]).toEqual([bytes.toString('hex'), code]);
      }
      expect(await client.values('SELECT 1')).toEqual(['1']);
    });

    test.each([
      ['a command', encodePacket(Buffer.from(`\u0003SELECT 'behind'`), 0)],
      ['half of one', Buffer.of(100, 0, 0, 0, Command.QUERY)],
    ])(
      '%s behind a replication stream that is refused: the error, the end, and no backend that others get',
      async (_, more) => {
        const client = await connect();
        const dump = Buffer.concat([Buffer.of(Command.BINLOG_DUMP), Buffer.alloc(10), Buffer.from('no.000001')]);
        client.socket.write(Buffer.concat([encodePacket(dump, 0), more]));
        expect((await client.single()).error).toMatchObject({ code: expect.any(Number) });
        await client.ended;
      },
    );

    test('any bytes as any command', async () => {
      for (let code = 0; code < 256; code++) {
        if (code === Command.QUERY || code === Command.STMT_PREPARE) continue;
        const client = await connect({ database: 'shop' });
        client.socket.write(encodePacket(Buffer.concat([Buffer.of(code), randomBytes(20)]), 0));
        client.socket.write(encodePacket(Buffer.of(Command.QUIT), 0));
        await client.ended;
      }
    });

    test('statements that cannot be: the server answers', async () => {
      const client = await connect({ database: 'shop' });
      for (const sql of [
        '',
        ';',
        "'",
        '/*',
        '`',
        '(((((',
        '\0\0\0',
        '\u00ff'.repeat(100),
        `SET @a = `,
        'USE',
        'KILL',
      ]) {
        expect((await client.query(sql)).error).not.toBeNull();
      }
    });

    test('many commands at once are answered in order', async () => {
      const client = await connect();
      const all = Array.from({ length: 500 }, (_, i) => encodePacket(Buffer.from(`\u0003SELECT ${i}`), 0));
      client.socket.write(Buffer.concat(all));
      for (let i = 0; i < 500; i++) expect((await client.reply()).rows[0]?.toString('latin1', 1)).toBe(String(i));
    });

    test('a huge statement and a huge row', async () => {
      const client = await plane.connect({ database: 'shop' });
      const large = Buffer.alloc(20 << 20, 'x');
      await client.query('REPLACE INTO t VALUES (2, ?)', [large]);
      const [rows] = await client.query<RowDataPacket[]>('SELECT v, LENGTH(v) AS n FROM t WHERE id = 2');
      expect(rows[0]?.['n']).toBe(large.length);
      expect(large.equals(rows[0]?.['v'])).toBe(true);
      const [prepared] = await client.execute<RowDataPacket[]>('SELECT LENGTH(?) AS n', [large]);
      expect(prepared[0]?.['n']).toBe(large.length);
    });

    test('who never reads a huge result costs little, and harms nobody', async () => {
      await server.sql(`REPLACE INTO shop.t VALUES (3, REPEAT('x', 4000000))`);
      const before = process.memoryUsage.rss();
      const client = await connect({ database: 'shop' });
      client.socket.pause();
      client.send(Command.QUERY, `SELECT a.v FROM t a, information_schema.COLUMNS c, t b WHERE a.id = 3 LIMIT 200`);
      await sleep(1500);
      expect(process.memoryUsage.rss() - before).toBeLessThan(150 << 20);
      const other = await plane.connect();
      await other.query('SELECT 1');
    });

    test('who sends and never reads is not read any further', async () => {
      const before = process.memoryUsage.rss();
      const client = await connect({ database: 'shop' });
      client.socket.pause();
      const query = encodePacket(Buffer.from(`\u0003SELECT REPEAT('x', 60000)`), 0);
      for (let i = 0; i < 5000; i++) client.socket.write(query);
      await sleep(1500);
      expect(process.memoryUsage.rss() - before).toBeLessThan(150 << 20);
      const others = await Promise.all([1, 2, 3].map(() => plane.connect()));
      await Promise.all(others.map((other) => other.query('SELECT 1')));
    });

    test('who leaves in a transaction is rolled back, its locks are free', async () => {
      const client = await plane.connect({ database: 'shop' });
      await client.query('BEGIN');
      await client.query(`UPDATE t SET v = 'left behind' WHERE id = 1`);
      await client.query(`SELECT GET_LOCK('left', 1)`);
      client.destroy();
      const other = await plane.connect({ database: 'shop' });
      await other.query('SET SESSION innodb_lock_wait_timeout = 5');
      await other.query(`UPDATE t SET v = 'free' WHERE id = 1`);
      await until('the lock is free', async () => {
        const [rows] = await other.query<RowDataPacket[]>(`SELECT IS_FREE_LOCK('left') AS free`);
        return rows[0]?.['free'] === 1 ? true : null;
      });
    });

    test('who leaves in the middle of a result', async () => {
      const client = await connect({ database: 'shop' });
      client.send(Command.QUERY, 'SELECT a.* FROM information_schema.COLUMNS a, information_schema.COLUMNS b');
      await client.packet(1);
      client.close();
    });
  });

  test('silence before login ends by its deadline', async () => {
    // the deadline itself is a unit test's: here, that nothing is sent twice and the place becomes free
    const client = await RawClient.open({ port: plane.port });
    await client.packet(0);
    client.socket.end();
    await client.ended;
  });
});

function tlsRequest(): Buffer {
  const capabilities = (Capability.PROTOCOL_41 | Capability.SSL) >>> 0;
  return encodeHandshakeResponse({
    capabilities,
    maxPacket: 1 << 24,
    characterSet: 45,
    mariadbCapabilities: 0,
    user: '',
    authResponse: Buffer.alloc(0),
    database: null,
    authPlugin: null,
    attributes: null,
  }).subarray(0, 32);
}
