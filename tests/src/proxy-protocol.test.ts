import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type Socket, connect as connectSocket } from 'node:net';
import { decodeErr, encodeProxyHeader, PacketFramer } from '@myswitch/protocol';
import {
  ACCOUNTS,
  type TestServer,
  createCertificates,
  createCluster,
  temporaryFolder,
  until,
} from '@myswitch/testkit';
import type { Connection, ConnectionOptions, RowDataPacket } from 'mysql2/promise';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, startPlane } from './support/plane';

jest.setTimeout(60_000);

const TRUSTED = { trust: ['127.0.0.0/8'] };
const source = { address: '203.0.113.7', port: 4711 };
const header = (address: string): Buffer =>
  encodeProxyHeader({ source: { address, port: 4711 }, destination: { address: '192.0.2.1', port: 3306 } });

/** As a balancer connects. */
async function openAt(plane: TestPlane, chunks: readonly (Buffer | string)[]): Promise<Socket> {
  const socket = connectSocket(plane.port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  for (const chunk of chunks) {
    socket.setNoDelay(true).write(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return socket;
}

describeKinds('clients behind a load balancer', (kind) => {
  let servers: readonly TestServer[];
  let plane: TestPlane;

  beforeAll(async () => {
    servers = (await createCluster({ kind, replicas: 0 })).nodes;
  });
  afterEach(() => plane.stop());
  afterAll(async () => {
    for (const server of servers) await server.remove();
  });

  const open = (...chunks: readonly (Buffer | string)[]): Promise<Socket> => openAt(plane, chunks);
  const client = async (chunks: readonly (Buffer | string)[], options: ConnectionOptions = {}): Promise<Connection> =>
    plane.connect({ ...options, stream: await openAt(plane, chunks) });

  /** The error that a connection gets before any greeting. */
  async function refusal(socket: Socket): Promise<number> {
    const framer = new PacketFramer({ maxPayload: 1000 });
    socket.on('data', (chunk: Buffer) => framer.push(chunk));
    await once(socket, 'close');
    return decodeErr(framer.next()!.payload).code;
  }

  test.each<[string, (Buffer | string)[], string]>([
    ['version 1', ['PROXY TCP4 203.0.113.7 192.0.2.1 4711 3306\r\n'], '203.0.113.7:4711'],
    ['version 1, IPv6', ['PROXY TCP6 2001:DB8:0::7 ::1 4711 3306\r\n'], '2001:db8::7:4711'],
    ['version 2', [header('203.0.113.7')], '203.0.113.7:4711'],
    ['version 2, IPv6', [header('2001:db8::7')], '2001:db8::7:4711'],
    ['byte by byte', [...header('203.0.113.7')].map((byte) => Buffer.from([byte])), '203.0.113.7:4711'],
  ])('have their own address: %s', async (_what, chunks, address) => {
    plane = await startPlane({ nodes: servers, proxyProtocol: TRUSTED });
    const connection = await client(chunks);
    await connection.query('SELECT 1');
    expect((await plane.sessions()).map((session) => session.client)).toEqual([address]);
    const host = address.replace(/:\d+$/, '');
    await expect(client(chunks, { password: 'wrong' })).rejects.toMatchObject({
      errno: 1045,
      message: expect.stringContaining(`'app'@'${host}'`),
    });
    await plane.checkInvariants();
  });

  test('the balancer itself has its own', async () => {
    plane = await startPlane({ nodes: servers, proxyProtocol: TRUSTED });
    for (const chunk of ['PROXY UNKNOWN\r\n', encodeProxyHeader({ source: null, destination: null })]) {
      const connection = await client([chunk]);
      await connection.query('SELECT 1');
      expect((await plane.sessions())[0]?.client).toMatch(/^127\.0\.0\.1:\d+$/);
      await plane.disconnectAll();
    }
  });

  test('TLS begins after the header', async () => {
    const { ca, certFile, keyFile } = createCertificates(temporaryFolder('proxy-protocol'));
    const tls = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), ca: null };
    plane = await startPlane({ nodes: servers, proxyProtocol: TRUSTED, tls });
    const connection = await client([header('203.0.113.7')], { ssl: { ca, verifyIdentity: false } });
    await connection.query('SELECT 1');
    expect((await plane.sessions())[0]?.client).toBe(`${source.address}:${source.port}`);
  });

  test('who says nothing there is not greeted, and who says something else is refused', async () => {
    plane = await startPlane({ nodes: servers, proxyProtocol: TRUSTED });
    const silent = await open();
    let greeted = false;
    silent.on('data', () => (greeted = true));
    for (const garbage of ['GET / HTTP/1.1\r\n', 'PROXY TCP4 1.2.3.4\r\n', Buffer.alloc(100, 1)]) {
      expect(await refusal(await open(garbage))).toBe(1043);
    }
    expect(greeted).toBe(false);
    // a check of the balancer's that only connects is nothing to tell
    silent.end();
    await once(silent, 'close');
    const told = plane.log.filter(({ message }) => message.startsWith('a connection of a load balancer'));
    expect(told.map(({ level, fields }) => `${level} ${String(fields?.['balancer'])}`)).toEqual(
      Array(3).fill('warn 127.0.0.1'),
    );
    expect(await plane.sessions()).toEqual([]);
  });

  test('connections that wait for their header count, and their end is seen', async () => {
    plane = await startPlane({ nodes: servers, proxyProtocol: TRUSTED, maxClients: 2 });
    const waiting = [await open('PROXY '), await open()];
    expect(await refusal(await open(header('203.0.113.7')))).toBe(1040);
    for (const socket of waiting) socket.destroy();
    const connection = await until('there is room', () => client([header('203.0.113.7')]).catch(() => null), 5000);
    await connection.query('SELECT 1');
  });

  test('from an address that is not trusted a header is a protocol error', async () => {
    plane = await startPlane({ nodes: servers, proxyProtocol: { trust: ['10.0.0.0/8', '127.0.0.2', '::1'] } });
    for (const lie of ['PROXY TCP4 203.0.113.7 192.0.2.1 4711 3306\r\n', header('203.0.113.7')]) {
      const socket = await open(lie);
      let received = '';
      socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
      await once(socket, 'close');
      expect(received).toContain('Bad handshake');
    }
    const connection = await plane.connect();
    await connection.query('SELECT 1');
    expect((await plane.sessions())[0]?.client).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

describeKinds('servers that are told where clients are', (kind) => {
  let servers: readonly TestServer[];
  let plane: TestPlane;

  beforeAll(async () => {
    const extra = kind === 'mariadb' ? ['proxy_protocol_networks=127.0.0.1'] : [];
    servers = (await createCluster({ kind, replicas: 1, extra, tls: true })).nodes;
    for (const account of ["'near'@'203.0.113.%'", "'both'@'203.0.113.%'", "'both'@'%'"]) {
      await servers[0]!.sql(`CREATE USER ${account} IDENTIFIED BY 'p'`);
    }
  });
  afterEach(() => plane.stop());
  afterAll(async () => {
    for (const server of servers) await server.remove();
  });

  async function start(options: Partial<Parameters<typeof startPlane>[0]> = {}): Promise<void> {
    const { user: name, password } = ACCOUNTS.control;
    const nodes = servers;
    plane = await startPlane({
      nodes,
      nodeProxyProtocol: true,
      proxyProtocol: TRUSTED,
      users: [],
      control: { name, password },
      ...options,
    });
    await plane.plane.accounts(POOL, await accountRows(servers[0]!));
  }

  const client = async (address: string, user: string, password = 'p'): Promise<Connection> =>
    plane.connect({ user, password, stream: await openAt(plane, [header(address)]), database: '' });
  /** What the server itself says, or what we make of an answer that came too early. */
  const NOT_TAKEN = {
    errno: expect.any(Number),
    message: expect.stringMatching(/does not take the PROXY protocol|Proxy header is not accepted|out of order/),
  };
  const who = async (connection: Connection): Promise<string> => {
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT CONCAT(USER(), " ", CURRENT_USER()) AS who');
    return String(row?.['who']);
  };

  if (kind === 'mysql') {
    test('MySQL can not be told, and says so at once', async () => {
      await start();
      await expect(client('203.0.113.7', 'near')).rejects.toMatchObject(NOT_TAKEN);
    });
    return;
  }

  test('find the account that is meant for the client, and no other', async () => {
    await start();
    expect(await who(await client('203.0.113.7', 'near'))).toBe('near@203.0.113.7 near@203.0.113.%');
    expect(await who(await client('203.0.113.7', 'both'))).toBe('both@203.0.113.7 both@203.0.113.%');
    expect(await who(await client('2001:db8::7', 'both'))).toBe('both@2001:db8::7 both@%');
    await expect(client('198.51.100.1', 'near')).rejects.toMatchObject({ errno: 1045 });
    await plane.checkInvariants();
  });

  test('a backend serves clients of one address only, also of accounts in the configuration', async () => {
    const { user, password } = ACCOUNTS.app;
    await start({ users: [{ name: 'both', password: 'p' }] });
    for (const [name, secret] of [
      ['both', 'p'],
      [user, password],
    ] as const) {
      const addresses = ['203.0.113.7', '203.0.113.8', '198.51.100.1', '127.0.0.1'];
      const clients = await Promise.all(addresses.map((address) => client(address, name, secret)));
      for (let round = 0; round < 3; round++) {
        for (const [index, connection] of clients.entries()) {
          expect(await who(connection)).toMatch(new RegExp(`^${name}@${addresses[index]} `));
        }
      }
      // another client from there finds what the first one left
      const again = await client('203.0.113.7', name, secret);
      expect(await who(again)).toMatch(`${name}@203.0.113.7 `);
      expect((await plane.backends()).filter((row) => row.user === name)).toHaveLength(addresses.length);
      await plane.checkInvariants();
      await plane.disconnectAll();
    }
  });

  test('before TLS begins', async () => {
    await start({ nodeTls: { ca: servers[0]!.ca, cert: null, key: null } });
    const connection = await client('203.0.113.7', 'near');
    expect(await who(connection)).toBe('near@203.0.113.7 near@203.0.113.%');
    const [[row]] = await connection.query<RowDataPacket[]>("SHOW STATUS LIKE 'Ssl_cipher'");
    expect(row?.['Value']).not.toBe('');
  });

  test('KILL finds a statement whose account is let in from there alone', async () => {
    await start();
    const [victim, killer] = [await client('203.0.113.7', 'near'), await client('203.0.113.7', 'near')];
    await victim.query('SELECT 1');
    const [{ session } = { session: 0 }] = await plane.sessions();
    const [[begun], ended] = await Promise.all([
      until('it runs', async () => {
        const running = (await plane.sessions()).filter(({ state }) => state === 'RUNNING');
        return running.length > 0 ? running : null;
      }).then(async (running) => {
        await killer.query(`KILL QUERY ${session}`);
        return running;
      }),
      victim.query('SELECT SLEEP(30)').then(
        ([rows]) => Object.values((rows as RowDataPacket[])[0]!)[0],
        (error: { errno: number }) => error.errno,
      ),
    ]);
    expect(begun?.session).toBe(session);
    expect([1, 1317]).toContain(ended);
  });

  test('a switch takes everybody over with their own address', async () => {
    await start();
    const [, second] = servers;
    const clients = [await client('203.0.113.7', 'near'), await client('203.0.113.8', 'both')];
    const before = await Promise.all(clients.map(who));
    expect((await plane.plane.warm(POOL, second!.name, 5000)).backends).toBeGreaterThanOrEqual(2);
    await plane.hold();
    expect(await plane.drained()).toEqual({ drained: true });
    await plane.release(second!.name);
    expect(await Promise.all(clients.map(who))).toEqual(before);
    const nodes = new Set((await plane.backends()).filter(({ user }) => user !== 'myswitch').map(({ node }) => node));
    expect([...nodes]).toEqual([second!.name]);
  });

  test('one that does not listen to us says so at once', async () => {
    await servers[0]!.sql("SET GLOBAL proxy_protocol_networks = ''");
    try {
      await start();
      await expect(client('203.0.113.7', 'near')).rejects.toMatchObject(NOT_TAKEN);
    } finally {
      await servers[0]!.sql("SET GLOBAL proxy_protocol_networks = '127.0.0.1'");
    }
  });
});
