import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fetchTool, freePort, temporaryFolder, until } from '@myswitch/testkit';

const EXAMPLES = join(__dirname, '../../docs/examples/hooks');
const FACTS = { MYSWITCH_EVENT: 'after', MYSWITCH_POOL: 'shop', MYSWITCH_RESULT: 'switched' };

function run(example: string, args: readonly string[], facts: Record<string, string>, input = ''): string {
  const env = { PATH: process.env['PATH'], ...FACTS, ...facts };
  return execFileSync(join(EXAMPLES, example), args, { env, input, encoding: 'utf8', timeout: 10_000 });
}

test('log.sh appends what it is told', () => {
  const file = join(temporaryFolder('log'), 'notes');
  run('log.sh', [file], {}, '{"event":"FAIL"}\n');
  run('log.sh', [file], {}, '{"event":"RECOVERED"}\n');
  expect(readFileSync(file, 'utf8')).toBe('{"event":"FAIL"}\n{"event":"RECOVERED"}\n');
});

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });

function canHaveNamespaces(): boolean {
  try {
    ip('netns', 'add', 'myswitch-probe');
    ip('netns', 'del', 'myswitch-probe');
    return true;
  } catch {
    return false;
  }
}

const maybe = canHaveNamespaces() ? describe : describe.skip;

maybe('virtual-ip.sh, between two network namespaces', () => {
  const nodes = [1, 2].map((each) => `myswitch-${process.pid}-${each}`) as [string, string];
  const reach = ['192.0.2.100/24', 'lo', 'ip', 'netns', 'exec', '{}'];
  const holders = (): string[] => nodes.filter((node) => ip('-n', node, 'address', 'show').includes('192.0.2.100/24'));
  const move = (from: string, to: string, facts: Record<string, string> = {}): string =>
    run('virtual-ip.sh', reach, { MYSWITCH_FROM: from, MYSWITCH_TO: to, ...facts });

  beforeAll(() => nodes.forEach((node) => ip('netns', 'add', node)));
  afterAll(() => nodes.forEach((node) => ip('netns', 'del', node)));

  test('the address is where the primary is', () => {
    const [db1, db2] = nodes;
    ip('-n', db1, 'address', 'add', '192.0.2.100/24', 'dev', 'lo');
    move(db1, db2);
    expect(holders()).toEqual([db2]);
    move(db2, db1);
    expect(holders()).toEqual([db1]);
    move(db1, db2, { MYSWITCH_RESULT: 'rolled-back' });
    move(db1, db2, { MYSWITCH_EVENT: 'before' });
    expect(holders()).toEqual([db1]);
  });

  test('an old primary that can not be reached keeps nobody waiting', () => {
    const [, db2] = nodes;
    expect(move('myswitch-nowhere', db2)).toContain('myswitch-nowhere did not give 192.0.2.100/24 up');
    expect(holders()).toContain(db2);
  });
});

describe('haproxy.mjs', () => {
  const servers: Server[] = [];
  let haproxy: ChildProcess | null = null;

  afterAll(() => {
    haproxy?.kill();
    servers.forEach((each) => each.close());
  });

  /** Says its name to whoever connects. */
  async function server(name: string): Promise<number> {
    const port = await freePort();
    const listening = createServer((socket) => socket.on('error', () => undefined).end(name));
    servers.push(listening);
    await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve));
    return port;
  }

  const greeting = (port: number): Promise<string | null> =>
    new Promise((resolve) => {
      let said = '';
      connect(port, '127.0.0.1')
        .on('error', () => resolve(null))
        .on('data', (chunk) => (said += String(chunk)))
        .on('end', () => resolve(said === '' ? null : said));
    });

  test('new connections go to the new primary', async () => {
    const tool = await fetchTool('haproxy');
    const folder = temporaryFolder('haproxy');
    const socket = join(folder, 'admin.sock');
    const [front, db1, db2] = [await freePort(), await server('db1'), await server('db2')];
    writeFileSync(
      join(folder, 'haproxy.cfg'),
      `global
  stats socket ${socket} level admin
defaults
  mode tcp
  timeout connect 1s
  timeout client 1m
  timeout server 1m
listen mysql
  bind 127.0.0.1:${front}
  server primary 127.0.0.1:${db1}
`,
    );
    haproxy = spawn(tool.command, [...tool.args, '-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' });
    await until('HAProxy answers', async () => ((await greeting(front)) === 'db1' ? true : null));
    const facts = { MYSWITCH_TO_HOST: '127.0.0.1', MYSWITCH_TO_PORT: String(db2) };
    run('haproxy.mjs', [socket, 'mysql/primary'], { ...facts, MYSWITCH_RESULT: 'rolled-back' });
    expect(await greeting(front)).toBe('db1');
    run('haproxy.mjs', [socket, 'mysql/primary'], facts);
    expect(await greeting(front)).toBe('db2');
    expect(() => run('haproxy.mjs', [socket, 'mysql/nobody'], facts)).toThrow('Command failed');
  });
});
