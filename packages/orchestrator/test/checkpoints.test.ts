import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { askCheckpoints, cutOff } from '../src/checkpoints/check';
import { systemClock } from '../src/clock';
import type { CheckpointOptions } from '../src/options';
import { portOf } from './admin/fakes';

const servers: (Server | HttpServer)[] = [];

afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function listen(server: Server | HttpServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server.address());
}

const says = (greeting: readonly number[] | null): Promise<number> =>
  listen(
    createServer((socket: Socket) => {
      socket.on('error', () => undefined);
      if (greeting !== null) socket.end(Buffer.from(greeting));
    }),
  );

const answers = (status: number): Promise<number> =>
  listen(createHttp((_, reply) => reply.writeHead(status, { connection: 'close' }).end()));

async function ask(...points: readonly Partial<Record<'tcp' | 'mysql' | 'http', number>>[]) {
  const checkpoints = points.map(({ tcp, mysql, http }): CheckpointOptions => {
    if (http !== undefined) return { place: 'outside', kind: 'http', url: `http://127.0.0.1:${http}/` };
    const kind = tcp === undefined ? 'mysql' : 'tcp';
    return { place: 'edge', kind, host: '127.0.0.1', port: tcp ?? mysql ?? 0 };
  });
  const found = await askCheckpoints(checkpoints, systemClock);
  return { found, told: found.map(({ ok, message }) => `${ok} ${message}`), cutOff: cutOff(found) };
}

test('what counts as an answer', async () => {
  const { told } = await ask(
    { tcp: await says([]) },
    { mysql: await says([70, 0, 0, 0, 10, 56]) },
    { mysql: await says([20, 0, 0, 0, 255, 16, 4]) },
    { http: await answers(200) },
    { http: await answers(404) },
  );
  expect(told).toEqual([
    'true it accepts connections',
    'true it greets as a database server',
    'true it greets as a database server',
    'true it answers 200',
    'true it answers 404',
  ]);
});

test('what does not; when nothing answers this site is cut off', async () => {
  const begun = performance.now();
  const {
    found,
    told,
    cutOff: why,
  } = await ask(
    { tcp: 1 },
    { mysql: await says([]) },
    { mysql: await says([83, 83, 72, 45, 50]) },
    { mysql: await says(null) },
    { http: await answers(502) },
  );
  expect(performance.now() - begun).toBeLessThan(2000);
  expect(told).toEqual([
    'false connect ECONNREFUSED 127.0.0.1:1',
    'false it hung up',
    'false it is no database server',
    'false no answer within 1000 ms',
    'false it answers 502',
  ]);
  expect(found[0]).toMatchObject({ place: 'edge', what: 'tcp 127.0.0.1:1' });
  expect(why).toContain('tcp 127.0.0.1:1 (edge): connect ECONNREFUSED');
});

test('one answer is enough, and without a checkpoint nothing is cut off', async () => {
  expect((await ask({ tcp: 1 }, { http: await answers(200) })).cutOff).toBeNull();
  expect((await ask()).cutOff).toBeNull();
});
