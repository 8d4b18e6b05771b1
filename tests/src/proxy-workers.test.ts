import type { ProxyOptions } from '@myswitch/proxy';
import { ACCOUNTS, type TestServer, createCluster, freePort, sleep, until } from '@myswitch/testkit';
import { type Connection, type RowDataPacket, createConnection } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { POOL } from './support/plane';
import { PlaneProcess } from './support/plane-process';

describeKinds('two workers', (kind) => {
  let servers: TestServer[];
  let plane: PlaneProcess;
  let port: number;
  const connections: Connection[] = [];

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 1 });
    servers = [...cluster.nodes];
    port = await freePort();
    const options: ProxyOptions = {
      pools: [
        {
          name: POOL,
          listen: [{ host: '127.0.0.1', port }],
          maxClients: 40,
          tls: null,
          proxyProtocol: null,
          nodes: servers.map(({ name, host, port: nodePort }) => ({
            name,
            host,
            port: nodePort,
            tls: null,
            proxyProtocol: false,
          })),
          users: [{ name: ACCOUNTS.app.user, password: ACCOUNTS.app.password }],
          hold: { maxMs: 10_000, clients: 100, bytes: 1 << 20 },
          backend: { min: 1, max: 8 }, // one worker has none ready
        },
      ],
    };
    plane = await PlaneProcess.start(options, 2);
    await plane.call('activate', POOL, { node: 'db1', epoch: 1 });
    await plane.call('listen');
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.destroy();
    await until('the sessions end', async () => ((await sessions()).length === 0 ? true : null));
  });
  afterAll(() => plane.end());

  const sessions = (): Promise<{ session: number }[]> => plane.call('sessions', POOL);
  const connect = async (): Promise<Connection> => {
    const connection = await createConnection({ host: '127.0.0.1', port, ...ACCOUNTS.app, database: 'shop' });
    connection.on('error', () => undefined);
    connections.push(connection);
    return connection;
  };
  const clients = (count: number): Promise<Connection[]> => Promise.all(Array.from({ length: count }, connect));
  const serverId = async (client: Connection): Promise<unknown> => {
    const [rows] = await client.query<RowDataPacket[]>('SELECT @@server_id AS id');
    return rows[0]?.['id'];
  };

  test('share the clients, with ids of their own', async () => {
    const all = await clients(10);
    await Promise.all(all.map((client) => client.query('SELECT 1')));
    const ids = (await sessions()).map(({ session }) => session);
    expect(new Set(ids).size).toBe(10);
    expect(new Set(ids.map((id) => id % 2)).size).toBe(2);
    expect(new Set(all.map(({ threadId }) => threadId))).toEqual(new Set(ids));
  });

  test('move together', async () => {
    const all = await clients(10);
    for (const [i, client] of all.entries()) await client.query(`SET @mine = ${i}`);
    await plane.call('warm', POOL, 'db2', 5000);
    await plane.call('hold', POOL);
    const held = Promise.all(all.map(serverId));
    await until('they wait', async () =>
      (await plane.call<{ held: number }>('stats', POOL)).held === 10 ? true : null,
    );
    expect(await plane.call('drained', POOL, 5000)).toEqual({ drained: true });
    expect(await plane.call('release', POOL, { node: 'db2', epoch: 2 })).toMatchObject({ held: 10, moved: 10 });
    expect(new Set(await held)).toEqual(new Set([2]));
    for (const [i, client] of all.entries()) {
      const [rows] = await client.query<RowDataPacket[]>('SELECT @mine AS mine');
      expect(rows).toEqual([{ mine: i }]);
    }
  });

  test('one is killed: the others go on, and it is replaced', async () => {
    const all = await clients(10);
    const pids = await plane.call<number[]>('pids');
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await until('it is replaced', async () => {
      const now = await plane.call<number[]>('pids');
      return now.length === 2 && !now.includes(pids[0] ?? 0) ? true : null;
    });
    const left = (await sessions()).length;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(10);
    const answers = await Promise.allSettled(all.map((client) => client.query('SELECT 1')));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(left);
    await until('new clients are served by both', async () => {
      for (const connection of connections.splice(0)) connection.destroy();
      await sleep(200);
      await clients(6);
      const ids = (await sessions()).map(({ session }) => session % 2);
      return new Set(ids).size === 2 ? true : null;
    });
  });

  test('KILL QUERY stops the statement of a client of the other worker', async () => {
    const all = await clients(8);
    const [victim] = all;
    const killer = all.find(({ threadId }) => threadId % 2 !== (victim?.threadId ?? 0) % 2);
    const running = victim?.query('SELECT SLEEP(30) AS slept').then(
      () => 'stopped',
      ({ errno }: { errno: number }) => errno,
    );
    await until('it runs', async () => {
      const rows = await Promise.all(servers.map((server) => server.sql('SHOW FULL PROCESSLIST')));
      return JSON.stringify(rows).includes('SLEEP(30)') ? true : null;
    });
    await killer?.query(`KILL QUERY ${victim?.threadId}`);
    expect(['stopped', 1317]).toContain(await running);
  });

  test('one is killed during a hold: the hold goes on, in its successor too', async () => {
    await plane.call('hold', POOL);
    const pids = await plane.call<number[]>('pids');
    process.kill(pids[1] ?? 0, 'SIGKILL');
    const drained = await plane.call('drained', POOL, 5000);
    expect(drained).toEqual({ drained: true });
    await until('it is replaced', async () => {
      const now = await plane.call<number[]>('pids');
      return now.length === 2 && !now.includes(pids[1] ?? 0) ? true : null;
    });
    const waiting = Promise.all(Array.from({ length: 6 }, async () => serverId(await connect())));
    await until('they wait', async () =>
      (await plane.call<{ held: number }>('stats', POOL)).held === 6 ? true : null,
    );
    await plane.call('release', POOL, { node: 'db1', epoch: 3 });
    expect(new Set(await waiting)).toEqual(new Set([1]));
  });

  test('one that hangs is ended and replaced, so that what waits for it goes on', async () => {
    const pids = await plane.call<number[]>('pids');
    process.kill(pids[0] ?? 0, 'SIGSTOP');
    // rejected or not: it must end, and the next one works
    await plane.call('hold', POOL).catch(() => undefined);
    await until('it is replaced', async () => {
      const now = await plane.call<number[]>('pids');
      return now.length === 2 && !now.includes(pids[0] ?? 0) ? true : null;
    });
    expect(await plane.call('drained', POOL, 5000)).toEqual({ drained: true });
    await plane.call('release', POOL, { node: 'db1', epoch: 3 });
    expect(await serverId(await connect())).toBe(1);
  }, 30_000);

  test('a node is cut off in both, and in one that is started later', async () => {
    await plane.call('activate', POOL, { node: 'db1', epoch: 100 });
    const all = await clients(4);
    await Promise.all(all.map((client) => client.query('BEGIN')));
    await Promise.all(all.map((client) => client.query('SELECT 1')));
    expect(await plane.call('cut', POOL, 'db1')).toBeGreaterThanOrEqual(4);
    expect(await plane.call('backends', POOL)).toEqual([]);
    for (const client of all) await expect(client.query('COMMIT')).rejects.toMatchObject({ errno: 1213 });
    const waiting = all.map(serverId);
    const [pid] = await plane.call<number[]>('pids');
    process.kill(pid!, 'SIGKILL');
    await until('another one is started', async () => {
      const pids = await plane.call<number[]>('pids');
      return pids.length === 2 && !pids.includes(pid!) ? true : null;
    });
    await plane.call('hold', POOL);
    expect(await plane.call('drained', POOL, 1000)).toEqual({ drained: true });
    await plane.call('release', POOL, { node: 'db1', epoch: 101 });
    // those of the worker that was killed are gone
    for (const end of await Promise.allSettled(waiting)) if (end.status === 'fulfilled') expect(end.value).toBe(1);
    const later = await clients(4);
    expect(await Promise.all(later.map(serverId))).toEqual([1, 1, 1, 1]);
  });
});
