import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type Socket, connect as connectSocket } from 'node:net';
import { decodeErr, encodeProxyHeader, PacketFramer } from '@myswitch/protocol';
import { type TestServer, createCertificates, createCluster, temporaryFolder, until } from '@myswitch/testkit';
import type { Connection, ConnectionOptions } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { type TestPlane, startPlane } from './support/plane';

jest.setTimeout(60_000);

const TRUSTED = { trust: ['127.0.0.0/8'] };
const source = { address: '203.0.113.7', port: 4711 };
const header = (address: string): Buffer =>
  encodeProxyHeader({ source: { address, port: 4711 }, destination: { address: '192.0.2.1', port: 3306 } });

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

  /** As a balancer connects. */
  async function open(...chunks: readonly (Buffer | string)[]): Promise<Socket> {
    const socket = connectSocket(plane.port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    for (const chunk of chunks) {
      socket.setNoDelay(true).write(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return socket;
  }

  async function client(chunks: readonly (Buffer | string)[], options: ConnectionOptions = {}): Promise<Connection> {
    const stream = await open(...chunks);
    return plane.connect({ ...options, stream });
  }

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
