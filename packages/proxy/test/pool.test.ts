import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { Account } from '../src/accounts/account';
import { PasswordChecks } from '../src/accounts/password-checks';
import { createPasswordKey } from '../src/accounts/password-key';
import { COMMON_VARIANT } from '../src/capabilities';
import { Pool } from '../src/pool/pool';
import type { PoolClient } from '../src/pool/pool-client';
import { ALONE } from './alone';
import { FakeClock } from './fake-clock';

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

async function poolOf(port: number, users: readonly string[], clock: FakeClock): Promise<Pool> {
  return new Pool(
    {
      name: 'shop',
      listen: [],
      maxClients: 10,
      tls: null,
      proxyProtocol: null,
      nodes: [{ name: 'db1', host: '127.0.0.1', port, tls: null, proxyProtocol: false }],
      users: users.map((name) => ({ name, password: 'secret' })),
      hold: { maxMs: 1000, clients: 10, bytes: 1000 },
      backend: { min: 1, max: 10 },
    },
    clock,
    () => undefined,
    ALONE,
    new PasswordChecks(await createPasswordKey()),
  );
}

describe('Pool', () => {
  test('a node that accepts nobody is tried once for each account at a time, not ever more often', async () => {
    let attempts = 0;
    const server = net.createServer((socket) => {
      attempts++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const clock = new FakeClock();
    const users = ['a', 'b', 'c'];
    const pool = await poolOf(port, users, clock);
    try {
      pool.activate({ node: 'db1', epoch: 1 });
      for (let round = 1; round <= 4; round++) {
        await settled();
        expect(attempts).toBe(round * users.length);
        clock.advance(500);
      }
    } finally {
      server.close();
    }
  });

  test('the connections of an account that nobody uses are kept as long as one is being opened', async () => {
    const server = net.createServer((socket) => socket.on('error', () => undefined)); // it never says anything
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const clock = new FakeClock();
    const pool = await poolOf((server.address() as AddressInfo).port, [], clock);
    try {
      pool.activate({ node: 'db1', epoch: 1 });
      const credential = { kind: 'clear', password: Buffer.from('secret') } as const;
      const account = new Account('app', 'app@%', credential, 2);
      const client = {
        account,
        variant: COMMON_VARIANT,
        lastBackend: null,
        watch: () => undefined,
      } as unknown as PoolClient;
      pool.sessions.add(client);
      expect(pool.checkout(client)).toBeNull();
      pool.leave(client);
      pool.ended(client);
      clock.advance(0);
      expect([...pool.connectionPools].map((one) => one.account)).toEqual([account]);
      await settled();
      clock.advance(10_000); // its login has taken too long
      await settled();
      clock.advance(10_000);
      expect([...pool.connectionPools]).toEqual([]);
    } finally {
      server.close();
    }
  });

  test('a release that is followed by another one resolves', async () => {
    const server = net.createServer((socket) => socket.on('error', () => undefined)); // it never says anything
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const pool = await poolOf((server.address() as AddressInfo).port, [], new FakeClock());
    try {
      pool.activate({ node: 'db1', epoch: 1 });
      const account = new Account('app', 'app@%', { kind: 'clear', password: Buffer.from('secret') }, 2);
      const client = {
        account,
        variant: COMMON_VARIANT,
        lastBackend: null,
        waitingBytes: 1,
        releaseWeakPins: () => false,
        retry: () => pool.checkout(client) !== null,
      } as unknown as PoolClient;
      pool.sessions.add(client);
      pool.hold();
      expect(pool.checkout(client)).toBeNull();
      const first = pool.release({ node: 'db1', epoch: 1 });
      pool.hold();
      const second = pool.release({ node: 'db1', epoch: 1 });
      expect((await first).held).toBe(1);
      pool.leave(client);
      expect((await second).held).toBe(1);
      expect(pool.gate.state).toBe('OPEN');
    } finally {
      server.close();
    }
  });
});
