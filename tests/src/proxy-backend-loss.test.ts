import { encodeErr, encodePacket } from '@myswitch/protocol';
import { type TestServer, createCluster, sleep, until } from '@myswitch/testkit';
import type { ResultSetHeader } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, startPlane } from './support/plane';
import { Relay } from './support/relay';

/** Node turns a rejection that nobody handles into the end of the process. */
const unhandled: unknown[] = [];
const note = (reason: unknown): number => unhandled.push(reason);

describeKinds('a connection to the server ends at an awkward moment', (kind) => {
  let server: TestServer;
  let relay: Relay;
  let plane: TestPlane;

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    server = (await createCluster({ kind, replicas: 0 })).nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY)');
    await server.sql('CREATE DATABASE app_loss');
  });

  afterAll(() => {
    process.off('unhandledRejection', note);
  });

  beforeEach(async () => {
    relay = await Relay.to(server);
  });

  afterEach(async () => {
    await sleep(20);
    expect(unhandled.splice(0)).toEqual([]);
    await plane.checkInvariants();
    await plane.stop();
    relay.close();
  });

  async function start(backends: number): Promise<void> {
    const node: TestServer = Object.create(server, { port: { value: relay.port } });
    plane = await startPlane({ nodes: [node], backend: { min: backends, max: backends } });
  }

  test('while it is made to mean the same: the command runs on another one', async () => {
    await start(1);
    const inserts = await plane.connect({ database: 'shop' });
    const other = await plane.connect({ database: 'shop' });
    await other.query('SET @x = 5');
    await inserts.query('INSERT INTO t VALUES ()');
    relay.hold();
    const answer = other.query('SELECT @x AS x');
    await sleep(50);
    relay.cut();
    expect((await answer)[0]).toEqual([{ x: 5 }]);
  });

  test('while variables, schema and statements of SQL are on their way: every answer that never comes is dealt with', async () => {
    await start(1);
    const one = await plane.connect({ database: 'shop' });
    const other = await plane.connect({ database: 'app_loss' });
    await other.query('SET @x = 5');
    await other.query("PREPARE five FROM 'SELECT @x AS x'");
    await one.query('SELECT 1');
    relay.hold();
    const answer = other.query('EXECUTE five');
    await sleep(50);
    relay.cut();
    expect((await answer)[0]).toEqual([{ x: 5 }]);
  });

  test('while another one is asked for LAST_INSERT_ID(): the command runs, and nobody waits for ever', async () => {
    await start(2);
    const [inserts, other, blocker] = [
      await plane.connect({ database: 'shop' }),
      await plane.connect({ database: 'shop' }),
      await plane.connect({ database: 'shop' }),
    ];
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM t LIMIT 1');
    const second = relay.latest!;
    const [{ insertId }] = await inserts.query<ResultSetHeader>('INSERT INTO t VALUES ()');
    const letThrough = relay.latest!.hold();
    const answer = other.query('SELECT 2');
    await blocker.query('COMMIT');
    const asked = inserts.query('SELECT LAST_INSERT_ID() AS id');
    await until('both replay', async () => {
      const rows = await plane.sessions();
      return rows.filter(({ state }) => state === 'REPLAYING').length === 2 ? true : null;
    });
    second.cut();
    await sleep(50);
    letThrough();
    await answer;
    expect((await asked)[0]).toEqual([{ id: insertId }]);
  });

  test('what LAST_INSERT_ID() told is lost, not 0, also once other backends have been used', async () => {
    await start(2);
    const [inserts, other] = [await plane.connect({ database: 'shop' }), await plane.connect({ database: 'shop' })];
    await inserts.query('INSERT INTO t VALUES ()');
    relay.cut();
    await inserts.query('SELECT COUNT(*) FROM t');
    const sleeping = other.query('SELECT SLEEP(0.3)');
    await expect(inserts.query('SELECT LAST_INSERT_ID() AS id')).rejects.toMatchObject({ errno: 1105 });
    await sleeping;
    await expect(inserts.query('SELECT LAST_INSERT_ID() AS id')).rejects.toMatchObject({ errno: 1105 });
    await expect(inserts.query('INSERT INTO t VALUES (NULL, 2)')).rejects.toMatchObject({ errno: 1136 });
    await expect(inserts.query('SELECT LAST_INSERT_ID() AS id')).rejects.toMatchObject({ errno: 1105 });
    const [{ insertId }] = await inserts.query<ResultSetHeader>('INSERT INTO t VALUES ()');
    expect((await inserts.query('SELECT LAST_INSERT_ID() AS id'))[0]).toEqual([{ id: insertId }]);
  });

  test('right behind the answer to a question of ours: counted once, and others go on', async () => {
    await start(1);
    const client = await plane.connect({ database: 'shop' });
    relay.sent = (text, connection) => {
      if (!text.includes('session_track_schema=ON')) return;
      connection.rewrite = (chunk) =>
        Buffer.concat([
          chunk,
          encodePacket(encodeErr({ code: 1927, sqlState: '70100', message: 'Connection was killed' }), 0),
        ]);
    };
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM t LIMIT 1');
    client.destroy();
    await until('the session ends', async () => ((await plane.sessions()).length === 0 ? true : null));
    await sleep(50);
    relay.sent = () => undefined;
    const next = await plane.connect({ database: 'shop' });
    expect((await next.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });

  test('while it is kept for warnings: who asks for them is told that they are gone, not that there are none', async () => {
    await start(1);
    const client = await plane.connect({ database: 'shop' });
    await client.query('DROP TABLE IF EXISTS nothing');
    expect(await plane.pins()).toEqual(['WARNINGS']);
    relay.cut();
    await until('it is gone', async () => ((await plane.backends()).length === 0 ? true : null));
    await expect(client.query('SHOW WARNINGS')).rejects.toMatchObject({
      errno: 1105,
      message: expect.stringContaining('gone'),
    });
    await client.query('SELECT 1');
  });

  test('because its node is given up: what is still on the way there never arrives', async () => {
    await start(1);
    const client = await plane.connect();
    await client.query('SELECT 1');
    await plane.plane.cut(POOL, server.name);
    await until('it is reset', () => Promise.resolve(relay.errors.includes('ECONNRESET') ? true : null));
    await plane.activate(server.name);
    expect((await client.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });

  test('a KILL that is not answered is given up', async () => {
    await start(1);
    const client = await plane.connect();
    relay.sent = (text, connection) => {
      if (text.includes('KILL')) connection.hold();
    };
    const sleeping = client.query('SELECT SLEEP(20)').catch(() => null);
    await until('it runs', async () => ((await plane.blocking()).length === 1 ? true : null));
    await expect(plane.plane.kill(POOL, ['busy'])).rejects.toThrow('no answer to a KILL');
    relay.sent = () => undefined;
    await sleeping;
    expect((await client.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });

  test('while a SET is read back: the client is told with its next command that it is lost', async () => {
    await start(1);
    const client = await plane.connect({ database: 'shop' });
    relay.sent = (text, connection) => {
      if (text.includes('SELECT @@SESSION.sql_mode')) connection.cut();
    };
    await client.query("SET sql_mode = 'ANSI_QUOTES'");
    await sleep(50);
    relay.sent = () => undefined;
    await expect(client.query('SELECT @@sql_mode')).rejects.toMatchObject({ errno: 1105, sqlState: 'HY000' });
    await client.query("SET sql_mode = 'ANSI_QUOTES'");
    expect((await client.query('SELECT @@sql_mode AS mode'))[0]).toEqual([{ mode: 'ANSI_QUOTES' }]);
  });
});
