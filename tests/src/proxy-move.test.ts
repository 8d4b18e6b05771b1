import { type Cluster, type TestServer, caughtUp, createCluster, freePort, sleep, until } from '@myswitch/testkit';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, type TestPlaneOptions, staysPending, startPlane } from './support/plane';

describeKinds('a move of all sessions', (kind) => {
  let cluster: Cluster;
  let db1: TestServer;
  let db2: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    cluster = await createCluster({ kind, replicas: 1 });
    [db1, db2] = cluster.nodes as [TestServer, TestServer];
    await db1.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))');
    await db1.sql(`INSERT INTO shop.t (v) VALUES ('one'), ('two'), ('three')`);
    await caughtUp(db1, [db2]);
    // the data plane alone is looked at here: both are writable, and nobody writes the same
    await db2.sql('SET GLOBAL read_only = 0');
  });
  afterEach(async () => {
    await plane.disconnectAll();
    await plane.checkInvariants();
    await plane.stop();
  });

  const start = async (options: Partial<TestPlaneOptions> = {}): Promise<void> => {
    plane = await startPlane({ nodes: [db1, db2], ...options });
  };
  const move = async (to: TestServer): Promise<Awaited<ReturnType<TestPlane['release']>>> => {
    await plane.plane.warm(POOL, to.name, 5000);
    await plane.hold();
    expect(await plane.drained()).toEqual({ drained: true });
    return plane.release(to.name);
  };
  const one = async (client: Connection, sql: string): Promise<unknown> => {
    const [rows] = await client.query<RowDataPacket[]>(sql);
    return Object.values(rows[0] ?? {})[0];
  };
  const serverId = (client: Connection): Promise<unknown> => one(client, 'SELECT @@server_id');

  test('takes what the session set along', async () => {
    await start();
    const client = await plane.connect({ database: 'shop' });
    await client.query(`SET @a = 42, @s = _latin1 'ä', time_zone = '+03:00', sql_mode = 'ANSI_QUOTES'`);
    await client.query('SET NAMES latin1');
    await client.query(`INSERT INTO t (v) VALUES ('moved')`);
    const id = await one(client, 'SELECT LAST_INSERT_ID()');
    await client.query(`INSERT INTO t (v) VALUES ('moved too')`);
    const statement = await client.prepare('SELECT CONCAT(?, COUNT(*) > 0) AS v FROM t');
    await statement.execute(['x']);
    expect(await serverId(client)).toBe(1);
    expect(await move(db2)).toMatchObject({ moved: 1, pinned: 0, killed: 0 });
    expect(await serverId(client)).toBe(2);
    expect(await one(client, 'SELECT LAST_INSERT_ID()')).toBe(Number(id) + 1);
    expect(await one(client, `SELECT CONCAT_WS('/', @a, HEX(@s), @@time_zone, @@sql_mode, DATABASE())`)).toBe(
      '42/C3A4/+03:00/ANSI_QUOTES/shop'.replace('C3A4', String(await one(client, 'SELECT HEX(@s)'))),
    );
    expect(await one(client, 'SELECT @@character_set_client')).toBe('latin1');
    const [rows] = await statement.execute(['y']);
    expect(rows).toEqual([{ v: 'y1' }]);
    expect((await plane.backends()).every(({ node }) => node === db2.name)).toBe(true);
    await move(db1);
    expect(await serverId(client)).toBe(1);
    expect(await one(client, 'SELECT @a')).toBe(42);
  });

  test('lets what runs end where it began, and holds what comes', async () => {
    await start();
    const [slow, next, tx] = await Promise.all([1, 2, 3].map(() => plane.connect({ database: 'shop' })));
    await tx!.query('BEGIN');
    await tx!.query(`UPDATE t SET v = 'tx' WHERE id = 1`);
    const running = slow!.query<RowDataPacket[]>('SELECT SLEEP(0.4), @@server_id AS id');
    await until('it runs', async () => ((await plane.blocking()).length === 2 ? true : null));
    await plane.hold();
    const drained = plane.drained();
    const held = serverId(next!);
    const login = plane.connect({ database: 'shop' });
    expect(await staysPending(Promise.race([drained, held, login]))).toBe('pending');
    expect((await plane.plane.stats(POOL)).held).toBe(2);
    const [rows] = await running;
    expect(rows[0]?.['id']).toBe(1);
    expect(await staysPending(drained)).toBe('pending');
    expect(await plane.blocking()).toMatchObject([{ kind: 'busy', reason: 'TRANSACTION' }]);
    expect(await serverId(tx!)).toBe(1); // the transaction goes on
    await tx!.query('COMMIT');
    expect(await drained).toEqual({ drained: true });
    const report = await plane.release(db2.name);
    expect(report.held).toBe(2);
    expect(report.waitsMs).toHaveLength(2);
    expect(await held).toBe(2);
    expect(await serverId(await login)).toBe(2);
  });

  test('says what it waits for at the deadline, and goes back with nobody hurt', async () => {
    await start();
    const [tx, other] = await Promise.all([plane.connect({ database: 'shop' }), plane.connect({ database: 'shop' })]);
    await tx.query('BEGIN');
    await tx.query(`UPDATE t SET v = 'kept' WHERE id = 2`);
    await plane.hold();
    const held = one(other, 'SELECT @@server_id');
    expect(await plane.drained(100)).toMatchObject({ drained: false, blocking: [{ reason: 'TRANSACTION' }] });
    await plane.release(db1.name);
    expect(await held).toBe(1);
    await tx.query('COMMIT');
    expect(await one(other, 'SELECT v FROM t WHERE id = 2')).toBe('kept');
  });

  test('bounds the queue by clients and by bytes', async () => {
    await start({ hold: { maxMs: 10_000, clients: 2, bytes: 1000 } });
    const clients = await Promise.all([1, 2, 3].map(() => plane.connect()));
    await plane.hold();
    await expect(clients[0]!.query(`SELECT '${'x'.repeat(2000)}'`)).rejects.toMatchObject({
      errno: 1105,
      sqlState: 'HY000',
      message: expect.stringContaining('hold.bytes'),
    });
    const waiting = [clients[0]!.query('SELECT 1'), clients[1]!.query('SELECT 1')];
    await until('they wait', async () => ((await plane.plane.stats(POOL)).held === 2 ? true : null));
    await expect(clients[2]!.query('SELECT 1')).rejects.toMatchObject({
      errno: 1105,
      message: expect.stringContaining('hold.clients'),
    });
    clients[1]!.destroy();
    waiting[1]!.catch(() => undefined);
    await until('it left', async () => ((await plane.plane.stats(POOL)).held === 1 ? true : null));
    await plane.drained();
    await plane.release(db1.name);
    await waiting[0];
    await clients[2]!.query('SELECT 1');
  });

  test('nobody waits longer than hold.max', async () => {
    await start({ hold: { maxMs: 400, clients: 100, bytes: 1 << 20 } });
    const client = await plane.connect();
    await plane.hold();
    // nobody ends the hold: the gate opens by itself, towards where it was
    expect(await staysPending(serverId(client), 200)).toBe('pending');
    expect(await serverId(client)).toBe(1);
    await plane.activate(null);
    await expect(client.query('SELECT 1')).rejects.toMatchObject({
      errno: 1105,
      sqlState: 'HY000',
      message: expect.stringMatching(/no ACTIVE node among db1 .*db2 .*hold\.max/),
    });
    await plane.activate(db1.name);
    expect(plane.log.splice(0).some(({ level }) => level === 'error')).toBe(true);
  });

  test('ends what is busy or pinned when told to: 1213, and the connection goes on', async () => {
    await start();
    const [tx, running, pinned] = await Promise.all([1, 2, 3].map(() => plane.connect({ database: 'shop' })));
    await tx!.query('BEGIN');
    await tx!.query(`UPDATE t SET v = 'never' WHERE id = 3`);
    await running!.query('BEGIN');
    const statement = running!.query('SELECT COUNT(*) FROM t a, t b WHERE SLEEP(5) = 0');
    statement.catch(() => undefined);
    await pinned!.query('CREATE TEMPORARY TABLE tmp (id INT)');
    await until('it runs', async () =>
      (await plane.sessions()).some(({ state }) => state === 'RUNNING') ? true : null,
    );
    await plane.hold();
    expect(await plane.plane.kill(POOL, ['busy', 'pinned'])).toBe(3);
    await expect(statement).rejects.toMatchObject({ errno: 1213, sqlState: '40001' });
    expect(await plane.drained()).toEqual({ drained: true });
    expect(await plane.release(db2.name)).toMatchObject({ killed: 3 });
    for (const client of [tx!, pinned!]) {
      await expect(client.query('SELECT 1')).rejects.toMatchObject({ errno: 1213, sqlState: '40001' });
    }
    for (const client of [tx!, running!, pinned!]) expect(await serverId(client)).toBe(2);
    expect((await db1.sql('SELECT v FROM shop.t WHERE id = 3'))[0]).not.toEqual({ v: 'never' });
  });

  test('releases weak pins and counts them', async () => {
    await start();
    const client = await plane.connect({ database: 'shop' });
    await client.query(`SELECT CAST('12x' AS SIGNED)`);
    await client.query(`SET @kept = 7, time_zone = '+01:00'`).catch(() => undefined);
    await client.query(`SELECT CAST('12x' AS SIGNED)`);
    expect(await plane.pins()).toEqual(['WARNINGS']);
    expect(await move(db2)).toMatchObject({ pinned: 1 });
    expect(await one(client, 'SELECT CONCAT(@kept, @@time_zone)')).toBe('7+01:00');
  });

  test('a SET with a warning is not forgotten when the gate closes in between', async () => {
    await start();
    const client = await plane.connect({ database: 'shop' });
    await client.query(`SET @kept = CAST('12x' AS SIGNED)`);
    await move(db2);
    expect(await one(client, 'SELECT @kept')).toBe(12);
  });

  test('many sessions under way: nobody fails, everybody arrives', async () => {
    await start();
    const clients = await Promise.all(Array.from({ length: 24 }, () => plane.connect({ database: 'shop' })));
    let going = true;
    const seen = new Set<unknown>();
    const work = clients.map(async (client, i) => {
      await client.query(`SET @me = ${i}`);
      for (let n = 0; going; n++) {
        const [rows] = await client.execute<RowDataPacket[]>('SELECT @me AS me, ? AS n, @@server_id AS server', [n]);
        expect(rows[0]).toMatchObject({ me: i, n });
        seen.add(rows[0]?.['server']);
        if (n % 7 === 0) {
          await client.query('BEGIN');
          await client.query('SELECT COUNT(*) FROM t');
          await client.query('COMMIT');
        }
      }
    });
    for (const node of [db2, db1, db2, db1]) {
      await sleep(60);
      await move(node);
    }
    going = false;
    await Promise.all(work);
    expect(seen).toEqual(new Set([1, 2]));
  });

  test('warming a node that is down names it and the account', async () => {
    const port = await freePort();
    const dead = { name: 'dead', host: '127.0.0.1', port } as TestServer;
    plane = await startPlane({ nodes: [db1, dead] });
    await expect(plane.plane.warm(POOL, 'dead', 5000)).rejects.toThrow(/account app on dead.*ECONNREFUSED/);
  });

  test('an epoch never goes back', async () => {
    await start();
    await plane.hold();
    await plane.drained();
    await expect(plane.plane.release(POOL, { node: db2.name, epoch: 0 })).rejects.toThrow(/epoch/);
    await plane.release(db1.name);
    await (await plane.connect()).query('SELECT 1');
  });

  test('without an ACTIVE node clients wait, and go on when there is one', async () => {
    await start();
    const client = await plane.connect();
    await plane.activate(null);
    const waiting = serverId(client);
    expect(await staysPending(waiting)).toBe('pending');
    await plane.activate(db2.name);
    expect(await waiting).toBe(2);
  });
});
