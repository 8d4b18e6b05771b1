import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PoolOptions, RejoinReport, StepEvent } from '@myswitch/orchestrator';
import { ACCOUNTS, caughtUp, createCluster, follow, type TestServer, until } from '@myswitch/testkit';
import { crash } from './support/crash';
import { describeKinds } from './support/kinds';
import { Rebuilding } from './support/rebuilding';
import { poolOptions, SwitchPool } from './support/switch-pool';

describeKinds('rejoin --rebuild', (kind) => {
  let pool: SwitchPool | null = null;
  let rebuilding: Rebuilding | null = null;

  afterEach(async () => {
    await pool?.stop();
    await rebuilding?.end();
    await Promise.all((pool?.cluster.nodes ?? []).map((server) => server.remove()));
    [pool, rebuilding] = [null, null];
  });

  type Change = (options: PoolOptions) => PoolOptions;

  async function start(
    replicas: number,
    { grants = true, change = (given: PoolOptions) => given as PoolOptions } = {},
  ) {
    const cluster = await createCluster({ kind, replicas, extra: Rebuilding.myCnf(kind) });
    rebuilding = await Rebuilding.of(cluster);
    const { options } = rebuilding;
    const all: Change = (given) => change({ ...given, rebuild: options });
    pool = await new SwitchPool(cluster, all).start();
    await pool.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20))');
    for (const statement of grants ? rebuilding.grants : []) await pool.node('db1').sql(statement);
    await caughtUp(pool.node('db1'), cluster.nodes.slice(1));
    return pool;
  }

  const stateOf = async (at: SwitchPool, name: string) => (await at.status()).nodes.find((node) => node.name === name)!;

  const RECEIVER = { mysql: 'REPLICA IO_THREAD', mariadb: 'SLAVE IO_THREAD' }[kind];

  /** db1 dies with a transaction of its own, db2 takes over, db1 comes back and is closed. Resolves with the failover's id. */
  async function lose(at: SwitchPool): Promise<string> {
    for (const server of at.cluster.nodes.slice(1)) await server.sql(`STOP ${RECEIVER}`);
    await at.node('db1').sql("INSERT INTO shop.t VALUES (7, 'seven')");
    await at.node('db1').kill();
    await until('it is missed', async () => ((await at.status()).nodes[0]!.errors > 0 ? true : null));
    // nobody can say whether they hear it: their receivers are stopped
    const flight = await at.failover({ to: 'db2', force: true });
    expect(flight).toMatchObject({ result: 'switched', to: 'db2', reasons: [] });
    await at.node('db1').start();
    await until('it is closed', async () => ((await at.writers().catch(() => [])).join() === 'db2' ? true : null));
    return flight.id;
  }

  const standsBy = (at: SwitchPool, name: string) =>
    until(`${name} stands by`, async () => {
      const { state, status } = await stateOf(at, name);
      return state === 'STANDBY' && status === 'OK' ? true : null;
    });

  const rows = async (server: TestServer): Promise<unknown> => ({
    checksum: (await server.sql('CHECKSUM TABLE shop.t'))[0]!['Checksum'],
    ids: (await server.sql('SELECT id FROM shop.t ORDER BY id')).map(({ id }) => id),
  });

  /** It has what db2 has, gets what db2 gets, and neither it nor another one but db2 writes. */
  async function isHealthy(at: SwitchPool, name: string): Promise<void> {
    await standsBy(at, name);
    await at.node('db2').sql(`INSERT INTO shop.t SELECT COUNT(*) + 100, 'more' FROM shop.t`);
    await caughtUp(at.node('db2'), [at.node(name)]);
    expect(await rows(at.node(name))).toEqual(await rows(at.node('db2')));
    expect(await at.writers()).toEqual(['db2']);
    expect(journal(at)).toMatchObject({ rebuilds: [] });
  }

  const journal = (at: SwitchPool): { rebuilds?: unknown[] } =>
    JSON.parse(readFileSync(join(at.stateDir, 'shop.journal.json'), 'utf8')) as { rebuilds?: unknown[] };

  /** All that MySwitch has written. */
  function everything(at: SwitchPool): string {
    const files = readdirSync(at.stateDir, { recursive: true, encoding: 'utf8' }).map((name) =>
      join(at.stateDir, name),
    );
    return files
      .filter((file) => statSync(file).isFile())
      .map((file) => readFileSync(file, 'utf8'))
      .concat(JSON.stringify(at.lines))
      .join('\n');
  }

  /** A copy that is over at once can't be caught in the middle. */
  async function slowly(server: TestServer): Promise<void> {
    if (kind === 'mysql') await server.sql('SET GLOBAL clone_max_data_bandwidth = 10');
  }

  const reasonsOf = ({ reasons }: RejoinReport): string[] => reasons.map(({ code }) => code);

  test('a node with a transaction of its own becomes a copy of a replica, and can be switched to', async () => {
    const at = await start(2);
    const failover = await lose(at);
    await at.node('db2').sql("INSERT INTO shop.t VALUES (1, 'one')");
    await caughtUp(at.node('db2'), [at.node('db3')]);
    // what db1 lacks is not to be had as transactions any more
    await at.node('db2').sql('FLUSH BINARY LOGS');
    await at.node('db2').sql('PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY');
    await standsBy(at, 'db3');
    const steps: StepEvent[] = [];
    const work = at.rebuild('db1', (step) => steps.push(step));
    await rebuilding!.restarts(at.node('db1'));
    const report = await work;
    expect(report).toMatchObject({ result: 'rejoined', reasons: [], donor: 'db3', active: 'db2' });
    expect(report.steps.map(({ name }) => name)).toEqual(
      'lock guard close list donor confirm prepare copy restart follow catch-up recover'.split(' '),
    );
    await isHealthy(at, 'db1');
    expect(await rows(at.node('db1'))).toMatchObject({ ids: [1, 101] });

    // what the copy has destroyed is in two records
    const { lost } = report;
    expect(lost).toMatchObject({ node: 'db1', complete: true });
    expect(lost!.transactions.length).toBe(1);
    expect(await at.orchestrator.show(report.id)).toEqual(JSON.parse(JSON.stringify(report)));
    expect((await at.orchestrator.show(failover))?.lost).toEqual(lost);

    const secrets = [ACCOUNTS.control, ACCOUNTS.replication].map(({ password }) => password);
    const written = everything(at) + JSON.stringify(steps) + readFileSync(at.node('db1').errorLog, 'utf8');
    for (const secret of secrets) expect(written).not.toContain(secret);

    expect(await at.switch({ to: 'db1' })).toMatchObject({ result: 'switched', to: 'db1' });
  });

  test('it is not done unless its name is typed, and what would be destroyed is shown', async () => {
    const at = await start(1);
    await lose(at);
    for (const confirm of [null, 'db2', 'DB1', '']) {
      const refused = await at.rebuild('db1', undefined, confirm);
      expect(refused).toMatchObject({ result: 'refused', reasons: [{ code: 'UNCONFIRMED' }], donor: 'db2' });
      expect(refused.lost?.transactions.length).toBe(1);
    }
    expect(await rows(at.node('db1'))).toMatchObject({ ids: [7] });
    expect(journal(at).rebuilds ?? []).toEqual([]);
    expect(reasonsOf(await at.rejoin('db1'))).toEqual(['ERRANT']);
  });

  test('what it lacks it names, and nothing is changed', async () => {
    const bare: Change = (given) => ({ ...given, rebuild: { ...given.rebuild, command: null } });
    const at = await start(1, { grants: false, change: bare });
    const refused = await at.rebuild('db2');
    if (kind === 'mariadb') {
      expect(refused).toMatchObject({ result: 'refused', reasons: [{ code: 'NO_COMMAND' }] });
    } else {
      expect(refused).toMatchObject({ result: 'refused', reasons: [{ code: 'PRIVILEGES' }] });
      for (const node of ['db1', 'db2']) {
        expect(refused.reasons[0]!.message).toContain(`on ${node}: GRANT BACKUP_ADMIN ON *.* TO \`myswitch\`@\`%\``);
        expect(refused.reasons[0]!.message).toContain(`on ${node}: GRANT CLONE_ADMIN ON *.*`);
      }
      for (const statement of rebuilding!.grants) await at.node('db1').sql(statement);
      await caughtUp(at.node('db1'), [at.node('db2')]);
      await at.node('db1').sql('UNINSTALL PLUGIN clone');
      const without = await at.rebuild('db2');
      expect(without).toMatchObject({ result: 'refused', reasons: [{ code: 'PLUGIN' }] });
      expect(without.reasons[0]!.message).toContain("on db1: INSTALL PLUGIN clone SONAME 'mysql_clone.so'");
    }
    await at.node('db1').sql("INSERT INTO shop.t VALUES (1, 'one')");
    await caughtUp(at.node('db1'), [at.node('db2')]);
    expect(await stateOf(at, 'db2')).toMatchObject({ state: 'STANDBY', status: 'OK' });
  });

  test('what it refuses', async () => {
    const at = await start(2);
    expect(reasonsOf(await at.rebuild('db1'))).toEqual(['ALREADY_ACTIVE']);
    expect(reasonsOf(await at.rebuild('db9'))).toEqual(['NOT_A_NODE']);
    await at.orchestrator.carryOut('shop', { kind: 'freeze', reason: 'inventory' }, 'test');
    expect(await at.rebuild('db2')).toMatchObject({
      reasons: [{ code: 'FROZEN', message: expect.stringContaining('inventory') }],
    });
    await at.orchestrator.carryOut('shop', { kind: 'unfreeze' }, 'test');
    await at.orchestrator.carryOut('shop', { kind: 'pause', forMs: 3000 }, 'test');
    expect(reasonsOf(await at.rebuild('db2'))).toEqual(['IN_PROGRESS']);
    await at.orchestrator.carryOut('shop', { kind: 'resume' }, 'test');

    // db3 is moved under db2
    await at.node('db3').sql(kind === 'mysql' ? 'STOP REPLICA' : 'STOP SLAVE');
    await follow(at.node('db3'), at.node('db2'));
    expect(reasonsOf(await at.rebuild('db2'))).toEqual(['HAS_REPLICAS']);
    expect(await rows(at.node('db2'))).toEqual(await rows(at.node('db1')));
  });

  test('meanwhile nothing else is done with the node, and the pool is free', async () => {
    const at = await start(2);
    await lose(at);
    await slowly(at.node('db1'));
    const seen: unknown[] = [];
    const asked: Promise<void>[] = [];
    const work = at.rebuild('db1', ({ step, state }) => {
      if (step !== 'copy' || state !== 'info' || asked.length > 0) return;
      const ask = async (): Promise<void> => {
        seen.push(reasonsOf(await at.rebuild('db1')), reasonsOf(await at.rejoin('db1')));
        const recovering = at.orchestrator.carryOut('shop', { kind: 'recover', node: 'db1' }, 'test');
        seen.push(await recovering.catch(({ code }: { code: string }) => code));
        seen.push((await stateOf(at, 'db1')).state, (await at.switch({ to: 'db1' })).result);
        seen.push((await at.switch({ to: 'db3' })).result);
      };
      asked.push(ask());
    });
    await rebuilding!.restarts(at.node('db1'));
    const report = await work;
    await Promise.all(asked);
    expect(seen).toEqual([['IN_PROGRESS'], ['IN_PROGRESS'], 'IN_PROGRESS', 'FAILED_OFFLINE', 'refused', 'switched']);
    // it follows whoever is ACTIVE by then
    expect(report).toMatchObject({ result: 'rejoined', active: 'db3' });
    await standsBy(at, 'db1');
    await caughtUp(at.node('db3'), [at.node('db1'), at.node('db2')]);
  });

  test('a donor that dies in the middle: the node stays FAILED, and is copied from another one', async () => {
    const at = await start(2);
    await lose(at);
    await slowly(at.node('db1'));
    const killed: Promise<void>[] = [];
    const failed = await at.rebuild('db1', ({ step, state }) => {
      if (step === 'copy' && state === 'info' && killed.length === 0) killed.push(at.node('db3').kill());
    });
    await Promise.all(killed);
    expect(failed).toMatchObject({ result: 'failed', reasons: [{ code: 'COPY_FAILED' }], donor: 'db3' });
    expect(await at.writers().catch(() => ['db2'])).toEqual(['db2']);
    expect((await stateOf(at, 'db1')).state).toMatch(/^FAILED_/);
    expect(reasonsOf(await at.rejoin('db1'))).toEqual(['HALF_COPIED']);
    expect((await at.switch({ to: 'db1' })).result).toBe('refused');

    const work = at.rebuild('db1');
    await rebuilding!.restarts(at.node('db1'));
    expect(await work).toMatchObject({ result: 'rejoined', donor: 'db2' });
    at.node('db3').addToMyCnf('read_only=1');
    await at.node('db3').start();
    await isHealthy(at, 'db1');
  });

  test('an operator may end it', async () => {
    const at = await start(1);
    await lose(at);
    await slowly(at.node('db1'));
    const end = new AbortController();
    const ended = await at.rebuild(
      'db1',
      ({ step, state }) => (step === 'copy' && state === 'info' ? end.abort() : undefined),
      'db1',
      end.signal,
    );
    expect(ended).toMatchObject({
      result: 'failed',
      reasons: [{ code: 'COPY_FAILED', message: expect.stringContaining('stopped by the operator') }],
    });
    expect(await at.writers()).toEqual(['db2']);
    expect(reasonsOf(await at.rejoin('db1'))).toEqual(['HALF_COPIED']);
  });

  /** What a dead MySwitch has begun may still run for a moment. */
  const rebuilt = (at: SwitchPool): Promise<RejoinReport> =>
    until('the former program has ended', async () => {
      const report = await at.rebuild('db1');
      return report.reasons.some(({ message }) => message.includes('is under way')) ? null : report;
    });

  test.each([
    ['prepare', 'after'],
    ['copy', 'during'],
    ['copy', 'after'],
    ['restart', 'after'],
    ['follow', 'after'],
  ] as const)('kill -9 of MySwitch, %s, %s it', async (step, when) => {
    const at = await start(1);
    await lose(at);
    await slowly(at.node('db1'));
    await at.stop();
    const options = { ...poolOptions(at.cluster), rebuild: rebuilding!.options };
    const dead = crash({ stateDir: at.stateDir, pool: options, work: 'rebuild', node: 'db1', step, when });
    const restarted = step === 'restart' || step === 'follow';
    if (restarted) await rebuilding!.restarts(at.node('db1'));
    await dead;
    await at.restart();
    expect(at.plane.active).toEqual({ node: 'db2', epoch: 2 });
    expect((await stateOf(at, 'db1')).state).toMatch(/^FAILED_/);
    const whole = restarted || (kind === 'mysql' && step === 'copy');
    if (!restarted) {
      expect(JSON.stringify(at.lines)).toContain('did not come to its end');
      expect((await at.switch({ to: 'db1' })).result).toBe('refused');
    }
    // MySQL goes on by itself, and knows when it is done
    if (!restarted && whole) await rebuilding!.restarts(at.node('db1'));
    if (whole) {
      expect(await at.rejoin('db1')).toMatchObject({ result: 'rejoined', reasons: [] });
    } else {
      expect(reasonsOf(await at.rejoin('db1'))).toEqual(['HALF_COPIED']);
      const work = rebuilt(at);
      await rebuilding!.restarts(at.node('db1'));
      expect(await work).toMatchObject({ result: 'rejoined', reasons: [] });
    }
    await isHealthy(at, 'db1');
  });

  test('a server that is started too late is not copied again', async () => {
    const short: Change = (given) => ({ ...given, rebuild: { ...given.rebuild, restartMs: 500 } });
    const at = await start(1, { change: short });
    await lose(at);
    const db1 = at.node('db1');
    if (kind === 'mariadb') {
      // where the program itself starts it, it is as if it had died at once
      const late = at.rebuild('db1', ({ step, state }) => void (step === 'restart' && state === 'start' && db1.kill()));
      expect(['failed', 'rejoined']).toContain((await late).result);
      return;
    }
    expect(await at.rebuild('db1')).toMatchObject({ result: 'failed', reasons: [{ code: 'NOT_BACK' }] });
    expect(reasonsOf(await at.rejoin('db1'))).toEqual(['UNREACHABLE']);
    await rebuilding!.restarts(db1);
    expect(await at.rejoin('db1')).toMatchObject({ result: 'rejoined', reasons: [] });
    await isHealthy(at, 'db1');
  });
});
