import { ACCOUNTS, type TestServer, createCluster } from '@myswitch/testkit';
import type { Connection, ConnectionOptions, RowDataPacket } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, startPlane } from './support/plane';

describeKinds('accounts of the server, none in the configuration', (kind) => {
  let server: TestServer;
  let replica: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 1 });
    [server, replica] = cluster.nodes as [TestServer, TestServer];
    const { user: name, password } = ACCOUNTS.control;
    plane = await startPlane({ nodes: [server, replica], users: [], control: { name, password } });
    await learn();
  });
  afterEach(async () => {
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  const learn = async (): Promise<void> => plane.plane.accounts(POOL, await accountRows(server));
  const create = async (user: string, password: string, rest = ''): Promise<void> => {
    await server.sql(`DROP USER IF EXISTS ${user}`);
    await server.sql(`CREATE USER ${user} IDENTIFIED BY '${password}' ${rest}`);
    await server.sql(`GRANT SELECT ON shop.* TO ${user}`);
    await learn();
  };
  const whoAmI = async (client: Connection): Promise<unknown> => {
    const [rows] = await client.query<RowDataPacket[]>('SELECT CURRENT_USER() AS me');
    return rows[0]?.['me'];
  };
  /** What came of a login: the same is expected of the proxy and of the server itself. */
  const outcome = async (port: number, options: ConnectionOptions): Promise<unknown> => {
    try {
      const connection = await createConnection({ host: '127.0.0.1', port, ...options });
      connection.on('error', () => undefined);
      const me = await whoAmI(connection);
      connection.destroy();
      return me;
    } catch (error) {
      const { errno, sqlState, message } = error as { errno: number; sqlState: string; message: string };
      return { errno, sqlState, message };
    }
  };
  const same = async (options: ConnectionOptions): Promise<unknown> => {
    const direct = await outcome(server.port, options);
    expect(await outcome(plane.port, options)).toEqual(direct);
    return direct;
  };
  const backendsOf = async (user: string): Promise<number> =>
    (await plane.backends()).filter((row) => row.user === user).length;

  test('log in with their passwords, whatever the plugin, and with nothing else', async () => {
    await create('ann', 'ann-secret');
    expect(await same({ user: 'ann', password: 'ann-secret' })).toBe('ann@%');
    expect(await same({ user: 'ann', password: 'wrong' })).toMatchObject({ errno: 1045 });
    expect(await same({ user: 'ann' })).toMatchObject({ errno: 1045, message: expect.stringContaining('NO') });
    expect(await same({ user: 'nobody', password: 'ann-secret' })).toMatchObject({ errno: 1045 });
    // MySQL lets it depend on chance whether it says YES or NO here
    expect(await outcome(plane.port, { user: 'nobody' })).toMatchObject({ errno: 1045 });
    expect(await same({ user: 'ann', password: 'ann-secret', database: 'shop' })).toBe('ann@%');
    expect(await same({ user: 'ann', password: 'ann-secret', database: 'nowhere' })).toMatchObject({ errno: 1044 });
  });

  test('without a password', async () => {
    await create('open', '');
    expect(await same({ user: 'open' })).toBe('open@%');
    expect(await same({ user: 'open', password: 'any' })).toMatchObject({ errno: 1045 });
  });

  test('a wrong password costs no backend', async () => {
    await create('thrifty', 'thrifty-secret');
    const failures = [{ user: 'thrifty', password: 'wrong' }, { user: 'thrifty' }, { user: 'nobody', password: 'x' }];
    const before = await server.sql(`SHOW GLOBAL STATUS LIKE 'Connections'`);
    for (const options of failures) expect(await outcome(plane.port, options)).toMatchObject({ errno: 1045 });
    const after = await server.sql(`SHOW GLOBAL STATUS LIKE 'Connections'`);
    // each of the two questions is a connection
    expect(Number(after[0]?.['Value']) - Number(before[0]?.['Value'])).toBe(1);
    expect(await backendsOf('thrifty')).toBe(0);
  });

  test('a new password counts at once, the old one no more, and its backends go to nobody new', async () => {
    await create('mover', 'first');
    const old = await plane.connect({ user: 'mover', password: 'first' });
    await old.query('SELECT 1');
    const before = (await plane.backends()).find((row) => row.user === 'mover');
    await server.sql(`ALTER USER mover IDENTIFIED BY 'second'`);
    await learn();
    await expect(plane.connect({ user: 'mover', password: 'first' })).rejects.toMatchObject({ errno: 1045 });
    // a session of before goes on, as it does on the server
    expect(await whoAmI(old)).toBe('mover@%');
    const fresh = await plane.connect({ user: 'mover', password: 'second' });
    const [rows] = await fresh.query<RowDataPacket[]>('SELECT 1 AS one');
    expect(rows).toEqual([{ one: 1 }]);
    const later = (await plane.backends()).filter((row) => row.user === 'mover');
    expect(later.some((row) => row.connectionId !== before?.connectionId)).toBe(true);
    // and goes over to the backends of the new password, also to another node
    expect(await whoAmI(old)).toBe('mover@%');
  });

  test('an account that was dropped lets nobody in, and one of the same name is another', async () => {
    await create('gone', 'gone-secret');
    const old = await plane.connect({ user: 'gone', password: 'gone-secret' });
    await old.query('SELECT 1');
    await server.sql('DROP USER gone');
    await learn();
    expect(await same({ user: 'gone', password: 'gone-secret' })).toMatchObject({ errno: 1045 });
    await create('gone', 'gone-secret');
    expect(await same({ user: 'gone', password: 'gone-secret' })).toBe('gone@%');
  });

  test('COM_CHANGE_USER to and fro', async () => {
    await create('one', 'one-secret');
    await create('two', 'two-secret');
    const client = await plane.connect({ user: 'one', password: 'one-secret' });
    expect(await whoAmI(client)).toBe('one@%');
    await client.changeUser({ user: 'two', password: 'two-secret', database: 'shop' });
    expect(await whoAmI(client)).toBe('two@%');
    await client.query('SET @x = 1');
    await client.changeUser({ user: 'one', password: 'one-secret' });
    const [rows] = await client.query<RowDataPacket[]>('SELECT @x AS x, CURRENT_USER() AS me');
    expect(rows).toEqual([{ x: null, me: 'one@%' }]);
    await expect(client.changeUser({ user: 'two', password: 'wrong' })).rejects.toMatchObject({ errno: 1045 });
  });

  test('go over with a switch', async () => {
    await create('traveller', 'traveller-secret');
    const client = await plane.connect({ user: 'traveller', password: 'traveller-secret' });
    await client.query('SET @x = 5');
    expect((await plane.plane.warm(POOL, replica.name, 5000)).backends).toBeGreaterThan(0);
    await plane.hold();
    expect(await plane.drained()).toEqual({ drained: true });
    const late = plane.connect({ user: 'traveller', password: 'traveller-secret' });
    await plane.release(replica.name);
    const [rows] = await client.query<RowDataPacket[]>('SELECT @x AS x, @@server_id AS id, CURRENT_USER() AS me');
    expect(rows).toEqual([{ x: 5, id: 2, me: 'traveller@%' }]);
    expect(await whoAmI(await late)).toBe('traveller@%');
    await plane.hold();
    await plane.drained();
    await plane.release(server.name);
  });

  test('no secret is told', async () => {
    await create('quiet', 'quiet-secret');
    await outcome(plane.port, { user: 'quiet', password: 'quiet-secret' });
    await outcome(plane.port, { user: 'quiet', password: 'wrong-secret' });
    const rows = await accountRows(server);
    const told = JSON.stringify([
      plane.log,
      await plane.sessions(),
      await plane.backends(),
      await plane.plane.stats(POOL),
      await plane.plane.refusedAccounts(POOL),
    ]);
    for (const secret of ['quiet-secret', 'wrong-secret', ...rows.map((row) => row.authentication)]) {
      if (secret !== '') expect(told).not.toContain(secret);
    }
  });
});
