import { ACCOUNTS, type TestServer, until } from '@myswitch/testkit';
import { type Connection, createConnection } from 'mysql2/promise';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { POOL } from './support/plane';
import { startLonePlane } from './support/lone-plane';
import type { PlaneProcess } from './support/plane-process';

const LIMITED = { user: 'limited', password: 'limited-secret' };

describeKinds('accounts with a limit of connections, and two workers', (kind) => {
  let server: TestServer;
  let plane: PlaneProcess;
  let port: number;
  const connections: Connection[] = [];

  beforeAll(async () => {
    ({ server, plane, port } = await startLonePlane(kind));
    const by = kind === 'mariadb' ? 'VIA mysql_native_password USING PASSWORD' : 'BY';
    const secret = kind === 'mariadb' ? `('${LIMITED.password}')` : ` '${LIMITED.password}'`;
    await server.sql(`CREATE USER limited@'%' IDENTIFIED ${by}${secret} WITH MAX_USER_CONNECTIONS 3`);
    await server.sql(`GRANT ALL ON shop.* TO limited@'%'`);
    await plane.call('accounts', POOL, await accountRows(server));
    await plane.call('listen');
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.destroy();
    await until('the sessions end', async () => ((await sessions()) === 0 ? true : null));
  });
  afterAll(() => plane.end());

  const sessions = async (): Promise<number> => (await plane.call<unknown[]>('sessions', POOL)).length;
  const connect = async (where = port): Promise<Connection> => {
    const connection = await createConnection({ host: '127.0.0.1', port: where, ...LIMITED });
    connection.on('error', () => undefined);
    connections.push(connection);
    return connection;
  };
  /** Backends count there like everybody else. */
  const atServerNone = (): Promise<true> =>
    until('they have left the server', async () => {
      const rows = await server.sql(`SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = 'limited'`);
      return rows.length === 0 ? true : null;
    });
  /** Error numbers of those who were refused. */
  const storm = async (count: number): Promise<number[]> => {
    const outcomes = await Promise.allSettled(Array.from({ length: count }, () => connect()));
    return outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [(outcome.reason as Connection & { errno: number }).errno] : [],
    );
  };

  test('as many come in as may, whichever worker they come to', async () => {
    for (let round = 0; round < 3; round++) {
      expect(await storm(10)).toEqual(Array.from({ length: 7 }, () => 1226));
      expect(await sessions()).toBe(3);
      await Promise.all(connections.map((connection) => connection.query('SELECT 1')));
      for (const connection of connections.splice(0)) await connection.end();
      await until('they have left', async () => ((await sessions()) === 0 ? true : null));
    }
  });

  test('the words are those of the server', async () => {
    const refused: unknown[] = [];
    await atServerNone();
    for (const where of [server.port, port]) {
      await Promise.all([connect(where), connect(where), connect(where)]);
      const error = await connect(where).catch((reason: object) => reason);
      const { errno, sqlState, message } = error as { errno: number; sqlState: string; message: string };
      refused.push({ errno, sqlState, message });
      for (const connection of connections.splice(0)) await connection.end();
      await atServerNone();
    }
    expect(refused[1]).toEqual(refused[0]);
    expect(refused[0]).toMatchObject({ errno: 1226, sqlState: '42000' });
  });

  test('who has left makes room at once, as often as it happens', async () => {
    await Promise.all([connect(), connect()]);
    for (let round = 0; round < 40; round++) {
      const connection = await connect();
      const closed = new Promise((resolve) => connection.once('end', resolve));
      await connection.end();
      await closed;
    }
  });

  test('who leaves while a backend is being opened leaves none behind', async () => {
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all([connect(), connect(), connect()]);
      for (const client of clients) {
        client.query('SELECT 1').catch(() => undefined);
        setTimeout(() => client.destroy(), 2 * round);
      }
      await until('they have left', async () => ((await sessions()) === 0 ? true : null));
    }
    await atServerNone();
  });

  // MySQL counts the new connection before it gives up the former one, MariaDB does not
  test.each(['server', 'proxy'])('a change of user counts as at the server (%s)', async (where) => {
    await atServerNone();
    const at = where === 'server' ? server.port : port;
    const [first, leaving] = await Promise.all([connect(at), connect(at)]);
    await first.changeUser(LIMITED);
    await connect(at);
    const other = await createConnection({ host: '127.0.0.1', port: at, ...ACCOUNTS.app });
    other.on('error', () => undefined);
    connections.push(other);
    await expect(other.changeUser(LIMITED)).rejects.toMatchObject({ errno: 1226 });
    const again = first.changeUser(LIMITED);
    if (kind === 'mysql') {
      await expect(again).rejects.toMatchObject({ errno: 1226 });
      await until('its place is free', () => connect(at).catch(() => null));
    } else {
      await again;
    }
    await expect(connect(at)).rejects.toMatchObject({ errno: 1226 });
    await leaving.changeUser(ACCOUNTS.app);
    await connect(at);
    await expect(connect(at)).rejects.toMatchObject({ errno: 1226 });
  });

  test('the clients of a worker that dies no longer count', async () => {
    expect(await storm(6)).toHaveLength(3);
    const before = await plane.call<number[]>('pids');
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await until('there are others', async () => {
      const pids = await plane.call<number[]>('pids');
      return pids.length === 2 && !pids.some((pid) => before.includes(pid)) ? true : null;
    });
    await until('they listen', () => connect().catch(() => null));
    expect(await storm(6)).toEqual([1226, 1226, 1226, 1226]);
  });
});
