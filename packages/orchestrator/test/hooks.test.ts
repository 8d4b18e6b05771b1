import type * as Processes from 'node:child_process';
import { readFileSync } from 'node:fs';
import { systemClock } from '../src/clock';
import { runCommand, type CommandResult } from '../src/hooks/run';

jest.mock('node:child_process', () => ({ ...jest.requireActual<object>('node:child_process') }));
const processes = jest.requireMock<typeof Processes>('node:child_process');

const FACTS = { event: 'before', pool: 'shop', from: 'db1', fromPort: 3306, nothing: null };

const run = (script: string, timeoutMs = 5000): Promise<CommandResult> =>
  runCommand({ command: ['sh', '-c', script], timeoutMs }, FACTS, systemClock);

/** One that is dead may still be listed, until its parent asks for it. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

test('the facts are JSON on stdin, and variables', async () => {
  const { ok, output } = await run(
    'cat; echo $MYSWITCH_EVENT $MYSWITCH_POOL $MYSWITCH_FROM_PORT ${MYSWITCH_NOTHING-none}',
  );
  expect(ok).toBe(true);
  const [json = '', variables] = output.split('\n');
  expect(JSON.parse(json)).toEqual(FACTS);
  expect(variables).toBe('before shop 3306 none');
});

test('no other variable of ours is passed on', async () => {
  process.env['MYSWITCH_ADMIN_PASSWORD'] = 'secret';
  const { output } = await run('env');
  expect(output).not.toContain('secret');
  expect(output).toContain('PATH=');
});

test('arguments are not read by a shell', async () => {
  const { output } = await runCommand(
    { command: ['echo', '$HOME', 'a b; false'], timeoutMs: 5000 },
    FACTS,
    systemClock,
  );
  expect(output).toBe('$HOME a b; false');
});

test.each([
  ['exit 3', 'sh ended with exit code 3'],
  ['kill -TERM $$', 'sh ended with SIGTERM'],
])('%s is a failure, and what it wrote is kept', async (end, told) => {
  expect(await run(`echo out; echo err >&2; ${end}`)).toEqual({ ok: false, told, output: 'out\nerr' });
});

test('one that takes too long is killed with all that it started', async () => {
  const { ok, told, output } = await run('sleep 60 & echo $!; wait', 300);
  expect(ok).toBe(false);
  expect(told).toBe('sh was killed: it took longer than 300 ms');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isAlive(Number(output))).toBe(false);
});

test('a daemon that it leaves behind does not keep us waiting', async () => {
  const begun = performance.now();
  const { ok, output } = await run('sleep 5 & echo $!');
  expect(ok).toBe(true);
  expect(performance.now() - begun).toBeLessThan(3000);
  process.kill(Number(output));
});

test('one that does not exist, and one that does not read', async () => {
  const { ok, told } = await runCommand({ command: ['/no/such/program'], timeoutMs: 1000 }, FACTS, systemClock);
  expect([ok, told]).toEqual([false, '/no/such/program could not be started: spawn /no/such/program ENOENT']);
  const long = { ...FACTS, more: 'x'.repeat(1_000_000) };
  expect(await runCommand({ command: ['true'], timeoutMs: 5000 }, long, systemClock)).toMatchObject({ ok: true });
});

test('what it writes is bounded', async () => {
  const { output } = await run('head -c 10000000 /dev/zero | tr "\\0" x');
  expect(output.length).toBe(16 * 1024);
});

test('without a file descriptor left it is a failure like any other', async () => {
  // as Node has it for EMFILE: an object without pipes, and the error later
  const unstarted = Object.create(processes.ChildProcess.prototype) as Processes.ChildProcess;
  const spawn = jest.spyOn(processes, 'spawn').mockImplementationOnce(() => {
    process.nextTick(() => unstarted.emit('error', new Error('spawn sh EMFILE')));
    return unstarted;
  });
  expect(await run('true')).toEqual({ ok: false, told: 'sh could not be started: spawn sh EMFILE', output: '' });
  spawn.mockRestore();
});

describe('somebody who follows a command', () => {
  const followed = async (script: string, abort?: AbortSignal): Promise<{ result: CommandResult; lines: string[] }> => {
    const lines: string[] = [];
    const follower = { onLine: (line: string) => lines.push(line), ...(abort && { abort }) };
    const command = { command: ['sh', '-c', script], timeoutMs: 5000 };
    return { result: await runCommand(command, FACTS, systemClock, follower), lines };
  };

  test('is told each line as it comes, whole, and none longer than 1000 characters', async () => {
    const { lines } = await followed(
      "printf 'o'; printf 'ne\\ntwo\\r\\n\\n  three'; printf 'four\\n' >&2; head -c 5000 /dev/zero | tr '\\0' x",
    );
    expect(lines.filter((line) => !line.startsWith('  three') && !line.includes('xxx'))).toEqual([
      'one',
      'two',
      'four',
    ]);
    expect(lines.find((line) => line.includes('xxx'))?.length).toBeLessThanOrEqual(1000);
  });

  test('may end it, with all that it started', async () => {
    const end = new AbortController();
    const begun = performance.now();
    const work = followed('sleep 30 & sleep 30', end.signal);
    end.abort();
    expect((await work).result).toMatchObject({ ok: false, told: 'sh was killed: stopped by the operator' });
    expect(performance.now() - begun).toBeLessThan(2000);
    expect((await followed('sleep 30', end.signal)).result.ok).toBe(false);
  });
});
