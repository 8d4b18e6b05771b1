import { EventEmitter, once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckReport, SwitchRequest } from '@myswitch/orchestrator';
import { ACCOUNTS, caughtUp, createCluster, sleep, until, type TestServer } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { SwitchPool } from './support/switch-pool';

const REPLICA = { mysql: 'REPLICA', mariadb: 'SLAVE' } as const;

const refusals = ({ guardrails }: CheckReport): string[] =>
  guardrails.filter(({ ok }) => !ok).map(({ code, message }) => `${code}: ${message}`);

describeKinds('guardrails', (kind) => {
  let pool: SwitchPool;
  let db1: TestServer;
  let db2: TestServer;

  beforeAll(async () => {
    pool = await new SwitchPool(await createCluster({ kind, replicas: 2 })).start();
    db1 = pool.node('db1');
    db2 = pool.node('db2');
    await db1.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY)');
    await caughtUp(db1, [db2]);
  });

  afterAll(() => pool.stop());

  /** The check refuses with exactly these codes, a switch does too and changes nothing, and afterwards the check is good again. */
  async function refused(codes: string[], sentence: string, request: Partial<SwitchRequest> = {}): Promise<void> {
    const report = await pool.check({ to: 'db2', ...request });
    const found = refusals(report);
    expect(found.map((line) => line.split(':')[0])).toEqual(codes);
    expect(found.join('\n')).toContain(sentence);
    expect(report.answer).toBe('refuse');
    const record = await pool.switch({ to: 'db2', force: false, ...request });
    expect(record).toMatchObject({ result: 'refused', holdMs: null });
    expect(record.reasons.map(({ code }) => code)).toEqual(codes);
    expect(pool.plane.gate).toBe('OPEN');
    expect(pool.plane.active).toEqual({ node: 'db1', epoch: 1 });
  }

  async function good(): Promise<void> {
    await caughtUp(db1, [db2]);
    expect(refusals(await pool.check({ to: 'db2' }))).toEqual([]);
  }

  test('an unknown node, the ACTIVE itself, and two nodes that are fit', async () => {
    await refused(['NOT_A_NODE'], 'db9 is not a node of shop: db1, db2, db3', { to: 'db9' });
    await refused(['ALREADY_ACTIVE'], 'db1 is the ACTIVE already', { to: 'db1' });
    const report = await pool.orchestrator.check('shop', { by: 'test' });
    expect(refusals(report)).toEqual(['NOT_A_NODE: say to which node: db2, db3 are fit']);
    await good();
  });

  test('an unknown pool', async () => {
    await expect(pool.orchestrator.check('stock', { by: 'test' })).rejects.toMatchObject({ code: 'NO_SUCH_POOL' });
  });

  test('a frozen pool', async () => {
    const file = join(pool.stateDir, 'shop.frozen');
    writeFileSync(file, 'inventory until Monday\n');
    await refused(['FROZEN'], 'inventory until Monday', { force: true });
    rmSync(file);
    await good();
  });

  test('a heartbeat that hangs on the ACTIVE: it would come after the fence', async () => {
    await until('the heartbeat is written', async () =>
      db2.sql("SELECT 1 FROM myswitch.heartbeat WHERE pool = 'shop beats'").then((rows) => rows[0] ?? null),
    );
    const client = await db1.connect();
    try {
      await client.query('BEGIN');
      await client.query("SELECT * FROM myswitch.heartbeat WHERE pool = 'shop beats' FOR UPDATE");
      await until('it waits', async () =>
        (await pool.orchestrator.status('shop'))[0]?.nodes[0]?.message?.includes('heartbeat') === true ? true : null,
      );
      const record = await pool.switch({ to: 'db2' });
      expect(record.result).toBe('refused');
      expect(record.reasons[0]).toMatchObject({ code: 'HEARTBEAT' });
    } finally {
      await client.query('ROLLBACK');
      client.destroy();
    }
    await until('it is fit', async () =>
      (await pool.orchestrator.status('shop'))[0]?.nodes[0]?.status === 'OK' ? true : null,
    );
    await good();
  });

  test('another switch runs', async () => {
    const gate = new EventEmitter();
    const reached = once(gate, 'reached');
    pool.atStep = async (step, when) => {
      if (step !== 'warm' || when !== 'before') return;
      gate.emit('reached');
      await once(gate, 'go');
      throw new Error('enough');
    };
    const first = pool.switch({ to: 'db2' });
    await reached;
    const second = await pool.switch({ to: 'db2' });
    expect(second).toMatchObject({ result: 'refused', reasons: [{ code: 'IN_PROGRESS' }] });
    expect(refusals(await pool.check({ to: 'db2' }))[0]).toContain('IN_PROGRESS');
    gate.emit('go');
    expect((await first).result).toBe('refused');
    pool.atStep = () => Promise.resolve();
    await good();
  });

  test('replication is stopped', async () => {
    await db2.sql(`STOP ${REPLICA[kind]} SQL_THREAD`);
    const report = await pool.check({ to: 'db2' });
    expect(refusals(report).join()).toContain('REPLICATION_STOPPED: db2: applier not running');
    await db2.sql(`START ${REPLICA[kind]} SQL_THREAD`);
    await sleep(100);
    await good();
  });

  test('a delayed replica', async () => {
    const change = {
      mysql: (s: number) => `CHANGE REPLICATION SOURCE TO SOURCE_DELAY = ${s}`,
      mariadb: (s: number) => `CHANGE MASTER TO MASTER_DELAY = ${s}`,
    }[kind];
    await db2.sql(`STOP ${REPLICA[kind]}`);
    await db2.sql(change(3600));
    await db2.sql(`START ${REPLICA[kind]}`);
    await sleep(100);
    expect(refusals(await pool.check({ to: 'db2' })).join()).toContain('DELAYED: db2 is delayed on purpose by 3600 s');
    await db2.sql(`STOP ${REPLICA[kind]}`);
    await db2.sql(change(0));
    await db2.sql(`START ${REPLICA[kind]}`);
    await sleep(100);
    await good();
  });

  test('a candidate that is writable', async () => {
    await db2.sql('SET GLOBAL read_only = 0');
    await refused(['CANDIDATE_WRITES'], 'db2 is writable', { force: true });
    await db2.sql('SET GLOBAL read_only = 1');
    await good();
  });

  test('another node that is writable', async () => {
    await pool.node('db3').sql('SET GLOBAL read_only = 0');
    await refused(['TWO_WRITERS'], 'db3', { force: true });
    await pool.node('db3').sql('SET GLOBAL read_only = 1');
    await good();
  });

  test('settings that differ, and force overrides them', async () => {
    await db2.sql("SET GLOBAL sql_mode = 'ANSI'");
    await refused(['PARITY'], 'sql_mode');
    expect(refusals(await pool.check({ to: 'db2', force: true }))).toEqual([]);
    await db2.sql('SET GLOBAL sql_mode = DEFAULT');
    const [{ mode } = { mode: '' }] = await db1.sql('SELECT @@GLOBAL.sql_mode AS mode');
    await db2.sql('SET GLOBAL sql_mode = ?', [mode]);
    await good();
  });

  test('an account that only one of them has', async () => {
    const off = 'SET sql_log_bin = 0';
    const connection = await db1.connect();
    await connection.query(off);
    await connection.query("CREATE USER 'lonely'@'%' IDENTIFIED BY 'x'");
    await connection.end();
    await refused(['PARITY'], "'lonely'@'%'");
    const again = await db1.connect();
    await again.query(off);
    await again.query("DROP USER 'lonely'@'%'");
    await again.end();
    await good();
  });

  test('a grant that the control account lacks is named', async () => {
    await db1.sql("REVOKE PROCESS ON *.* FROM 'myswitch'@'%'");
    await caughtUp(db1, [db2]);
    expect(refusals(await pool.check({ to: 'db2' })).join()).toContain(
      'PRIVILEGES: the control account lacks: GRANT PROCESS ON *.* TO `myswitch`@`%`',
    );
    await db1.sql("GRANT PROCESS ON *.* TO 'myswitch'@'%'");
    await good();
  });

  test('a session that bypasses MySwitch is named, and may be ignored, allowed or killed', async () => {
    const past = await db1.connect(ACCOUNTS.app);
    past.on('error', () => undefined);
    await sleep(20);
    await refused(['BYPASS'], `app from`);
    const report = await pool.check({ to: 'db2' });
    expect(report.blocking).toMatchObject([{ user: 'app', kind: 'bypass', session: past.threadId }]);
    expect(refusals(await pool.check({ to: 'db2', bypass: 'ignore' }))).toEqual([]);
    expect(refusals(await pool.check({ to: 'db2', bypass: 'kill' }))).toEqual([]);
    pool.plane.backendIds['db1'] = [past.threadId];
    expect(refusals(await pool.check({ to: 'db2' }))).toEqual([]);
    pool.plane.backendIds['db1'] = [];
    await past.end();
    await good();
  });

  test('pinned sessions and transactions older than the drain', async () => {
    const session = { session: 7, user: 'app', client: '127.0.0.1:1', ageMs: 60_000 };
    pool.plane.blockers = [{ ...session, kind: 'busy', reason: 'TRANSACTION' }];
    await refused(['BUSY'], 'session 7 of app (TRANSACTION, 60000 ms)');
    expect(refusals(await pool.check({ to: 'db2', onBusy: 'kill' }))).toEqual([]);
    pool.plane.blockers = [{ ...session, kind: 'pinned', reason: 'TEMPORARY_TABLE' }];
    await refused(['PINNED'], 'session 7 of app (TEMPORARY_TABLE)');
    expect(refusals(await pool.check({ to: 'db2', onPinned: 'kill' }))).toEqual([]);
    pool.plane.blockers = [];
    await good();
  });

  test('a prepared XA transaction', async () => {
    const session = await db1.connect(ACCOUNTS.app);
    await session.query("XA START 'left-over'");
    await session.query('INSERT INTO shop.t VALUES ()');
    await session.query("XA END 'left-over'");
    await session.query("XA PREPARE 'left-over'");
    await session.end();
    await refused(['XA'], 'left-over');
    await until('the XA transaction is rolled back', async () => {
      await db1.sql("XA ROLLBACK 'left-over'");
      return true;
    });
    await good();
  });

  test('another MySwitch has the pool', async () => {
    await pool.stop();
    const other = await db1.connect(ACCOUNTS.control);
    await other.query("SELECT GET_LOCK('myswitch:shop', 1)");
    await pool.restart();
    const report = await pool.check({ to: 'db2' });
    expect(refusals(report).join()).toMatch(/OTHER_PROXY: .*myswitch from/);
    expect(await pool.switch({ to: 'db2' })).toMatchObject({ result: 'refused', reasons: [{ code: 'OTHER_PROXY' }] });
    await other.end();
    await sleep(50);
    await good();
  });

  // from here nothing is put back
  test('a transaction of its own on the candidate', async () => {
    await db2.sql('SET GLOBAL read_only = 0');
    await db2.sql('CREATE DATABASE strange');
    await db2.sql('SET GLOBAL read_only = 1');
    // a strict MariaDB stops replicating soon
    expect(refusals(await pool.check({ to: 'db2', force: true })).join()).toContain(
      'ERRANT: db2 has transactions that db1 lacks',
    );
    const record = await pool.switch({ to: 'db2' });
    expect(record.result).toBe('refused');
    expect(record.reasons.map(({ code }) => code)).toContain('ERRANT');
  });

  test('a node that follows nobody', async () => {
    const db3 = pool.node('db3');
    await db3.sql(`STOP ${REPLICA[kind]}`);
    await db3.sql(`RESET ${REPLICA[kind]} ALL`);
    const report = await pool.check({ to: 'db3' });
    expect(refusals(report).join('\n')).toContain('NOT_REPLICA: db3 does not replicate from db1');
  });

  test('no ACTIVE: the reason names the nodes', async () => {
    await pool.stop();
    await db1.sql('SET GLOBAL read_only = 1');
    await pool.restart();
    expect(pool.plane.active).toBeNull();
    const report = await pool.check({ to: 'db2' });
    expect(refusals(report).join('\n')).toContain('NO_ACTIVE: db1 is read-only; db2 is read-only; db3 is read-only');
    await db1.sql('SET GLOBAL read_only = 0');
    await until('db1 is found', () => Promise.resolve(pool.plane.active?.node === 'db1' ? true : null));
    expect(await pool.status()).toMatchObject({ active: 'db1' });
  });
});
