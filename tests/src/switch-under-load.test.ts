import { caughtUp, sleep } from '@myswitch/testkit';
import { createConnection } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { Stage } from './support/stage';

jest.setTimeout(120_000);

/** The program as an operator runs it: `npx myswitch …` against real servers, under load. */
describeKinds('npx myswitch switch', (kind) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set(kind, { replicas: 2 }, { switch: { drain: '10s' }, hold: { max: '30s' } });
  });

  afterAll(() => stage.strike());

  test('there and back under load: nothing failed, lost, duplicated or dropped, and sessions keep their state', async () => {
    const workload = stage.workload(500);
    try {
      for (const to of ['db2', 'db1']) {
        await sleep(1500);
        await stage.fitFor(to);
        const { code, flight } = await stage.switch('--to', to);
        expect(flight).toMatchObject({ result: 'switched', to, reasons: [] });
        expect(code).toBe(0);
        expect(flight.moved).toBe(32);
      }
      await sleep(500);
    } finally {
      await workload.stop();
    }
    expect(workload.report()).toMatchObject({ failed: 0, unknown: 0, dropped: 0, sessionErrors: [], messages: [] });
    await caughtUp(stage.node('db1'), [stage.node('db2'), stage.node('db3')]);
    expect(await stage.ledgerProblems(workload)).toEqual([]);
  });

  test('a long transaction is waited for, and commits on the old primary', async () => {
    const { active } = await stage.status();
    const to = active === 'db1' ? 'db2' : 'db1';
    await stage.fitFor(to);
    const client = await createConnection(stage.app);
    await client.query('CREATE TABLE IF NOT EXISTS long_transaction (server INT)');
    await client.query('BEGIN');
    await client.query('INSERT INTO long_transaction VALUES (@@server_id)');
    const switching = stage.switch('--to', to);
    await stage.held();
    await client.query('INSERT INTO long_transaction VALUES (@@server_id)');
    await client.query('COMMIT');
    const { code, flight } = await switching;
    expect(flight.result).toBe('switched');
    expect(code).toBe(0);
    const [rows] = await client.query('SELECT DISTINCT server, @@server_id AS here FROM long_transaction');
    expect(rows).toEqual([{ server: stage.node(active!).serverId, here: stage.node(to).serverId }]);
    await client.end();
  });

  test('one that does not end: exit 4 at the drain deadline, and it goes on unharmed with everybody else', async () => {
    const { active } = await stage.status();
    const to = active === 'db1' ? 'db2' : 'db1';
    await stage.fitFor(to);
    const busy = await createConnection(stage.app);
    const other = await createConnection(stage.app);
    await busy.query('BEGIN');
    await busy.query('INSERT INTO long_transaction VALUES (-1)');
    const switching = stage.switch('--to', to, '--drain', '3s');
    await stage.held();
    const held = other.query('INSERT INTO long_transaction VALUES (-2)');
    const { code, flight } = await switching;
    expect(flight).toMatchObject({ result: 'rolled-back', reasons: [{ code: 'DRAIN_TIMEOUT' }] });
    expect(code).toBe(4);
    await held;
    await busy.query('COMMIT');
    const [rows] = await other.query(
      'SELECT COUNT(*) AS n, MAX(@@server_id) AS here FROM long_transaction WHERE server < 0',
    );
    expect(rows).toEqual([{ n: 2, here: stage.node(active!).serverId }]);
    expect(await stage.status()).toMatchObject({ active, gate: 'OPEN' });
    await busy.end();
    await other.end();
  });

  test('refusals change nothing: exit 3, a code and a sentence', async () => {
    const { active } = await stage.status();
    const to = active === 'db1' ? 'db2' : 'db1';
    await stage.fitFor(to);
    for (const [args, reason] of [
      [['--to', 'nobody'], 'NOT_A_NODE'],
      [['--to', active!], 'ALREADY_ACTIVE'],
    ] as const) {
      const { code, flight } = await stage.switch(...args);
      expect(flight).toMatchObject({ result: 'refused', holdMs: null });
      expect(flight.reasons.map((found) => found.code)).toContain(reason);
      expect(flight.reasons.every(({ message }) => message.length > 10)).toBe(true);
      expect(code).toBe(3);
    }
    const pinned = await createConnection(stage.app);
    await pinned.query('CREATE TEMPORARY TABLE mine (id INT)');
    const { code, flight } = await stage.switch('--to', to);
    expect(code).toBe(3);
    expect(flight.reasons).toEqual([expect.objectContaining({ code: 'PINNED' })]);
    expect(flight.reasons[0]!.message).toContain('TEMPORARY_TABLE');
    await pinned.end();
    expect(await stage.status()).toMatchObject({ active, gate: 'OPEN' });
  });

  test('a candidate that stops applying after the hold began: rolled back in time, exit 4, nobody failed', async () => {
    const { active } = await stage.status();
    const to = active === 'db1' ? 'db2' : 'db1';
    await stage.fitFor(to);
    const workload = stage.workload(300);
    const blocker = await createConnection(stage.app);
    try {
      await sleep(500);
      await blocker.query('BEGIN');
      await blocker.query('INSERT INTO long_transaction VALUES (-3)');
      const switching = stage.switch('--to', to);
      await stage.held();
      stage.node(to).pause();
      await blocker.query('COMMIT');
      const { code, flight } = await switching;
      expect(flight.result).toBe('rolled-back');
      expect(code).toBe(4);
    } finally {
      stage.node(to).resume();
      await workload.stop();
      await blocker.end();
    }
    expect(workload.report()).toMatchObject({ failed: 0, unknown: 0, dropped: 0, sessionErrors: [] });
    expect(await stage.status()).toMatchObject({ active, gate: 'OPEN' });
  });
});
