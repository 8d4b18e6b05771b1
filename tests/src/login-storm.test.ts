import net from 'node:net';
import { ACCOUNTS, type TestServer, createCluster } from '@myswitch/testkit';
import { type Connection, createConnection } from 'mysql2/promise';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, startPlane } from './support/plane';

const STORM = 150;

describeKinds('a storm of logins', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0 });
    server = cluster.nodes[0]!;
    for (const user of ['a', 'b', 'c', 'd']) await server.sql(`CREATE USER ${user} IDENTIFIED BY 'secret-${user}'`);
    const { user: name, password } = ACCOUNTS.control;
    plane = await startPlane({ nodes: [server], users: [], control: { name, password } });
    await plane.plane.accounts(POOL, await accountRows(server));
  });
  afterEach(async () => {
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  const login = (user: string, password: string, localAddress = '127.0.0.1'): Promise<Connection> => {
    const stream = (): net.Socket => net.connect({ host: '127.0.0.1', port: plane.port, localAddress, noDelay: true });
    return createConnection({ user, password, stream } as never);
  };
  const errno = (attempt: Promise<Connection>): Promise<unknown> =>
    attempt.then(
      (connection) => connection.destroy(),
      (error: { errno?: number }) => error.errno,
    );

  test('of one account with the right password is one check, and all come in', async () => {
    const attempts = await Promise.all(Array.from({ length: STORM }, () => login('a', 'secret-a')));
    for (const connection of attempts) connection.destroy();
    expect(attempts).toHaveLength(STORM);
  });

  test('with wrong passwords holds up nobody else', async () => {
    const known = await plane.connect({ user: 'a', password: 'secret-a' });
    const logins = async (): Promise<number> => {
      const rows = await server.sql(`SHOW GLOBAL STATUS LIKE 'Connections'`);
      return Number(rows[0]?.['Value']);
    };
    const before = await logins();
    let over = 0;
    const storm = Array.from({ length: STORM }, (_, index) =>
      errno(login(index % 2 === 0 ? 'b' : `nobody${index}`, `wrong-${index}`)).then((code) => {
        over++;
        return code;
      }),
    );
    // a session, an account that is known, one from the same address, and one from another, all while it goes on
    await known.query('SELECT 1');
    await errno(login('a', 'secret-a'));
    await errno(login('c', 'secret-c', '127.0.0.2'));
    if (kind === 'mysql') expect(over).toBeLessThan(STORM / 2);
    await errno(login('d', 'secret-d'));
    expect(new Set(await Promise.all(storm))).toEqual(new Set([1045]));
    // no login at the server but of c, d, and of the question itself
    expect((await logins()) - before).toBeLessThanOrEqual(3);
  }, 30_000);
});
