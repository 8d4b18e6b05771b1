import { readFileSync } from 'node:fs';
import { Capability, clearCredential, decodeErr, encodeHandshakeResponse, nativeResponse } from '@myswitch/protocol';
import {
  ACCOUNTS,
  type TestServer,
  createCertificates,
  createCluster,
  temporaryFolder,
  until,
} from '@myswitch/testkit';
import { type ConnectionOptions, type RowDataPacket, createConnection } from 'mysql2/promise';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { RawClient } from './support/raw-client';
import { POOL, type TestPlane, startPlane } from './support/plane';

/** What a row says besides its password, compared with what the server does with it. */
describeKinds('rows of accounts', (kind) => {
  let server: TestServer;
  let plane: TestPlane;
  let files: { cert: string; key: string; ca: string };

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 0, tls: true });
    server = cluster.nodes[0]!;
    // the server's own, so that the same client certificates are good for both
    const read = (file: string): string => readFileSync(`${server.dir}/${file}`, 'utf8');
    files = { cert: read('server.pem'), key: read('server.key'), ca: server.ca! };
    const { user: name, password } = ACCOUNTS.control;
    const nodeTls = files;
    plane = await startPlane({ nodes: [server], users: [], control: { name, password }, tls: files, nodeTls });
  });
  afterEach(async () => {
    await plane.disconnectAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  const create = async (user: string, rest: string): Promise<void> => {
    await server.sql(`DROP USER IF EXISTS ${user}`);
    await server.sql(`CREATE USER ${user} IDENTIFIED BY 'secret' ${rest}`);
    await plane.plane.accounts(POOL, await accountRows(server));
  };
  const outcome = async (port: number, options: ConnectionOptions): Promise<unknown> => {
    try {
      const connection = await createConnection({ host: '127.0.0.1', port, password: 'secret', ...options });
      connection.on('error', () => undefined);
      const [rows] = await connection.query<RowDataPacket[]>('SELECT CURRENT_USER() AS me');
      connection.destroy();
      return rows[0]?.['me'];
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
  const tls = (own: boolean): ConnectionOptions => {
    const { ca, cert, key } = files;
    return { ssl: own ? { ca, cert, key } : { ca } };
  };

  test('locked', async () => {
    await create('locked', 'ACCOUNT LOCK');
    expect(await same({ user: 'locked' })).toMatchObject({ errno: kind === 'mysql' ? 3118 : 4151 });
    expect(await same({ user: 'locked', password: 'wrong' })).toMatchObject({ errno: 1045 });
  });

  test('with an expired password', async () => {
    await create('expired', 'PASSWORD EXPIRE');
    // the default of MySQL; MariaDB lets everybody in, to change it
    if (kind === 'mariadb') await server.sql('SET GLOBAL disconnect_on_expired_password = ON');
    expect(await same({ user: 'expired' })).toMatchObject({ errno: 1862, sqlState: 'HY000' });
    expect(await same({ user: 'expired', password: 'wrong' })).toMatchObject({ errno: 1045 });
    if (kind === 'mariadb') await server.sql('SET GLOBAL disconnect_on_expired_password = OFF');
    expect(await outcome(plane.port, { user: 'expired' })).toMatchObject({ errno: 1862 });
    const handles = { user: 'expired', flags: ['CAN_HANDLE_EXPIRED_PASSWORDS'] };
    expect(await outcome(plane.port, handles)).toMatchObject({ errno: 1862 });
  });

  test('of a client that knows no plugins', async () => {
    await create('ancient', '');
    const old = async (port: number, password: string): Promise<unknown> => {
      try {
        const client = await RawClient.open({ port });
        const { nonce } = await client.greeting();
        const authResponse = password === '' ? Buffer.alloc(0) : nativeResponse(clearCredential(password), nonce);
        const capabilities =
          Capability.LONG_PASSWORD | Capability.PROTOCOL_41 | Capability.TRANSACTIONS | Capability.SECURE_CONNECTION;
        const head = { capabilities, maxPacket: 1 << 24, characterSet: 45, mariadbCapabilities: 0 };
        const names = { user: 'ancient', database: null, authPlugin: null, attributes: null, authResponse };
        client.sendPacket(encodeHandshakeResponse({ ...head, ...names }), 1);
        const answer = await client.packet(2);
        return answer[0] === 0 ? 'in' : decodeErr(answer);
      } finally {
        RawClient.closeAll();
      }
    };
    for (const password of ['secret', 'wrong', '']) {
      expect([password, await old(plane.port, password)]).toEqual([password, await old(server.port, password)]);
    }
    expect(await old(plane.port, 'secret')).toEqual(
      kind === 'mariadb' ? 'in' : expect.objectContaining({ code: 1251, sqlState: '08004' }),
    );
  });

  if (kind === 'mysql') {
    test('that are proxies for others', async () => {
      await server.sql('SET GLOBAL check_proxy_users = ON, GLOBAL sha256_password_proxy_users = ON');
      await server.sql(`CREATE USER stands_in IDENTIFIED WITH sha256_password BY 'secret'`);
      await server.sql(`INSERT INTO mysql.proxies_priv VALUES ('%', 'stands_in', '%', 'app', 0, 'root', NOW())`);
      await server.sql('FLUSH PRIVILEGES');
      await plane.plane.accounts(POOL, await accountRows(server));
      const options = { user: 'stands_in', ...tls(false) };
      expect(await outcome(server.port, options)).toBe('app@%');
      expect(await outcome(plane.port, options)).toMatchObject({ errno: 1045 });
      expect(await plane.plane.refusedAccounts(POOL)).toContainEqual(
        expect.objectContaining({
          row: 'stands_in@%',
          matched: 'app@%',
          reason: expect.stringContaining('GRANT PROXY'),
        }),
      );
      await server.sql('SET GLOBAL check_proxy_users = OFF, GLOBAL sha256_password_proxy_users = OFF');
      await server.sql('DROP USER stands_in');
      await plane.plane.accounts(POOL, await accountRows(server));
    });
  }

  test('that want TLS', async () => {
    await create('private', 'REQUIRE SSL');
    expect(await same({ user: 'private' })).toMatchObject({ errno: 1045 });
    expect(await same({ user: 'private', ...tls(false) })).toBe('private@%');
  });

  test('that want a certificate', async () => {
    await create('certified', 'REQUIRE X509');
    expect(await same({ user: 'certified' })).toMatchObject({ errno: 1045 });
    expect(await same({ user: 'certified', ...tls(false) })).toMatchObject({ errno: 1045 });
    expect(await same({ user: 'certified', ...tls(true) })).toBe('certified@%');
  });

  test.each([
    ['SUBJECT', `REQUIRE SUBJECT '/CN=localhost'`, true],
    ['another SUBJECT', `REQUIRE SUBJECT '/CN=elsewhere'`, false],
    ['ISSUER', `REQUIRE ISSUER '/CN=MySwitch test authority'`, true],
    ['both', `REQUIRE SUBJECT '/CN=localhost' AND ISSUER '/CN=MySwitch test authority'`, true],
    ['another ISSUER', `REQUIRE SUBJECT '/CN=localhost' AND ISSUER '/CN=nobody'`, false],
    ['another CIPHER', `REQUIRE CIPHER 'TLS_AES_128_CCM_SHA256'`, false],
  ])('that want a certain certificate or cipher: %s', async (_, clause, fits) => {
    await create('choosy', clause);
    const there = await same({ user: 'choosy', ...tls(true) });
    if (fits) expect(there).toBe('choosy@%');
    else expect(there).toMatchObject({ errno: 1045 });
  });

  test('that want a certain cipher', async () => {
    // what the server prefers is what our own backends get
    const direct = await server.connect(tls(false));
    const [rows] = await direct.query<RowDataPacket[]>(`SHOW STATUS LIKE 'Ssl_cipher'`);
    direct.destroy();
    const ciphers = String(rows[0]?.['Value']);
    await create('choosy', `REQUIRE CIPHER '${ciphers}'`);
    expect(await same({ user: 'choosy', ssl: { ...files, ciphers } })).toBe('choosy@%');
    // MySQL asks for a certificate then, MariaDB does not
    await same({ user: 'choosy', ssl: { ca: files.ca, ciphers } });
    expect(await same({ user: 'choosy' })).toMatchObject({ errno: 1045 });
  });

  test('a certificate of somebody else is worth nothing', async () => {
    const folder = temporaryFolder('other-certificates');
    const other = createCertificates(folder);
    const read = (file: string): string => readFileSync(file, 'utf8');
    await create('certified', 'REQUIRE X509');
    const ssl = { ca: files.ca, cert: read(other.certFile), key: read(other.keyFile) };
    await expect(plane.connect({ user: 'certified', password: 'secret', ssl })).rejects.toThrow();
    await create('plainuser', '');
    await expect(plane.connect({ user: 'plainuser', password: 'secret', ssl })).rejects.toThrow();
    expect(await outcome(plane.port, { user: 'plainuser', ...tls(false) })).toBe('plainuser@%');
  });

  test('with MAX_USER_CONNECTIONS', async () => {
    await create('few', 'WITH MAX_USER_CONNECTIONS 2');
    const options = { user: 'few', password: 'secret' };
    const first = await plane.connect(options);
    await plane.connect(options);
    const refused = await outcome(plane.port, options);
    expect(refused).toMatchObject({ errno: 1226, sqlState: '42000' });
    await expect(plane.connect({ ...options, password: 'wrong' })).rejects.toMatchObject({ errno: 1045 });
    const direct = await Promise.all([1, 2].map(() => server.connect(options).catch(() => null)));
    expect(await outcome(server.port, options)).toEqual(refused);
    for (const one of direct) one?.destroy();
    first.destroy();
    await until('one may come in again', async () => {
      const found = await outcome(plane.port, options);
      return found === 'few@%' ? true : null;
    });
  });

  test('a row that changes counts for the next login', async () => {
    await create('changing', '');
    expect(await same({ user: 'changing' })).toBe('changing@%');
    await server.sql('ALTER USER changing ACCOUNT LOCK');
    await plane.plane.accounts(POOL, await accountRows(server));
    expect(await same({ user: 'changing' })).toMatchObject({ errno: kind === 'mysql' ? 3118 : 4151 });
    await server.sql('ALTER USER changing ACCOUNT UNLOCK');
    await plane.plane.accounts(POOL, await accountRows(server));
    expect(await same({ user: 'changing' })).toBe('changing@%');
  });
});
