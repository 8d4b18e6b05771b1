import dns from 'node:dns';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { systemClock } from '../src/clock';
import { ControlConnection } from '../src/link/control-connection';

const CREDENTIALS = { user: 'myswitch', password: 'secret' };
const DEADLINE_MS = 200;

const connect = (host: string, port: number): Promise<ControlConnection> =>
  ControlConnection.connect({ name: 'db1', host, port, tls: null }, CREDENTIALS, DEADLINE_MS, systemClock);

let server: Server | null = null;

afterEach(() => {
  jest.restoreAllMocks();
  server?.close();
  server = null;
});

test('a name server that does not answer says nothing of the node', async () => {
  jest.spyOn(dns, 'lookup').mockImplementation((() => undefined) as unknown as typeof dns.lookup);
  await expect(connect('db1.example', 3306)).rejects.toMatchObject({
    code: 'UNRESOLVED',
    message: 'db1: db1.example was not looked up within 200 ms',
  });
});

test('a node that takes the connection and says nothing does', async () => {
  server = createServer((socket) => void setTimeout(() => socket.destroy(), 2 * DEADLINE_MS));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await expect(connect('127.0.0.1', port)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await expect(connect('localhost', port)).rejects.toMatchObject({ code: 'UNREACHABLE' });
});
