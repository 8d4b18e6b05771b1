import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { freePort } from '../../../testkit/src/ports';
import { OrchestratorError } from '@myswitch/orchestrator';
import { FakeControlPlane, fakePlane, POOL } from '../../orchestrator/test/admin/fakes';
import { loadServerConfig, type ServerConfig } from '../src/config';
import type { Parts } from '../src/start/parts';
import { serve } from '../src/start/serve';

const silent = () => undefined;
const plane = { ...fakePlane, accounts: async () => undefined, refusedAccounts: async () => [] };

let directory: string;
let happened: string[];
let control: FakeControlPlane;
let config: ServerConfig;
let adminPort: number;
let httpPort: number;

function fakeParts(listen: () => Promise<void> = async () => undefined): Parts {
  return {
    startDataPlane: async () => ({ plane, listen, stop: note('data plane stopped') }),
    createOrchestrator: () =>
      Object.assign(control, { start: note('orchestrator started'), stop: note('orchestrator stopped') }),
  };
}

async function fails(): Promise<never> {
  throw new OrchestratorError('LOCKED', 'taken');
}

function note(what: string) {
  return async () => void happened.push(what);
}

function occupy(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

beforeEach(async () => {
  happened = [];
  control = new FakeControlPlane();
  directory = mkdtempSync(join(tmpdir(), 'myswitch-serve-'));
  [adminPort, httpPort] = [await freePort(), await freePort()];
  const file = join(directory, 'myswitch.yaml');
  writeFileSync(
    file,
    `admin: { listen: "127.0.0.1:${adminPort}", password: hush }
http: { listen: "127.0.0.1:${httpPort}" }
pools:
  - name: shop
    listen: 127.0.0.1:13307
    nodes: [{ name: db1, address: 127.0.0.1:13316 }, { name: db2, address: 127.0.0.1:13326 }]
    control: { user: m, password: secret-of-control }
    users: [{ name: app, password: secret-of-app }]
`,
  );
  config = loadServerConfig(file, {});
});

afterEach(() => rmSync(directory, { recursive: true }));

test('starts the parts, answers on both ports, and stops in the opposite order', async () => {
  const stop = await serve(config, fakeParts(), silent);
  const connection = await createConnection({ host: '127.0.0.1', port: adminPort, user: 'admin', password: 'hush' });
  const [rows] = await connection.query<RowDataPacket[]>('SHOW POOLS');
  expect(rows[0]).toMatchObject({ name: 'shop' });
  const [variables] = await connection.query<RowDataPacket[]>('SHOW VARIABLES');
  expect(JSON.stringify(variables)).not.toMatch(/secret-of|hush/);
  expect(variables).toContainEqual({ Variable_name: 'shop.switch.drain', Value: '2s' });
  await connection.end();

  const health = await fetch(`http://127.0.0.1:${httpPort}/health`);
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({ status: 'ok', pools: [{ name: 'shop', active: 'db1' }] });
  control.status = async () => [{ ...POOL, active: null }];
  expect((await fetch(`http://127.0.0.1:${httpPort}/health`)).status).toBe(503);

  await stop();
  expect(happened).toEqual(['orchestrator started', 'orchestrator stopped', 'data plane stopped']);
  await expect(fetch(`http://127.0.0.1:${httpPort}/health`)).rejects.toThrow();
});

test('an error of the orchestrator keeps its code', async () => {
  const parts = {
    ...fakeParts(),
    createOrchestrator: () => Object.assign(control, { start: fails, stop: note('stopped') }),
  };
  await expect(serve(config, parts, silent)).rejects.toMatchObject({ code: 'LOCKED', exitCode: 1, message: 'taken' });
  expect(happened).toEqual(['stopped', 'data plane stopped']);
});

test('a state directory in use: refused, nothing was changed', async () => {
  const inUse = new OrchestratorError('STATE_DIR_IN_USE', 'process 4711 already serves pool shop from /state');
  const parts = {
    ...fakeParts(),
    createOrchestrator: () => Object.assign(control, { start: () => Promise.reject(inUse), stop: note('stopped') }),
  };
  await expect(serve(config, parts, silent)).rejects.toMatchObject({ exitCode: 3, message: inUse.message });
});

test.each([
  ['the admin port', () => adminPort],
  ['http', () => httpPort],
])('%s taken: the address is named, and nothing is left running', async (what, portOf) => {
  const other = await occupy(portOf());
  try {
    await expect(serve(config, fakeParts(), silent)).rejects.toMatchObject({
      code: 'LISTEN',
      exitCode: 2,
      message: expect.stringMatching(
        new RegExp(`^${what} can't listen on 127.0.0.1:${portOf()}: .* \\(pid ${process.pid}\\) listens there already`),
      ),
    });
    expect(happened).toContain('data plane stopped');
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});

test("a pool's port taken: the error of the proxy is told", async () => {
  const taken = Object.assign(new Error('bind EADDRINUSE 127.0.0.1:13307'), { code: 'REMOTE' });
  await expect(
    serve(
      config,
      fakeParts(() => Promise.reject(taken)),
      silent,
    ),
  ).rejects.toMatchObject({
    code: 'LISTEN',
    message: "a pool can't listen: something listens there already (bind EADDRINUSE 127.0.0.1:13307)",
  });
});
