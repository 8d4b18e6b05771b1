import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { PasswordChecks } from '../src/accounts/password-checks';
import { createPasswordKey } from '../src/accounts/password-key';
import { Pool } from '../src/pool/pool';
import { ALONE } from './alone';
import { FakeClock } from './fake-clock';

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

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
    const users = ['a', 'b', 'c'].map((name) => ({ name, password: 'secret' }));
    const pool = new Pool(
      {
        name: 'shop',
        listen: [],
        maxClients: 10,
        tls: null,
        proxyProtocol: null,
        nodes: [{ name: 'db1', host: '127.0.0.1', port, tls: null, proxyProtocol: false }],
        users,
        hold: { maxMs: 1000, clients: 10, bytes: 1000 },
        backend: { min: 1, max: 10 },
      },
      clock,
      () => undefined,
      ALONE,
      new PasswordChecks(await createPasswordKey()),
    );
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
});
