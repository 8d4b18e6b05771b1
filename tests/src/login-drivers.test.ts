import { readFileSync } from 'node:fs';
import { ACCOUNTS, type TestServer, createCertificates, createCluster, temporaryFolder } from '@myswitch/testkit';
import { type Connection, type ConnectionConfig, createConnection } from 'mariadb';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, startPlane } from './support/plane';

describeKinds('logins by the mariadb driver', (kind) => {
  let server: TestServer;
  let plane: TestPlane;
  let ca: string;
  const open: Connection[] = [];
  const PLUGINS = kind === 'mysql' ? ['caching_sha2_password', 'sha256_password'] : ['mysql_native_password'];

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0 });
    server = cluster.nodes[0]!;
    const made = createCertificates(temporaryFolder('login-drivers'));
    ca = made.ca;
    const tls = { cert: readFileSync(made.certFile, 'utf8'), key: readFileSync(made.keyFile, 'utf8'), ca: null };
    const { user: name, password } = ACCOUNTS.control;
    plane = await startPlane({ nodes: [server], users: [], control: { name, password }, tls });
    for (const plugin of PLUGINS) {
      const how = kind === 'mysql' ? `WITH ${plugin} BY 'secret'` : `VIA ${plugin} USING PASSWORD('secret')`;
      await server.sql(`CREATE USER u_${plugin} IDENTIFIED ${how}`);
    }
    await server.sql(`CREATE USER plain IDENTIFIED BY 'other-secret'`);
    await plane.plane.accounts(POOL, await accountRows(server));
  });
  afterEach(async () => {
    for (const connection of open.splice(0)) connection.destroy();
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  const connect = async (options: ConnectionConfig): Promise<Connection> => {
    const base = { host: '127.0.0.1', port: plane.port, allowPublicKeyRetrieval: true, connectTimeout: 10_000 };
    const connection = await createConnection({ ...base, ...options });
    open.push(connection);
    return connection;
  };
  const me = async (connection: Connection): Promise<unknown> =>
    (await connection.query<{ me: string }[]>('SELECT CURRENT_USER() AS me'))[0]?.me;

  describe.each(PLUGINS)('%s', (plugin) => {
    const user = `u_${plugin}`;
    test.each([[false], [true]])('TLS: %s', async (secure) => {
      const ssl = secure ? { ca } : false;
      for (const round of [1, 2]) {
        expect([round, await me(await connect({ user, password: 'secret', ssl }))]).toEqual([round, `${user}@%`]);
        await expect(connect({ user, password: 'wrong', ssl })).rejects.toMatchObject({ errno: 1045 });
        await expect(connect({ user: 'nobody', password: 'secret', ssl })).rejects.toMatchObject({ errno: 1045 });
      }
    });

    // the driver has no COM_CHANGE_USER for MySQL, and for MariaDB only where a schema was named at login
    if (kind === 'mysql') return;
    test('COM_CHANGE_USER to it and back', async () => {
      const database = 'information_schema';
      const connection = await connect({ user: 'plain', password: 'other-secret', database });
      await connection.changeUser({ user, password: 'secret', database });
      expect(await me(connection)).toBe(`${user}@%`);
      await connection.changeUser({ user: 'plain', password: 'other-secret', database });
      expect(await me(connection)).toBe('plain@%');
    });
  });
});
