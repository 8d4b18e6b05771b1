import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ACCOUNTS, type TestServer, createCluster, fetchRuntime, missingRuntime } from '@myswitch/testkit';
import { accountRows } from './support/account-rows';
import { describeKinds } from './support/kinds';
import { POOL, type TestPlane, startPlane } from './support/plane';
import { RawClient } from './support/raw-client';
import { Speaker, type ChangeUserOptions } from './differential/speaker';

const run = promisify(execFile);

/** What one connection is told: the same is expected of the proxy and of the server itself. */
const CASES: readonly (readonly [string, readonly (string | ChangeUserOptions)[]])[] = [
  ['a wrong password', [{ user: 'other', password: 'wrong' }, 'SELECT CURRENT_USER(), DATABASE()']],
  ['an unknown user', [{ user: 'nobody', password: 'wrong' }, 'SELECT CURRENT_USER()']],
  ['a missing schema', [{ database: 'app_missing' }, 'SELECT CURRENT_USER(), DATABASE()']],
  ['a missing schema of another user', [{ user: 'other', password: 'other-secret', database: 'x' }, 'SELECT USER()']],
  ['a locked account', [{ user: 'locked', password: 'locked-secret' }, 'SELECT CURRENT_USER()']],
  [
    'what a session had',
    [
      "SET @a = 1, time_zone = '+09:00'",
      'SET character_set_results = latin1',
      'CREATE TEMPORARY TABLE shop.tt (id INT)',
      "PREPARE p FROM 'SELECT 1'",
      "SELECT GET_LOCK('held', 0)",
      'BEGIN',
      { user: 'other', password: 'wrong' },
      "SELECT @a, @@time_zone, @@character_set_client, @@collation_connection, DATABASE(), IS_USED_LOCK('held')",
      'SELECT * FROM shop.tt',
      'EXECUTE p',
    ],
  ],
  [
    'more often than there are attempts',
    [
      { user: 'other', password: 'wrong' },
      { user: 'other', password: 'wrong' },
      { database: 'app_missing' },
      {},
      'SELECT CURRENT_USER()',
    ],
  ],
  [
    'what does not fail after what did',
    [
      { user: 'other', password: 'wrong' },
      { user: 'other', password: 'other-secret', database: 'shop' },
      'SELECT CURRENT_USER(), DATABASE()',
      { collation: 8, database: null },
      'SELECT CURRENT_USER(), DATABASE(), @@character_set_results',
    ],
  ],
];

describeKinds('COM_CHANGE_USER', (kind) => {
  let server: TestServer;
  let plane: TestPlane;

  beforeAll(async () => {
    server = (await createCluster({ kind, replicas: 0 })).nodes[0]!;
    await server.sql(`CREATE USER other IDENTIFIED BY 'other-secret'`);
    await server.sql('GRANT SELECT ON shop.* TO other');
    await server.sql(`CREATE USER locked IDENTIFIED BY 'locked-secret' ACCOUNT LOCK`);
    const { user: name, password } = ACCOUNTS.control;
    plane = await startPlane({ nodes: [server], control: { name, password } });
    await plane.plane.accounts(POOL, await accountRows(server));
  });
  afterEach(async () => {
    RawClient.closeAll();
    await plane.checkInvariants();
  });
  afterAll(() => plane.stop());

  test.each(CASES)('%s', async (_, steps) => {
    const said = async (port: number): Promise<string[]> => {
      const speaker = await Speaker.connect(port, 'modern', 'shop');
      const answers: string[] = [];
      for (const step of steps) {
        const change =
          typeof step === 'string' ? (one: Speaker) => one.query(step) : (one: Speaker) => one.changeUser(step);
        answers.push((await speaker.record(change)).map((payload) => payload.toString('latin1')).join('|'));
      }
      speaker.close();
      return answers;
    };
    expect(await said(plane.port)).toEqual(await said(server.port));
  });

  test('by PHP, which tells the SQLSTATE of some errors only', async () => {
    if ((await missingRuntime('php')) !== null) return;
    const { command, args, env } = await fetchRuntime('php');
    const script = `
      mysqli_report(MYSQLI_REPORT_OFF);
      $c = mysqli_init();
      $c->real_connect('127.0.0.1', $argv[1], 'wrong', null, (int) $argv[2]);
      $told = [$c->connect_errno];
      $c = mysqli_init();
      $c->real_connect('127.0.0.1', $argv[1], $argv[1] . '-secret', null, (int) $argv[2]);
      $told[] = $c->change_user($argv[1], 'wrong', 'shop');
      $told[] = [$c->errno, $c->sqlstate];
      $r = @$c->query('SELECT CURRENT_USER()');
      $told[] = $r ? $r->fetch_row() : [$c->errno, $c->sqlstate];
      echo json_encode($told);`;
    const told = async (port: number, user: string): Promise<unknown> => {
      const { stdout } = await run(
        command,
        [...args, '-d', 'display_errors=stderr', '-r', script, '--', user, String(port)],
        {
          env: { ...process.env, ...env },
        },
      );
      return JSON.parse(stdout);
    };
    for (const user of ['app', 'other']) {
      const direct = await told(server.port, user);
      expect([user, await told(plane.port, user)]).toEqual([user, direct]);
      expect(direct).toMatchObject([1045, false, [1045, '28000'], expect.anything()]);
    }
  });
});
