import { once } from 'node:events';
import net from 'node:net';
import { decodeErr, PacketFramer } from '@myswitch/protocol';
import { Balancers, readProxyHeader } from '../src/listener/proxy-header';
import { FakeClock } from './fake-clock';

test.each<[string, string | undefined, boolean]>([
  ['in a network', '10.200.0.1', true],
  ['an address', '192.0.2.7', true],
  ['next to it', '192.0.2.8', false],
  ['IPv4 of a dual-stack listener', '::ffff:10.200.0.1', true],
  ['another of those', '::ffff:11.200.0.1', false],
  ['IPv6', 'fd00:1::2', true],
  ['another IPv6', 'fe80::1', false],
  ['a Unix socket', undefined, false],
])('%s', (_what, address, trusted) => {
  expect(new Balancers(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']).has(address)).toBe(trusted);
  expect(new Balancers([]).has(address)).toBe(false);
});

test('a header that does not come is waited for as long as a login', async () => {
  const clock = new FakeClock();
  const lines: unknown[] = [];
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  try {
    readProxyHeader(
      socket,
      clock,
      (...line) => lines.push(line),
      () => lines.push('told'),
    );
    client.write('PROXY TCP4 ');
    await once(socket, 'data');
    clock.advance(9999);
    expect(lines).toEqual([]);
    clock.advance(1);
    const framer = new PacketFramer({ maxPayload: 100 });
    client.on('data', (chunk: Buffer) => framer.push(chunk));
    await once(client, 'end');
    expect(decodeErr(framer.next()!.payload)).toMatchObject({ code: 1043, sqlState: '08S01' });
    expect(lines).toEqual([['warn', expect.any(String), expect.objectContaining({ balancer: '127.0.0.1' })]]);
    const closed = once(socket, 'close');
    clock.advance(1000);
    await closed;
  } finally {
    client.destroy();
    server.close();
  }
});
