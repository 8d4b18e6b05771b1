import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import {
  ACCOUNTS,
  createCluster,
  freePort,
  runCli,
  startMySwitch,
  temporaryFolder,
  type CliResult,
  type Cluster,
  type Kind,
} from '@myswitch/testkit';
import { describeKinds } from './support/kinds';

const PASSWORDS = {
  MYSWITCH_CONTROL_PASSWORD: ACCOUNTS.control.password,
  MYSWITCH_REPLICATION_PASSWORD: ACCOUNTS.replication.password,
  MYSWITCH_ADMIN_PASSWORD: 'admin-secret',
};

describeKinds('myswitch init', (kind: Kind) => {
  let cluster: Cluster;
  let file: string;

  beforeAll(async () => {
    cluster = await createCluster({ kind, replicas: 1 });
  }, 60_000);

  beforeEach(() => {
    file = join(temporaryFolder('init'), 'myswitch.yaml');
  });

  afterAll(() => Promise.all(cluster.nodes.map((node) => node.remove())));

  const any = (): string => `127.0.0.1:${cluster.nodes[1]!.port}`;

  const init = (args: readonly string[], env: Readonly<Record<string, string>> = PASSWORDS): Promise<CliResult> =>
    runCli(['init', ...args, '--config', file], { ...process.env, ...env });

  test('from a replica: both accounts are used on both nodes, and the configuration starts', async () => {
    const [listen, admin, http] = [await freePort(), await freePort(), await freePort()];
    const secret = join(temporaryFolder('secrets'), 'control');
    writeFileSync(secret, `${ACCOUNTS.control.password}\n`);
    const { MYSWITCH_CONTROL_PASSWORD: _, ...others } = PASSWORDS;
    const args = [any(), '--pool', 'shop', '--listen', `127.0.0.1:${listen}`, '--control-password-file', secret];
    const done = await init([...args, '--json'], others);
    expect(done).toMatchObject({
      code: 0,
      json: {
        file,
        accounts: cluster.nodes.flatMap(({ port }) =>
          ['control', 'replication'].map((account) => ({ node: `127.0.0.1:${port}`, account, ok: true, grants: [] })),
        ),
        environment: ['MYSWITCH_REPLICATION_PASSWORD', 'MYSWITCH_ADMIN_PASSWORD'],
      },
    });
    const text = readFileSync(file, 'utf8');
    for (const password of Object.values(PASSWORDS)) expect(text + done.stdout + done.stderr).not.toContain(password);
    expect(text).toContain(`file: ${secret}`);
    // the standard ports may be taken on this machine
    const config = text.replace('127.0.0.1:6032', `127.0.0.1:${admin}`).replace('127.0.0.1:6080', `127.0.0.1:${http}`);
    const mySwitch = await startMySwitch({ config, env: others });
    try {
      const { json } = await mySwitch.cli('status', '--json');
      expect(json).toMatchObject({
        pools: [{ name: 'shop', active: 'db1', nodes: [{ name: 'db1' }, { name: 'db2' }] }],
      });
    } finally {
      await mySwitch.stop();
    }
  }, 60_000);

  test('without a terminal all that is missing is named: exit 2', async () => {
    const { code, stderr } = await init([], { MYSWITCH_CONTROL_PASSWORD: 'x' });
    expect(code).toBe(2);
    expect(stderr).toContain('HOST:PORT, --listen, --replication-password-file (or MYSWITCH_REPLICATION_PASSWORD)');
    expect(stderr).toContain('--admin-password-file');
    expect(stderr).not.toContain('--control-password-file');
  });

  test('a control account that is not there: exit 7, with the statements that make it', async () => {
    const { code, stderr } = await init([any(), '--listen', '127.0.0.1:3307', '--control-user', 'switcher']);
    expect(code).toBe(7);
    expect(stderr).toContain("CREATE USER 'switcher'@'%' IDENTIFIED BY '…';");
    expect(stderr).toContain("GRANT CREATE, SELECT, INSERT, UPDATE ON myswitch.* TO 'switcher'@'%';");
    expect(stderr.includes('READ_ONLY ADMIN')).toBe(kind === 'mariadb');
    expect(stderr.includes('SYSTEM_VARIABLES_ADMIN')).toBe(kind === 'mysql');
    expect(existsSync(file)).toBe(false);
  });

  test('on a terminal: the accounts that have to be there are shown before their passwords are asked for', async () => {
    const bin = join(__dirname, '../../packages/cli/bin/run.js');
    const command = [process.execPath, bin, 'init', any(), '--config', file].join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null']);
    let shown = '';
    let answered = 0;
    const ended = once(child, 'close');
    child.stdout.on('data', (chunk) => {
      shown = stripVTControlCharacters(shown + String(chunk));
      // the names that are offered will do; at the first password it is enough
      const questions = [...shown.matchAll(/(\]|password of \w+): /g)].slice(answered);
      answered += questions.length;
      for (const [, what] of questions) child.stdin.write(what === ']' ? '\n' : '\u0004');
    });
    await ended;
    const [before = ''] = shown.split('the password of myswitch: ');
    expect(before).toContain("CREATE USER 'myswitch'@'%' IDENTIFIED BY '…';");
    expect(before).toMatch(kind === 'mariadb' ? /MariaDB \d[^\n]*:\r?\n +GRANT/ : /MySQL \d[^\n]*:\r?\n +GRANT/);
    expect(before).not.toContain(kind === 'mariadb' ? 'MySQL' : 'MariaDB');
    expect(shown).toContain('cancelled: nothing was changed');
  });

  test('what an account lacks: exit 3, the statements that give it, nothing written', async () => {
    const [primary] = cluster.nodes;
    await primary!.sql("REVOKE PROCESS ON *.* FROM 'myswitch'@'%'");
    await primary!.sql("REVOKE REPLICATION SLAVE ON *.* FROM 'repl'@'%'");
    try {
      const args = [`127.0.0.1:${primary!.port}`, '--listen', '127.0.0.1:3307', '--json'];
      const { code, json } = await init(args);
      expect(code).toBe(3);
      expect(json).toMatchObject({ error: { code: 'ACCOUNTS', message: expect.stringContaining('lacks 1 grant') } });
      expect((json as { error: { suggestions: string[] } }).error.suggestions).toEqual([
        'GRANT PROCESS ON *.* TO `myswitch`@`%`',
        'GRANT REPLICATION SLAVE ON *.* TO `repl`@`%`',
      ]);
      expect(existsSync(file)).toBe(false);
    } finally {
      await primary!.sql("GRANT PROCESS ON *.* TO 'myswitch'@'%'");
      await primary!.sql("GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'");
    }
  });

  test('a file that is there stays: exit 2 before anything is asked', async () => {
    writeFileSync(file, 'mine');
    const { code, stderr } = await init([any(), '--listen', '127.0.0.1:3307']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  test('an address that can not be listened on is told by the loader, and nothing is written', async () => {
    const { code, stderr } = await init([any(), '--listen', any()]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('listens on')]);
    expect(existsSync(file)).toBe(false);
  });
});
