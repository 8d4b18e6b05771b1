import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Capability, Command, encodePacket } from '@myswitch/protocol';
import { type TestServer, createCertificates, createCluster, sleep, temporaryFolder, until } from '@myswitch/testkit';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

const run = promisify(execFile);
const MUCH = `SELECT REPEAT('x', 1000000) FROM information_schema.COLUMNS a, information_schema.COLUMNS b LIMIT 300`;

describeKinds('time limits', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0 });
    server = cluster.nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(100))');
    await server.sql(`INSERT INTO shop.t VALUES (1, 'one')`);
    await server.sql('SET GLOBAL local_infile = ON');
    plane = await startPlane({ nodes: [server], backend: { min: 1, max: 2 } });
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  /** What comes until the connection ends. */
  async function lastWords(client: RawClient): Promise<string> {
    const received: Buffer[] = [];
    client.socket.on('data', (chunk: Buffer) => received.push(chunk));
    client.socket.resume();
    await client.ended;
    return Buffer.concat(received).toString('latin1');
  }
  /** The same at the server itself and through the proxy, by the session's own limits. */
  async function bothWays(act: (client: RawClient) => Promise<void>): Promise<{ direct: string; proxied: string }> {
    const ends = [server.port, plane.port].map(async (port) => {
      const client = await RawClient.connect({ port, database: 'shop', add: Capability.LOCAL_FILES });
      await act(client);
      return lastWords(client);
    });
    const [direct, proxied] = await Promise.all(ends);
    return { direct: direct!, proxied: proxied! };
  }
  const set = async (client: RawClient, sql: string): Promise<void> => {
    expect((await client.query(`SET SESSION ${sql}`)).error).toBeNull();
  };
  const noSessions = (): Promise<true> =>
    until('the session ends', async () => ((await plane.sessions()).length === 0 ? true : null), 10_000);

  describe('a client that rests longer than its wait_timeout', () => {
    test('is ended in the words of the server', async () => {
      const { direct, proxied } = await bothWays((client) => set(client, 'wait_timeout = 1'));
      expect(proxied).toBe(direct);
      expect(proxied).toContain(kind === 'mysql' ? 'because of inactivity' : '');
      await noSessions();
    });

    test('in the middle of a command, too', async () => {
      const half = encodePacket(Buffer.from('\u0003SELECT 1'), 0).subarray(0, 7);
      const { direct, proxied } = await bothWays(async (client) => {
        await set(client, 'wait_timeout = 1');
        client.socket.write(half);
      });
      expect(proxied).toBe(direct);
      const header = await bothWays(async (client) => {
        await set(client, 'wait_timeout = 1');
        client.socket.write(half.subarray(0, 2));
      });
      expect(header.proxied).toBe(header.direct);
    });

    test('loses its transaction and its locks, and others get its backend', async () => {
      const { direct, proxied } = await bothWays(async (client) => {
        await set(client, 'wait_timeout = 1');
        const own = String((await client.values('SELECT CONNECTION_ID()'))[0]);
        await client.query('BEGIN');
        await client.query(`INSERT INTO t VALUES (${own}, 'mine')`);
        await client.query(`SELECT GET_LOCK('of ${own}', 1)`);
      });
      expect(proxied).toBe(direct);
      await noSessions();
      const others = await Promise.all([1, 2].map(() => plane.connect({ database: 'shop' })));
      for (const other of others) {
        await other.query('SET SESSION innodb_lock_wait_timeout = 1');
        const [rows] = await other.query<RowDataPacket[]>(`SELECT id FROM t FOR UPDATE`);
        expect(rows).toEqual([{ id: 1 }]);
      }
    });

    test('by the limit of interactive clients, if it is one; a reset gives it back', async () => {
      await server.sql('SET GLOBAL interactive_timeout = 1');
      const own = await startPlane({ nodes: [server], backend: { min: 1, max: 2 } });
      const client = await RawClient.connect({ port: own.port, add: Capability.INTERACTIVE });
      const quiet = await RawClient.connect({ port: own.port });
      await set(quiet, 'wait_timeout = 1');
      quiet.send(Command.RESET_CONNECTION);
      await quiet.single();
      const since = Date.now();
      await client.ended;
      expect(Date.now() - since).toBeGreaterThan(900);
      await sleep(2500);
      expect(await quiet.values('SELECT 1')).toEqual(['1']);
      await own.stop();
      await server.sql('SET GLOBAL interactive_timeout = DEFAULT');
    });

    test('does not rest while a statement runs, nor while it asks for a sign of life', async () => {
      const [busy, talking] = (await Promise.all([1, 2].map(() => plane.connect({ database: 'shop' })))) as [
        Connection,
        Connection,
      ];
      for (const client of [busy, talking]) await client.query('SET SESSION wait_timeout = 2');
      await talking.query('BEGIN');
      await talking.query(`UPDATE t SET v = 'two' WHERE id = 1`);
      const slow = busy.query('SELECT SLEEP(5)');
      for (let i = 0; i < 5; i++) {
        await sleep(1000);
        await talking.ping();
      }
      const [rows] = await talking.query<RowDataPacket[]>('SELECT v FROM t');
      expect(rows).toEqual([{ v: 'two' }]);
      await talking.query('ROLLBACK');
      await slow;
    });

    test('also where it compresses, and by TLS', async () => {
      const { certFile, keyFile, ca } = createCertificates(temporaryFolder('time-limits'));
      const tls = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), ca: null };
      const own = await startPlane({ nodes: [server], tls });
      const clients = await Promise.all([own.connect({ compress: true }), own.connect({ ssl: { ca } })]);
      const last = clients.map((client) => once(client, 'error') as Promise<[{ code: unknown }]>);
      for (const client of clients) await client.query('SET SESSION wait_timeout = 3');
      for (let i = 0; i < 5; i++) {
        await sleep(1000);
        for (const client of clients) await client.ping();
      }
      for (const error of last) {
        const [{ code }] = await error;
        expect(code).toBe(kind === 'mysql' ? 4031 : 'PROTOCOL_CONNECTION_LOST');
      }
      await own.stop();
    });
  });

  test('a client that does not take its reply is ended after its net_write_timeout, and its backend is free', async () => {
    const stuck = await Promise.all([1, 2].map(() => RawClient.connect({ port: plane.port, database: 'shop' })));
    for (const client of stuck) {
      await set(client, 'net_write_timeout = 2');
      client.send(Command.QUERY, MUCH);
      await client.packet(1);
      client.socket.pause();
    }
    const since = Date.now();
    const other = await plane.connect();
    await other.query('SELECT 1'); // waits for one of the two backends there may be
    expect(Date.now() - since).toBeGreaterThan(1500);
    await until('both are gone', async () => ((await plane.sessions()).length === 1 ? true : null), 10_000);
  });

  test('the same by TLS', async () => {
    const { certFile, keyFile, ca } = createCertificates(temporaryFolder('time-limits'));
    const tls = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), ca: null };
    const own = await startPlane({ nodes: [server], tls });
    const client = await own.connect({ ssl: { ca }, database: 'shop' });
    await client.query('SET SESSION net_write_timeout = 2');
    client.query(MUCH).catch(() => undefined);
    const since = Date.now();
    (client as unknown as { connection: { stream: { pause(): void } } }).connection.stream.pause();
    await until('it is gone', async () => ((await own.sessions()).length === 0 ? true : null), 10_000);
    expect(Date.now() - since).toBeGreaterThan(1500);
    await own.stop();
  });

  test('a client that takes its reply slowly is not', async () => {
    const client = await RawClient.connect({ port: plane.port, database: 'shop' });
    await set(client, 'net_write_timeout = 2');
    client.send(
      Command.QUERY,
      `SELECT REPEAT('x', 1000000) FROM information_schema.COLUMNS a, information_schema.COLUMNS b LIMIT 30`,
    );
    let taken = 0;
    client.socket.on('data', (chunk: Buffer) => (taken += chunk.length));
    for (let i = 0; i < 10; i++) {
      client.socket.pause();
      await sleep(400);
      client.socket.resume();
      await new Promise(setImmediate);
    }
    await until('all of it is there', async () => (taken > 30_000_000 ? true : null), 10_000);
    expect(await plane.sessions()).toHaveLength(1);
  });

  test('a file that stops coming is ended by the server, in its words', async () => {
    const { direct, proxied } = await bothWays(async (client) => {
      await set(client, 'net_read_timeout = 1');
      client.send(Command.QUERY, `LOAD DATA LOCAL INFILE 'x' INTO TABLE t`);
      expect((await client.packet(1))[0]).toBe(0xfb);
      client.socket.write(encodePacket(Buffer.from('7\tseven\n'), 2));
    });
    expect(proxied).toBe(direct);
    await noSessions();
    expect(await server.sql('SELECT id FROM shop.t')).toEqual([{ id: 1 }]);
  });

  if (kind === 'mariadb') {
    test.each(['idle_transaction_timeout', 'idle_write_transaction_timeout'])('%s of a server', async (name) => {
      const client = await plane.connect({ database: 'shop' });
      await client.query(`SET SESSION ${name} = 1`);
      await client.query('BEGIN');
      await client.query(`UPDATE t SET v = 'lost' WHERE id = 1`);
      await until('it is over', async () => {
        const [session] = await plane.sessions();
        return session?.node === null ? true : null;
      });
      await expect(client.query('COMMIT')).rejects.toMatchObject({
        errno: 1213,
        message: expect.stringContaining('rolled back'),
      });
      const [rows] = await client.query<RowDataPacket[]>(`SELECT v, @@${name} AS n FROM t`);
      expect(rows).toEqual([{ v: 'one', n: 1 }]);
    });
  }

  test('backends that rest are closed before the server does it', async () => {
    const own = await startPlane({ nodes: [server], backend: { min: 1, max: 1 } });
    const client = await own.connect();
    await client.query('SET SESSION wait_timeout = 4');
    await client.query('SELECT LAST_INSERT_ID(7)');
    const before = await server.sql(`SHOW GLOBAL STATUS LIKE 'Aborted_clients'`);
    await until('it is closed', async () => {
      await client.ping();
      return (await own.backends()).length === 0 ? true : null;
    });
    expect(await server.sql(`SHOW GLOBAL STATUS LIKE 'Aborted_clients'`)).toEqual(before);
    const [rows] = await client.query<RowDataPacket[]>('SELECT LAST_INSERT_ID() AS id');
    expect(rows).toEqual([{ id: 7 }]);
    await own.stop();
  });

  test('the system looks after connections that say nothing, on both sides', async () => {
    const client = await RawClient.connect({ port: plane.port });
    await client.query('SELECT 1');
    const watched = (peer: number): Promise<string> =>
      until('it is acknowledged', async () => {
        const { stdout } = await run('ss', ['-tnoH', 'state', 'established', `dport = :${peer}`]);
        const line = stdout.split('\n').find((one) => one.includes('timer:(keepalive,'));
        return line ?? null;
      });
    // of the sockets of servers and clients alike, which have the default of two hours
    for (const peer of [client.socket.localPort!, server.port])
      expect(await watched(peer)).toMatch(/keepalive,\d\dsec/);
  });
});
