import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  ACCOUNTS,
  type Kind,
  type TestServer,
  createCertificates,
  createCluster,
  provision,
  temporaryFolder,
} from '@myswitch/testkit';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, startPlane } from './support/plane';

const run = promisify(execFile);

/** Authentication plugins as the C clients of both kinds speak them: by TLS, without, and by a Unix-domain socket. */
describeKinds('authentication plugins', (kind) => {
  let server: TestServer;
  let plane: TestPlane;
  let socket: string;
  const CONFIGURED = { name: 'configured', password: 'configured-secret' };
  const WAYS = {
    mysql: { tls: ['--ssl-mode=REQUIRED'], plain: ['--ssl-mode=DISABLED', '--get-server-public-key'] },
    mariadb: { tls: ['--ssl', '--skip-ssl-verify-server-cert'], plain: ['--skip-ssl'] },
  };

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0, tls: true });
    server = cluster.nodes[0]!;
    await server.sql(`CREATE USER configured IDENTIFIED BY 'configured-secret'`);
    const { certFile, keyFile } = createCertificates(temporaryFolder('login-plugins'));
    const tls = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), ca: null };
    const { user: name, password } = ACCOUNTS.control;
    socket = join(temporaryFolder('login-socket'), 'shop.sock');
    plane = await startPlane({
      nodes: [server],
      users: [CONFIGURED],
      control: { name, password },
      tls,
      nodeTls: { ca: server.ca, cert: null, key: null },
    });
    await learn();
  });
  afterEach(async () => {
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  const learn = async (): Promise<void> => plane.plane.accounts(POOL, await accountRows(server));
  const create = async (user: string, how: string): Promise<void> => {
    await server.sql(`DROP USER IF EXISTS ${user}`);
    await server.sql(`CREATE USER ${user} IDENTIFIED ${how}`);
    await learn();
  };
  /** What a C client prints: who it is, or the number of its error. */
  const cli = async (client: Kind, user: string, password: string, args: readonly string[]): Promise<string> => {
    const program = (await provision(client)).client;
    const where = ['-h', '127.0.0.1', '-P', String(plane.port), '--protocol=tcp'];
    const all = [...where, '-u', user, `--password=${password}`, '-N', '-e', 'SELECT CURRENT_USER()', ...args];
    if (client === 'mariadb') all.push(...pluginDirectory(program.args.at(-1) ?? program.command));
    try {
      const { stdout } = await run(program.command, [...program.args, ...all], { timeout: 20_000 });
      return stdout.trim();
    } catch (error) {
      const { stderr } = error as { stderr: string };
      return /ERROR \d+/.exec(stderr)?.[0] ?? stderr;
    }
  };

  const HASHED: readonly (readonly [string, string])[] =
    kind === 'mariadb'
      ? [['mysql_native_password', `VIA mysql_native_password USING PASSWORD('right')`]]
      : [
          ['caching_sha2_password', `WITH caching_sha2_password BY 'right'`],
          ['sha256_password', `WITH sha256_password BY 'right'`],
        ];
  describe.each(HASHED)('%s', (_, how) => {
    test.each(['tls', 'plain'] as const)('by the client of this kind, %s', async (way) => {
      await create('hashed', how);
      for (const round of [1, 2]) {
        expect([round, await cli(kind, 'hashed', 'right', WAYS[kind][way])]).toEqual([round, 'hashed@%']);
        expect([round, await cli(kind, 'hashed', 'wrong', WAYS[kind][way])]).toEqual([round, 'ERROR 1045']);
        expect([round, await cli(kind, 'hashed', '', WAYS[kind][way])]).toEqual([round, 'ERROR 1045']);
      }
      expect(await cli(kind, 'missing', 'right', WAYS[kind][way])).toBe('ERROR 1045');
    });

    test.each(['tls', 'plain'] as const)("by MariaDB's client, %s", async (way) => {
      await create('hashed', how);
      expect(await cli('mariadb', 'hashed', 'right', WAYS.mariadb[way])).toBe('hashed@%');
      expect(await cli('mariadb', 'hashed', 'wrong', WAYS.mariadb[way])).toBe('ERROR 1045');
    });

    test('by a client that begins with another plugin', async () => {
      await create('hashed', how);
      for (const plugin of ['mysql_clear_password', kind === 'mysql' ? 'sha256_password' : 'client_ed25519']) {
        const args = [...WAYS[kind].tls, `--default-auth=${plugin}`];
        if (kind === 'mysql') args.push('--enable-cleartext-plugin');
        expect([plugin, await cli(kind, 'hashed', 'right', args)]).toEqual([plugin, 'hashed@%']);
        expect([plugin, await cli(kind, 'hashed', 'wrong', args)]).toEqual([plugin, 'ERROR 1045']);
      }
    });
  });

  describe('an account of the configuration', () => {
    const other: Kind = 'mariadb';
    test.each([
      ['client_ed25519', WAYS.mariadb.plain, 'configured@%'],
      ['client_ed25519', WAYS.mariadb.tls, 'configured@%'],
      ['mysql_clear_password', WAYS.mariadb.tls, 'configured@%'],
      ['mysql_native_password', WAYS.mariadb.plain, 'configured@%'],
      ['caching_sha2_password', WAYS.mariadb.plain, 'configured@%'],
    ])('by %s %j', async (plugin, way, expected) => {
      const args = [...way, `--default-auth=${plugin}`];
      expect(await cli(other, 'configured', CONFIGURED.password, args)).toBe(expected);
      expect(await cli(other, 'configured', 'wrong', args)).toBe('ERROR 1045');
    });
  });

  if (kind === 'mysql') {
    test('both passwords while the old one is retained', async () => {
      await create('rotating', `BY 'old'`);
      expect(await cli(kind, 'rotating', 'old', WAYS.mysql.plain)).toBe('rotating@%');
      await server.sql(`ALTER USER rotating IDENTIFIED BY 'new' RETAIN CURRENT PASSWORD`);
      await learn();
      for (const password of ['old', 'new', 'old', 'new']) {
        expect(await cli(kind, 'rotating', password, WAYS.mysql.plain)).toBe('rotating@%');
      }
      await server.sql(`ALTER USER rotating DISCARD OLD PASSWORD`);
      await learn();
      expect(await cli(kind, 'rotating', 'old', WAYS.mysql.plain)).toBe('ERROR 1045');
      expect(await cli(kind, 'rotating', 'new', WAYS.mysql.plain)).toBe('rotating@%');
    });

    test('a password that is stored by PBKDF2', async () => {
      await server.sql(`SET GLOBAL caching_sha2_password_storage_format = 'PBKDF2_SHA512'`);
      await create('derived', `BY 'right'`);
      await server.sql('SET GLOBAL caching_sha2_password_storage_format = DEFAULT');
      const row = (await accountRows(server)).find(({ user }) => user === 'derived');
      expect(row?.authentication).toMatch(/^\$B\$/);
      expect(await cli(kind, 'derived', 'wrong', WAYS.mysql.plain)).toBe('ERROR 1045');
      expect(await cli(kind, 'derived', 'right', WAYS.mysql.plain)).toBe('derived@%');
      expect(await cli(kind, 'derived', 'right', WAYS.mysql.tls)).toBe('derived@%');
    });
  } else {
    test('each of several alternatives', async () => {
      const ways = [
        'unix_socket',
        `mysql_native_password USING PASSWORD('one')`,
        `mysql_native_password USING PASSWORD('two')`,
      ];
      await create('several', `VIA ${ways.join(' OR ')}`);
      for (const password of ['one', 'two', 'one']) {
        expect(await cli(kind, 'several', password, WAYS.mariadb.plain)).toBe('several@%');
      }
      expect(await cli(kind, 'several', 'three', WAYS.mariadb.plain)).toBe('ERROR 1045');
    });

    test('what only the server can check is named', async () => {
      await create('owner', 'VIA unix_socket');
      expect(await cli(kind, 'owner', '', WAYS.mariadb.plain)).toBe('ERROR 1045');
      expect(await plane.plane.refusedAccounts(POOL)).toEqual([
        expect.objectContaining({ row: 'owner@%', matched: null, reason: expect.stringContaining('unix_socket') }),
      ]);
    });
  }

  test('by a Unix-domain socket a client is localhost, and its password needs no encryption', async () => {
    await server.sql(`CREATE USER 'near'@'localhost' IDENTIFIED BY 'other'`);
    await server.sql(`CREATE USER 'near'@'127.0.0.1' IDENTIFIED BY 'right'`);
    const { user: name, password } = ACCOUNTS.control;
    const one = await startPlane({
      nodes: [server],
      users: [],
      control: { name, password },
      listen: [{ path: socket }],
    });
    await one.plane.accounts(POOL, await accountRows(server));
    const program = (await provision(kind)).client;
    const args = [`--socket=${socket}`, '--protocol=socket', '-u', 'near', '-N', '-e', 'SELECT 1'];
    const attempt = (secret: string): Promise<unknown> =>
      run(program.command, [...program.args, ...args, `--password=${secret}`], { timeout: 20_000 });
    // the password is right for 'near'@'localhost', whom no server takes us for
    await expect(attempt('other')).rejects.toMatchObject({ stderr: expect.stringContaining('ERROR 1045') });
    expect(await one.plane.refusedAccounts(POOL)).toEqual([expect.objectContaining({ row: 'near@localhost' })]);
    await expect(attempt('right')).rejects.toMatchObject({ stderr: expect.stringContaining('ERROR 1045') });
    expect(await one.plane.refusedAccounts(POOL)).toHaveLength(1);
    await one.stop();
  });
});

/** Client plugins of an unpacked MariaDB; one that is installed knows where they are. */
function pluginDirectory(binary: string): string[] {
  const library = join(dirname(binary), '..', 'lib');
  const architectures = existsSync(library) ? readdirSync(library) : [];
  const folders = architectures.map((folder) => join(library, folder, 'libmariadb3', 'plugin'));
  const found = folders.find((folder) => existsSync(folder));
  return found === undefined ? [] : [`--plugin-dir=${found}`];
}
