import { join } from 'node:path';
import { POOL, RECORD, REFUSED, REFUSED_REJOIN } from '../../orchestrator/test/admin/fakes';
import { FakeAdmin, run } from './fake-admin';

jest.setTimeout(20_000);

let admin: FakeAdmin;

beforeEach(async () => {
  admin = new FakeAdmin();
  await admin.start();
});

afterEach(() => admin.stop());

describe('status', () => {
  test('for people', async () => {
    const { code, stdout } = await admin.run('status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^shop {2}OK {2}active db1 {2}gate OPEN/);
    expect(stdout).toContain('127.0.0.1:3316  PRIMARY  ACTIVE  OK');
  });

  test('--json has the shape of the contract', async () => {
    const { code, stdout } = await admin.run('status', 'shop', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ pools: [POOL] });
  });

  test('an unknown pool: exit 2', async () => {
    const { code, stderr } = await admin.run('status', 'nope');
    expect(code).toBe(2);
    expect(stderr).toContain('there is no pool "nope"; the pools are shop');
  });
});

describe('check', () => {
  test('refuse: exit 3, each guardrail told', async () => {
    const { code, stdout } = await admin.run('check', 'shop', '--to', 'db2', '--max-lag', '2s', '--force');
    expect(code).toBe(3);
    expect(stdout).toContain('LAG        NO      db2 lags by 5 s');
    expect(admin.control.asked).toEqual([
      { check: 'shop', to: 'db2', maxLagMs: 2_000, force: true, by: expect.any(String) },
    ]);
  });

  test('go: exit 0', async () => {
    admin.control.answer = 'go';
    const { code, stdout } = await admin.run('check', 'shop', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      pool: 'shop',
      answer: 'go',
      guardrails: expect.any(Array),
      blocking: [],
    });
  });
});

describe('switch', () => {
  test.each([
    ['switched', 0],
    ['refused', 3],
    ['rolled-back', 4],
    ['failed', 5],
  ] as const)('%s: exit %i, one JSON object on stdout', async (result, exitCode) => {
    admin.control.result = result;
    const { code, stdout } = await admin.run('switch', 'shop', '--json');
    expect(code).toBe(exitCode);
    expect(JSON.parse(stdout)).toEqual({ ...RECORD, result });
  });

  test('for people: a line for each step, then what came of it', async () => {
    const { code, stdout } = await admin.run('switch', 'shop', '--to', 'db2');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      '  lock            0.5 ms',
      'switched shop from db1 to db2: hold 12.5 ms (drain 3.3 ms), stall p99 11.0 ms, 32 clients moved',
      '  warning: RESTART: make read_only=1 outlive a restart of db1',
      '',
    ]);
  });

  test('every option reaches the server', async () => {
    const { code } = await admin.run(
      'switch',
      'shop',
      "--to=d'b\\2",
      '--max-lag=1500ms',
      '--drain=2m',
      '--on-busy=kill',
      '--on-pinned=kill',
      '--bypass=ignore',
      '--semi-sync=suspend',
      '--force',
      '--yes',
    );
    expect(code).toBe(0);
    expect(admin.control.asked).toEqual([
      {
        switch: 'shop',
        to: "d'b\\2",
        maxLagMs: 1_500,
        drainMs: 120_000,
        onBusy: 'kill',
        onPinned: 'kill',
        bypass: 'ignore',
        semiSync: 'suspend',
        force: true,
        by: expect.any(String),
      },
    ]);
  });

  test('--dry-run is a check', async () => {
    const { code } = await admin.run('switch', 'shop', '--dry-run', '--force');
    expect(code).toBe(3);
    expect(admin.control.asked).toEqual([expect.objectContaining({ check: 'shop' })]);
  });

  test.each([['--force'], ['--on-busy=kill'], ['--on-pinned=kill'], ['--bypass=kill']])(
    '%s without a terminal needs --yes: exit 2',
    async (flag) => {
      const { code, stderr } = await admin.run('switch', 'shop', flag);
      expect(code).toBe(2);
      expect(stderr).toContain('needs --yes');
      expect(admin.control.asked).toEqual([]);
    },
  );

  test('Ctrl-C rolls back and waits for the result: exit 4', async () => {
    admin.control.stuck = true;
    const { code, stdout, stderr } = await admin.runAndInterrupt('switch', 'shop', '--json');
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ result: 'rolled-back', reasons: [{ code: 'ABORTED' }] });
    expect(stderr).toContain('rolling back');
  });

  test('a connection lost in mid-switch: exit 7', async () => {
    admin.control.stuck = true;
    admin.control.started = () => admin.cutLine();
    const { code, stdout } = await admin.run('switch', 'shop', '--json');
    expect(code).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'CONNECTION_LOST' } });
  });

  test('an internal error of the server: exit 1', async () => {
    admin.control.switch = () => Promise.reject(new Error('out of order'));
    const { code, stderr } = await admin.run('switch', 'shop');
    expect(code).toBe(1);
    expect(stderr).toContain('out of order');
  });
});

describe('switch on a terminal', () => {
  test('shows the preflight, asks, and switches on y to the node that it asked about', async () => {
    admin.control.answer = 'go';
    const { code, stdout } = await admin.runOnTerminal('y\n', 'switch', 'shop');
    expect(stdout).toContain('LAG');
    expect(stdout).toContain('Switch shop from db1 to db2? [y/N]');
    expect(stdout).toContain('switched shop from db1 to db2');
    expect(code).toBe(0);
    expect(admin.control.asked).toEqual([
      expect.objectContaining({ check: 'shop' }),
      expect.objectContaining({ switch: 'shop', to: 'db2' }),
    ]);
  });

  test.each([['n\n'], ['\n'], ['\u0003'], ['\u0004']])('anything else (%j) changes nothing: exit 3', async (typed) => {
    admin.control.answer = 'go';
    const { code } = await admin.runOnTerminal(typed, 'switch', 'shop');
    expect(code).toBe(3);
    expect(admin.control.asked).toHaveLength(1);
  });

  test('a refusal is not asked about: exit 3', async () => {
    const { code, stdout } = await admin.runOnTerminal('', 'switch', 'shop');
    expect(code).toBe(3);
    expect(stdout).not.toContain('[y/N]');
  });

  test('--yes skips the question, --force too', async () => {
    const { code, stdout } = await admin.runOnTerminal('', 'switch', 'shop', '--force', '--yes');
    expect(code).toBe(0);
    expect(stdout).not.toContain('[y/N]');
  });
});

describe('failover', () => {
  test('--dry-run: why not, exit 3', async () => {
    const { code, stdout } = await admin.run('failover', 'shop', '--dry-run');
    expect(code).toBe(3);
    expect(stdout).toContain('refuse:\n  ALIVE: db1 answers: move the pool with a switch\n');
    expect(admin.control.asked).toEqual([{ checkFailover: 'shop', by: 'admin@127.0.0.1' }]);
  });

  test('--dry-run: who, since when, what is lost; exit 0', async () => {
    admin.control.answer = 'go';
    const { code, stdout } = await admin.run('failover', 'shop', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(/go: db2 takes over; db1 answered last at 2026-01-02T03:04:05.000Z, \d+ s ago\n/);
    expect(stdout).toContain('LOST: uuid:11, which db3 has, is not on db2\n');
  });

  test('on a terminal: the facts, then the question; yes means the node that was shown', async () => {
    admin.control.answer = 'go';
    const { stdout } = await admin.runOnTerminal('y\n', 'failover', 'shop');
    expect(stdout).toContain('Promote db2 of shop in place of db1, although transactions are lost? [y/N]');
    expect(admin.control.asked).toMatchObject([{ checkFailover: 'shop' }, { failover: 'shop', to: 'db2' }]);
  });

  test('on a terminal: one that is refused is not asked about', async () => {
    const { stdout } = await admin.runOnTerminal('', 'failover', 'shop');
    expect(stdout).not.toContain('[y/N]');
    expect(admin.control.asked).toHaveLength(1);
  });

  test('without a terminal it needs --yes', async () => {
    const { code, stderr } = await admin.run('failover', 'shop');
    expect(code).toBe(2);
    expect(stderr).toContain('NEEDS_YES');
  });
});

describe('history and show', () => {
  test('for people', async () => {
    const told = (await admin.run('history', 'shop')).stdout;
    expect(told).toMatch(new RegExp(`${RECORD.id} .* shop +switch +db1 +db2 +switched`));
    expect(told).not.toContain(REFUSED.id);
    expect(told).toContain('2 refusals not shown: --all\n');
    const all = (await admin.run('history', '--all')).stdout;
    expect(all).toMatch(/ failover +db1 +db2 +refused .*ALIVE\n/);
    expect(all).toMatch(/ rejoin +db1 +db2 +refused +- +- +- +- .*ERRANT\n/);
    const { stdout } = await admin.run('show', RECORD.id);
    expect(stdout).toContain('switched shop from db1 to db2');
    expect(stdout).toContain('GTID before uuid:1-10');
  });

  test('--json', async () => {
    expect(JSON.parse((await admin.run('history', '--json')).stdout)).toEqual([RECORD, REFUSED]);
    expect(JSON.parse((await admin.run('show', RECORD.id, '--json')).stdout)).toEqual(RECORD);
  });

  test("a rejoin's", async () => {
    const { stdout } = await admin.run('show', REFUSED_REJOIN.id);
    expect(stdout).toMatch(/rejoin started 2026-.*\nrefused to rejoin db1: nothing was changed\n/);
    expect(stdout).toContain('only db1 has: uuid:11');
    expect(JSON.parse((await admin.run('show', REFUSED_REJOIN.id, '--json')).stdout)).toEqual(REFUSED_REJOIN);
  });

  test('an unknown id: exit 2', async () => {
    const { code, stderr } = await admin.run('show', 'nope');
    expect(code).toBe(2);
    expect(stderr).toContain('try: myswitch history');
  });
});

describe('without a server', () => {
  const BIN = join(__dirname, '..', 'bin', 'run.js');

  test('nobody listens: exit 6', async () => {
    const config = admin.config('hush', 1);
    const { code, stderr } = await run([BIN, 'switch', 'shop', '--config', config]).ended;
    expect(code).toBe(6);
    expect(stderr).toContain('no MySwitch answers at 127.0.0.1:1 (ECONNREFUSED); nothing was sent');
    expect(stderr).toContain(`try: myswitch start --config ${config}`);
  });

  test('a wrong password: exit 7, and the password is not told', async () => {
    const { code, stdout } = await run([BIN, 'status', '--json', '--config', admin.config('wrong')]).ended;
    expect(code).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'LOGIN_REFUSED' } });
    expect(stdout).not.toContain('hush');
  });

  test.each([
    [['status', '--config', '/nowhere.yaml'], '/nowhere.yaml:1: there is no such file'],
    [['status', '--bogus'], 'Nonexistent flag: --bogus'],
    [['switch'], 'Missing 1 required arg'],
    [['switch', 'shop', '--drain', '5'], '"5" is not a duration'],
    [['frobnicate'], 'there is no command "frobnicate"'],
  ])('%j: exit 2', async (args, message) => {
    const { code, stderr } = await run([BIN, ...args]).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('rejoin', () => {
  test('refused: exit 3, with what only the node has and the ways out', async () => {
    const { code, stdout } = await admin.run('rejoin', 'db1', '--yes');
    expect(code).toBe(3);
    expect(stdout).toContain('only db1 has: uuid:11\n  uuid:11\n    write rows of shop.t\n');
    expect(stdout).toContain('way 1: forget them\n  -- on db1\n  RESET BINARY LOGS AND GTIDS;');
    expect(admin.control.asked).toEqual([{ rejoin: 'shop', node: 'db1', by: expect.any(String) }]);
  });

  test('--json is the report', async () => {
    const { stdout } = await admin.run('rejoin', 'db1', 'shop', '--yes', '--json');
    expect(JSON.parse(stdout)).toEqual(REFUSED_REJOIN);
  });

  test('an unknown node: exit 2; without a terminal it needs --yes', async () => {
    expect(await admin.run('rejoin', 'db7', '--yes')).toMatchObject({ code: 2 });
    expect(await admin.run('rejoin', 'db1')).toMatchObject({ code: 2 });
    expect(admin.control.asked).toEqual([]);
  });
});

describe('rejoin --rebuild', () => {
  const confirmed = { rejoin: 'shop', node: 'db1', by: expect.any(String), rebuild: { confirm: 'db1' } };
  const asked = { ...confirmed, rebuild: { confirm: null } };

  test('without a terminal --yes confirms it', async () => {
    const { code, stderr } = await admin.run('rejoin', 'db1', '--rebuild');
    expect(code).toBe(2);
    expect(stderr).toContain('rejoin --rebuild: without a terminal to ask on, this needs --yes');
    const { code: done, stdout } = await admin.run('rejoin', 'db1', '--rebuild', '--yes');
    expect(done).toBe(0);
    expect(stdout).toContain('rebuilt: db1 is a copy of db3, follows the ACTIVE and climbs to STANDBY\n');
    expect(admin.control.asked).toEqual([confirmed]);
  });

  test.each([['--yes'], []])(
    'on a terminal it shows what is destroyed, and the name has to be typed: %j',
    async (...yes) => {
      for (const typed of ['y\n', 'db3\n', '\n']) {
        const { code, stdout } = await admin.runOnTerminal(typed, 'rejoin', 'db1', '--rebuild', ...yes);
        expect(code).toBe(3);
        expect(stdout).toContain('only db1 has: uuid:11');
        expect(stdout).toContain('All data of db1 will be destroyed, and db3 copied over it.');
        expect(stdout).toContain('CANCELLED');
      }
      expect(admin.control.asked).toEqual([asked, asked, asked]);
      const { code } = await admin.runOnTerminal('db1\n', 'rejoin', 'db1', '--rebuild', ...yes);
      expect(code).toBe(0);
      expect(admin.control.asked.slice(3)).toEqual([asked, confirmed]);
    },
  );
});

describe('switchback and activate-primary', () => {
  test.each([
    ['switchback', 'switchback'],
    ['activate-primary', 'activatePrimary'],
  ])('%s', async (command, asked) => {
    expect(await admin.run(command, 'shop', '--drain', '1s', '--yes')).toMatchObject({ code: 0 });
    expect(admin.control.asked).toEqual([{ [asked]: 'shop', drainMs: 1_000, by: expect.any(String) }]);
    expect(await admin.run(command, 'shop')).toMatchObject({ code: 2 });
  });
});

describe('config explain', () => {
  test('the time to failover', async () => {
    const { code, stdout } = await admin.run('config', 'explain');
    expect(code).toBe(0);
    expect(stdout).toContain('time to failover  4s = interval 1s x failures 4; then the command is offered');
    const { stdout: json } = await admin.run('config', 'explain', '--json');
    expect(JSON.parse(json)).toMatchObject([{ pool: 'shop', timeToFailoverMs: 4_000, holdMaxMs: 10_000, hooks: [] }]);
  });
});

describe('checkpoints', () => {
  test('exit 3 when none answers', async () => {
    const { code, stdout } = await admin.run('checkpoints');
    expect(code).toBe(3);
    expect(stdout).toContain('tcp 192.0.2.1:443  NO       no answer within 1000 ms');
  });
});

test('a word that is no command: exit 2, and the one that was meant', async () => {
  const { code, stderr } = await run([join(__dirname, '..', 'bin', 'run.js'), 'swich', 'shop']).ended;
  expect([code, stderr]).toEqual([
    2,
    'myswitch: there is no command "swich shop"\n  code: USAGE\n  try: myswitch switch\n',
  ]);
});
