import { createHash } from 'node:crypto';
import { Capability, decodeHandshake, encodeHandshakeResponse, encodePacket } from '@myswitch/protocol';
import type { AccountRow, RefusedAccount } from '@myswitch/proxy';
import { ACCOUNTS, type TestServer, until } from '@myswitch/testkit';
import { type Connection, createConnection } from 'mysql2/promise';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { POOL } from './support/plane';
import { startLonePlane } from './support/lone-plane';
import type { PlaneProcess } from './support/plane-process';
import { RawClient } from './support/raw-client';

describeKinds('learned accounts and two workers', (kind) => {
  let server: TestServer;
  let plane: PlaneProcess;
  let port: number;
  const connections: Connection[] = [];

  beforeAll(async () => {
    ({ server, plane, port } = await startLonePlane(kind));
    await plane.call('listen');
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.destroy();
    RawClient.closeAll();
    await until('the sessions end', async () => ((await sessions()).length === 0 ? true : null));
  });
  afterAll(() => plane.end());

  const sessions = (): Promise<unknown[]> => plane.call('sessions', POOL);
  const learn = async (rows?: AccountRow[]): Promise<void> => {
    await plane.call('accounts', POOL, rows ?? (await accountRows(server)));
  };
  const connect = async (): Promise<void> => {
    const connection = await createConnection({ host: '127.0.0.1', port, ...ACCOUNTS.app });
    connection.on('error', () => undefined);
    connections.push(connection);
    await connection.query('SELECT 1');
  };
  const some = (count: number): Promise<void[]> => Promise.all(Array.from({ length: count }, connect));

  if (kind === 'mysql') {
    test('a password that one worker has learned all of them know: nobody is asked for it again', async () => {
      await learn();
      await connect();
      const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
      const fastOnly = () => (data: Buffer) => {
        if (data.length === 1 || data[0] === 1) {
          if (data.at(-1) !== 3) throw new Error('asked for the password');
          return null;
        }
        const once = sha256(Buffer.from(ACCOUNTS.app.password));
        const mask = sha256(sha256(once), data.subarray(0, 20));
        return Buffer.from(once.map((byte, i) => byte ^ mask[i]!));
      };
      const authPlugins = { caching_sha2_password: fastOnly };
      const eight = async (): Promise<true> => {
        for (let i = 0; i < 8; i++) {
          const connection = await createConnection({ host: '127.0.0.1', port, ...ACCOUNTS.app, authPlugins });
          connection.on('error', () => undefined);
          connections.push(connection);
        }
        return true;
      };
      // the other worker is told of it while the first client goes on
      await until('nobody is asked', () => eight().catch(() => null));
    });
  }

  test('clients wait until the accounts are known, then all workers know them', async () => {
    const waiting = some(4);
    await until('somebody waits', async () => ((await sessions()).length === 0 ? true : null));
    await learn();
    await waiting;
    await some(8);
  });

  test('a worker that starts later knows them too', async () => {
    const [first, second] = await plane.call<number[]>('pids');
    process.kill(second!, 'SIGKILL');
    await until('there is another one', async () => {
      const pids = await plane.call<number[]>('pids');
      return pids.length === 2 && pids.includes(first!) && !pids.includes(second!) ? true : null;
    });
    await some(8);
  });

  test('the key for passwords is the same everywhere', async () => {
    const row = { user: 'keyed', host: '%', plugin: 'caching_sha2_password', second: null, alternatives: [] };
    const none = { locked: false, passwordExpired: false, issuer: '', subject: '', cipher: '', maxUserConnections: 0 };
    const authentication = `$A$005$${'s'.repeat(20)}${'h'.repeat(43)}`;
    await learn([{ ...row, ...none, authentication, tls: 'NONE' }]);
    const keys = new Set<string>();
    for (let round = 0; round < 6; round++) keys.add(await publicKey(port));
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect(await plane.call<RefusedAccount[]>('refusedAccounts', POOL)).toEqual([]);
  });
});

/** What a client is given that asks for the key without TLS. */
async function publicKey(port: number): Promise<string> {
  const client = await RawClient.open({ port });
  const { capabilities } = decodeHandshake(await client.packet(0));
  const response = encodeHandshakeResponse({
    capabilities: (capabilities & ~(Capability.CONNECT_WITH_DB | Capability.CONNECT_ATTRS)) >>> 0,
    maxPacket: 1 << 24,
    characterSet: 45,
    mariadbCapabilities: 0,
    user: 'keyed',
    authResponse: Buffer.alloc(32, 1),
    database: null,
    authPlugin: 'caching_sha2_password',
    attributes: null,
  });
  client.socket.write(encodePacket(response, 1));
  expect(await client.packet(2)).toEqual(Buffer.of(1, 4));
  client.socket.write(encodePacket(Buffer.of(2), 3));
  const key = await client.packet(4);
  client.socket.destroy();
  return key.toString('latin1', 1);
}
