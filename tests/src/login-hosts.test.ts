import net from 'node:net';
import { ACCOUNTS, type TestServer, createCluster } from '@myswitch/testkit';
import { type Connection, type RowDataPacket, createConnection } from 'mysql2/promise';
import { AccountTable } from '../../packages/proxy/src/accounts/account-table';
import { LearnedRow } from '../../packages/proxy/src/accounts/learned-row';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, startPlane } from './support/plane';

/** No two that a server calls equal: which of those it takes is its own affair. */
const HOSTS = [
  ['127.0.0.1', '127.0.0.1%', '127.0.0.%', '127.0.%', '127.%', '127%.0%.1', '12%', '1%', '%.0.0.1', '%'],
  ['127.0.0.0/255.255.255.0', '127.0.0.0/255.255.0.0', '127.0.0.0/255.0.0.0', '127.0.0.1/255.255.255.255'],
  ['127.0.0.0/8', '127.0.0.0/24', '127.0.0.1/32', '127.0.0.0/0', '127.0.0.0/0.0.0.0', '127.0.0.0/255.255.255.255'],
  ['localhost', 'db.example.com', '10.0.0.1', '::1'],
].flat();
const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.9.0.1', '127.0.0.10', '127.8.8.8'];

/** A client that comes from one of the addresses that all lead to this machine. */
function from(localAddress: string, port: number, options: object): Promise<Connection> {
  const stream = (): net.Socket => net.connect({ host: '127.0.0.1', port, localAddress, noDelay: true });
  return createConnection({ ...options, stream } as never);
}

async function currentUser(connection: Connection): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT CURRENT_USER() AS me');
  return String(rows[0]?.['me']);
}

describeKinds('hosts of accounts', (kind) => {
  let server: TestServer;
  let plane: TestPlane | null = null;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0 });
    server = cluster.nodes[0]!;
  });
  afterEach(async () => {
    await plane?.disconnectAll();
    await plane?.checkInvariants();
    await plane?.stop();
    plane = null;
  });

  test('the row that a server would take is taken, from every address, down to the last one', async () => {
    for (const host of HOSTS) {
      await server.sql(`CREATE USER 'who'@'${host}'`);
      await server.sql(`CREATE USER ''@'${host}'`);
    }
    const table = new AccountTable([]);
    let compared = 0;
    for (const address of ADDRESSES) {
      const left = (await accountRows(server)).filter(({ user }) => user === 'who' || user === '');
      for (;;) {
        table.replace(left, kind === 'mariadb');
        const found = table.find('who', { address }).account;
        const here = found instanceof LearnedRow ? found : null;
        const there = await from(address, server.port, { user: 'who' }).catch(() => null);
        if (there === null) {
          expect({ address, row: here?.name ?? null }).toEqual({ address, row: null });
          break;
        }
        const me = await currentUser(there);
        there.destroy();
        expect({ address, row: here?.name }).toEqual({ address, row: me });
        compared++;
        const [user, host] = [here!.user, here!.host.text];
        left.splice(
          left.findIndex((row) => row.user === user && row.host === host),
          1,
        );
        await server.sql('RENAME USER ?@? TO ?@?', [user, host, `away${compared}`, host]);
      }
      const away = await server.sql(`SELECT user AS u, host AS h FROM mysql.user WHERE user LIKE 'away%'`);
      for (const { u, h } of away) await server.sql('DROP USER ?@?', [u, h]);
      for (const host of HOSTS) {
        await server.sql(`CREATE USER IF NOT EXISTS 'who'@'${host}'`);
        await server.sql(`CREATE USER IF NOT EXISTS ''@'${host}'`);
      }
    }
    expect(compared).toBeGreaterThan(80);
    for (const host of HOSTS) for (const user of ['who', '']) await server.sql('DROP USER ?@?', [user, host]);
  }, 60_000);

  test('an account that is another one behind the proxy is refused, and named', async () => {
    await server.sql(`CREATE USER 'app2'@'127.0.0.9' IDENTIFIED BY 'nine'`);
    await server.sql(`CREATE USER 'app2'@'%' IDENTIFIED BY 'nine'`);
    const { user: name, password } = ACCOUNTS.control;
    plane = await startPlane({ nodes: [server], users: [], control: { name, password } });
    await plane.plane.accounts(POOL, await accountRows(server));
    const attempt = from('127.0.0.9', plane.port, { user: 'app2', password: 'nine' });
    await expect(attempt).rejects.toMatchObject({
      errno: 1045,
      sqlState: '28000',
      message: `Access denied for user 'app2'@'127.0.0.9' (using password: YES)`,
    });
    const [refused, ...others] = await plane.plane.refusedAccounts(POOL);
    expect(others).toEqual([]);
    expect(refused).toMatchObject({
      user: 'app2',
      client: '127.0.0.9',
      row: 'app2@127.0.0.9',
      matched: 'app2@%',
      reason: expect.stringContaining('app2@%'),
    });
    expect(plane.log.filter(({ message }) => message === 'an account can not be served')).toHaveLength(1);
    // from elsewhere both are the same row
    const fine = await from('127.0.0.1', plane.port, { user: 'app2', password: 'nine' });
    expect(await currentUser(fine)).toBe('app2@%');
    fine.destroy();
    expect((await plane.backends()).every(({ user }) => user === 'app2')).toBe(true);
  });

  test('where the other row has another password the same is said', async () => {
    await server.sql(`CREATE USER 'app3'@'127.0.0.9' IDENTIFIED BY 'nine'`);
    await server.sql(`CREATE USER 'app3'@'127.0.0.1' IDENTIFIED BY 'one'`);
    const { user: name, password } = ACCOUNTS.control;
    plane = await startPlane({ nodes: [server], users: [], control: { name, password } });
    await plane.plane.accounts(POOL, await accountRows(server));
    const logins = async (): Promise<number> => {
      const rows = await server.sql(`SHOW GLOBAL STATUS LIKE 'Connections'`);
      return Number(rows[0]?.['Value']);
    };
    const before = await logins();
    for (let round = 0; round < 5; round++) {
      const attempt = from('127.0.0.9', plane.port, { user: 'app3', password: 'nine' });
      await expect(attempt).rejects.toMatchObject({ errno: 1045 });
    }
    // and is asked of the server once, besides the question itself: some accounts lock themselves
    expect((await logins()) - before).toBe(2);
    expect(await plane.plane.refusedAccounts(POOL)).toEqual([
      expect.objectContaining({ user: 'app3', client: '127.0.0.9', row: 'app3@127.0.0.9' }),
    ]);
  });

  test('an anonymous account serves every name, each with backends of its own', async () => {
    await server.sql(`CREATE USER ''@'%'`);
    const { user: name, password } = ACCOUNTS.control;
    plane = await startPlane({ nodes: [server], users: [], control: { name, password } });
    await plane.plane.accounts(POOL, await accountRows(server));
    for (const user of ['anybody', 'somebody']) {
      const client = await plane.connect({ user, password: '' });
      const [rows] = await client.query<RowDataPacket[]>('SELECT CURRENT_USER() AS me, USER() AS said');
      expect(rows).toEqual([{ me: '@%', said: expect.stringMatching(`^${user}@`) }]);
    }
    await server.sql(`DROP USER ''@'%'`);
  });
});
