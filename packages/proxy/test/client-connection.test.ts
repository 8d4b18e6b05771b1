import net from 'node:net';
import { once } from 'node:events';
import { DEFAULT_SQL_MODE, decodeErr, PacketFramer } from '@myswitch/protocol';
import { SessionContext } from '../src/session/context';
import { ClientConnection } from '../src/listener/client-connection';
import type { NodeBaseline } from '../src/backend/node-baseline';
import type { PoolOptions } from '../src/options';
import { Pool } from '../src/pool/pool';
import { PasswordChecks } from '../src/accounts/password-checks';
import { createPasswordKey } from '../src/accounts/password-key';
import { ALONE } from './alone';
import { FakeClock } from './fake-clock';

const options: PoolOptions = {
  name: 'shop',
  listen: [],
  maxClients: 10,
  tls: null,
  proxyProtocol: null,
  nodes: [
    { name: 'db1', host: '127.0.0.1', port: 1, tls: null, proxyProtocol: false },
    { name: 'db2', host: '127.0.0.1', port: 2, tls: null, proxyProtocol: false },
  ],
  users: [{ name: 'app', password: 'secret' }],
  hold: { maxMs: 20_000, clients: 10, bytes: 1000 },
  backend: { min: 0, max: 1 },
};

const baseline: NodeBaseline = {
  serverVersion: '8.4.0',
  characterSet: 45,
  offers: { capabilities: 0, mariadbCapabilities: 0 },
  context: new SessionContext(null, new Map(), new Map()),
  maxPayload: 1000,
  resetKeeps: 'CAPABILITIES',
  globalCharset: new Map(),
  sqlMode: '',
  reading: DEFAULT_SQL_MODE,
  fresh: new Map(),
  interactiveTimeout: '28800',
  waitTimeout: '28800',
  collations: new Map(),
  trackers: '',
};

/** A pool of which one server is known. */
class KnownPool extends Pool {
  constructor(...parts: ConstructorParameters<typeof Pool>) {
    super(...parts);
    Object.defineProperty(this.greeting, 'baseline', { value: baseline });
  }
}

describe('a client that says nothing', () => {
  let clock: FakeClock;
  let server: net.Server;
  let client: net.Socket;
  let closed: Promise<unknown>;
  let checks: PasswordChecks;
  const framer = new PacketFramer({ maxPayload: 1000 });

  async function connect(pool: Pool): Promise<void> {
    server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    closed = once(socket, 'close');
    const connection = new ClientConnection(1, pool, socket, null, null, () => undefined);
    void connection;
  }
  async function packet(sequence: number): Promise<Buffer> {
    framer.expect(sequence);
    for (let found = framer.next(); ; found = framer.next()) {
      if (found !== null) return found.payload;
      const [chunk] = (await once(client, 'data')) as [Buffer];
      framer.push(chunk);
    }
  }

  beforeAll(async () => {
    checks = new PasswordChecks(await createPasswordKey());
  });
  beforeEach(() => {
    clock = new FakeClock();
    framer.reset();
  });
  afterEach(() => {
    client.destroy();
    server.close();
  });

  test('is sent away after 10 s', async () => {
    await connect(new KnownPool(options, clock, () => undefined, ALONE, checks));
    expect((await packet(0)).toString('latin1', 1, 6)).toBe('8.4.0');
    clock.advance(9_999);
    clock.advance(1);
    expect(decodeErr(await packet(1))).toMatchObject({ code: 1159, sqlState: '08S01' });
    client.end();
    await closed;
  });

  test('while no server is known, after hold.max, and is told which nodes there are', async () => {
    await connect(new Pool(options, clock, () => undefined, ALONE, checks));
    clock.advance(20_000);
    expect(decodeErr(await packet(0))).toMatchObject({
      code: 1105,
      sqlState: 'HY000',
      message: 'MySwitch: pool shop has no ACTIVE node among db1 (127.0.0.1:1), db2 (127.0.0.1:2)',
    });
    client.end();
    await closed;
  });

  test('leaves nothing behind when it goes away', async () => {
    const pool = new Pool(options, clock, () => undefined, ALONE, checks);
    const before = clock.timers;
    await connect(pool);
    expect(clock.timers).toBe(before + 1);
    client.destroy();
    await closed;
    expect(clock.timers).toBe(before);
  });
});
