import { Command } from '@myswitch/protocol';
import { ACCOUNTS, type TestServer, createCluster, sleep, until } from '@myswitch/testkit';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { type TestPlane, staysPending, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';

describeKinds('trouble with the server', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0 });
    server = cluster.nodes[0]!;
    await server.sql('CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(100)) ');
    await server.sql(`INSERT INTO shop.t VALUES (1, 'one')`);
    plane = await startPlane({ nodes: [server], backend: { min: 1, max: 8 } });
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  const running = (count: number): Promise<true> =>
    until('they run', async () => {
      const rows = await plane.sessions();
      return rows.filter(({ state }) => state === 'RUNNING').length === count ? true : null;
    });
  const works = async (client: Connection): Promise<void> => {
    const [rows] = await client.query<RowDataPacket[]>('SELECT @mine AS mine');
    expect(rows).toEqual([{ mine: 'kept' }]);
  };

  test('a crash: everybody is told what is known, keeps the connection, and goes on when it is back', async () => {
    const clients = await Promise.all([1, 2, 3, 4, 5, 6].map(() => plane.connect({ database: 'shop' })));
    for (const client of clients) await client.query(`SET @mine = 'kept'`);
    const [idle, reading, writing, tx, inTx, waiting] = clients as [
      Connection,
      Connection,
      Connection,
      Connection,
      Connection,
      Connection,
    ];
    await tx.query('BEGIN');
    await tx.query(`UPDATE t SET v = 'lost' WHERE id = 1`);
    await inTx.query('BEGIN');
    const outcomes = [
      reading.query('SELECT SLEEP(1)'),
      writing.query('DELETE FROM t WHERE SLEEP(10) = 1'),
      inTx.query('DELETE FROM t WHERE SLEEP(10) = 1'),
    ];
    for (const outcome of outcomes) outcome.catch(() => undefined);
    await running(3);
    await server.kill();
    await expect(outcomes[1]).rejects.toMatchObject({
      errno: 1105,
      sqlState: '08007',
      message: expect.stringContaining('unknown'),
    });
    // nothing of an open transaction can have been committed
    await expect(outcomes[2]).rejects.toMatchObject({ errno: 1213, sqlState: '40001' });
    await expect(tx.query('COMMIT')).rejects.toMatchObject({ errno: 1213, sqlState: '40001' });
    const early = waiting.query('SELECT 1');
    expect(await staysPending(early)).toBe('pending');
    await server.start();
    await early;
    await outcomes[0]; // it was run again
    for (const client of [idle, reading, writing, tx, inTx, waiting]) await works(client);
    expect((await server.sql('SELECT v FROM shop.t WHERE id = 1'))[0]).toEqual({ v: 'one' });
  });

  test('a crash in the middle of rows: an error in their place', async () => {
    const client = await RawClient.connect({ port: plane.port, database: 'shop' });
    client.send(
      Command.QUERY,
      'SELECT 1 FROM (SELECT 1 FROM information_schema.COLUMNS LIMIT 700) a, information_schema.COLUMNS b, information_schema.COLUMNS c',
    );
    await client.packet(1);
    client.socket.pause();
    const rest = client.rest();
    await server.kill();
    client.socket.resume();
    const ended = await Promise.race([rest, client.ended.then(() => 'ended' as const)]);
    if (ended !== 'ended') expect(ended?.code).toBe(1105);
    await server.start();
    await plane.connect();
  });

  test('a session of the server’s is killed there', async () => {
    const [idle, tx] = await Promise.all([plane.connect({ database: 'shop' }), plane.connect({ database: 'shop' })]);
    await idle.query(`SET @mine = 'kept'`);
    await tx.query('BEGIN');
    await tx.query(`UPDATE t SET v = 'lost' WHERE id = 1`);
    for (const { connectionId } of await plane.backends()) await server.sql(`KILL ${connectionId}`);
    await until('they are gone', async () => ((await plane.backends()).length === 0 ? true : null));
    await works(idle);
    await expect(tx.query('SELECT 1')).rejects.toMatchObject({ errno: 1213 });
    await tx.query('SELECT 1');
  });

  test('what is lost is told once, and never in answer to a command without one', async () => {
    const client = await RawClient.connect({ port: plane.port, database: 'shop' });
    const { id } = await client.prepare('SELECT 1');
    await client.query('BEGIN');
    await client.query(`UPDATE t SET v = 'lost' WHERE id = 1`);
    for (const { connectionId } of await plane.backends()) await server.sql(`KILL ${connectionId}`);
    await until('they are gone', async () => ((await plane.backends()).length === 0 ? true : null));
    const argument = Buffer.alloc(4);
    argument.writeUInt32LE(id);
    client.send(Command.STMT_CLOSE, argument);
    expect((await client.query('SELECT 1')).error?.code).toBe(1213);
    expect(await client.values('SELECT 1')).toEqual(['1']);
  });

  test('a paused server: its clients wait, and nothing is lost when it goes on', async () => {
    const client = await plane.connect({ database: 'shop' });
    await client.query('SELECT 1');
    server.pause();
    await sleep(100);
    const answer = client.query<RowDataPacket[]>('SELECT 7 AS n');
    expect(await staysPending(answer, 300)).toBe('pending');
    server.resume();
    expect((await answer)[0]).toEqual([{ n: 7 }]);
  });

  test('a server that is down at start: clients wait, then are told; and are served when it is up', async () => {
    await server.kill();
    const late = await startPlane({ nodes: [server], hold: { maxMs: 700, clients: 10, bytes: 1 << 20 } });
    await expect(late.connect()).rejects.toMatchObject({ errno: 1105 });
    const patient = until('it is up', () => late.connect().catch(() => null));
    await server.start();
    await (await patient).query('SELECT 1');
    await late.stop();
    await until('the other plane is back', () => plane.connect().catch(() => null));
  });

  test('a password that the server does not take: its own error, not a hang', async () => {
    const wrong = await startPlane({
      nodes: [server],
      users: [
        { name: ACCOUNTS.app.user, password: ACCOUNTS.app.password },
        { name: 'unknown', password: 'there' },
      ],
    });
    await (await wrong.connect()).query('SELECT 1');
    const client = await wrong.connect({ user: 'unknown', password: 'there' });
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ errno: 1045 });
    await wrong.stop();
  });

  test('backends that a server closes while they rest are not noticed', async () => {
    const client = await plane.connect({ database: 'shop' });
    await client.query('SET SESSION wait_timeout = 1');
    await client.query('SELECT 1');
    for (let i = 0; i < 10; i++) {
      await sleep(150);
      await client.ping(); // that one does not rest
    }
    await client.query('SELECT 1');
  });
});
