import { createCluster, sleep, until } from '@myswitch/testkit';
import type { FlightRecord, Order, PoolOptions } from '@myswitch/orchestrator';
import { describeKinds } from './support/kinds';
import { SwitchPool } from './support/switch-pool';

const INTERVAL_MS = 250;
const FAILURES = 4;
/** By then a failover would have begun. */
const LONG_DEAD_MS = INTERVAL_MS * (FAILURES + 3);

const automatic = (options: PoolOptions): PoolOptions => ({
  ...options,
  failover: { ...options.failover, mode: 'automatic' },
  hold: { ...options.hold, maxMs: 4000 },
});

describeKinds('what an operator says, and a failover', (kind) => {
  let pool: SwitchPool;

  beforeEach(async () => {
    pool = await new SwitchPool(await createCluster({ kind, replicas: 1 }), automatic).start();
  }, 60_000);

  afterEach(async () => {
    await pool.stop();
    await Promise.all(pool.cluster.nodes.map((server) => server.remove()));
  });

  const say = (order: Order): Promise<string> => pool.orchestrator.carryOut('shop', order, 'test');
  const flight = (): Promise<FlightRecord> =>
    until(
      'a failover is on record',
      async () => (await pool.orchestrator.history('shop')).find((record) => record.kind !== 'rejoin') ?? null,
    );
  const told = async (): Promise<string[]> =>
    (await pool.orchestrator.events('shop')).map(({ kind: what, by, message }) => `${what} ${by} ${message}`);

  test('a status set of the ACTIVE keeps it where it is, until it is released', async () => {
    await say({ kind: 'set', node: 'db1', setting: { status: 'OK_WARN' } });
    await pool.node('db1').kill();
    await sleep(LONG_DEAD_MS);
    expect(await pool.orchestrator.history('shop')).toEqual([]);
    const [db1] = (await pool.status()).nodes;
    expect(db1).toMatchObject({ state: 'ACTIVE', status: 'OK_WARN', up: 'rw', set: { status: 'OK_WARN', by: 'test' } });
    expect(db1?.message).toContain('STATUS OK_WARN set by test; the ladder says OK_CRITICAL/ACTIVE');
    await say({ kind: 'release', node: 'db1' });
    expect(await flight()).toMatchObject({ result: 'switched', to: 'db2', by: 'automatic' });
  }, 60_000);

  test.each<[string, Order, string]>([
    ['weight 0', { kind: 'set', node: 'db2', setting: { weight: 0 } }, 'NEVER'],
    ['a state', { kind: 'set', node: 'db2', setting: { state: 'UNKNOWN' } }, 'SET_ASIDE'],
    ['a freeze', { kind: 'freeze', reason: 'inventory' }, 'FROZEN'],
  ])(
    '%s keeps a node from taking over, and is told once; an operator may name it',
    async (_what, order, code) => {
      await say(order);
      await pool.node('db1').kill();
      await until('it is told', async () =>
        (await told()).some((line) => line.includes(`no failover: ${code}`)) ? true : null,
      );
      await sleep(3 * INTERVAL_MS);
      const events = await told();
      expect(events.filter((line) => line.startsWith('ADVICE'))).toEqual([
        expect.stringMatching(new RegExp(`^ADVICE monitor no failover: ${code}: `)),
      ]);
      expect(events.filter((line) => line.startsWith('FAILOVER'))).toEqual([]);
      if (order.kind === 'freeze') {
        await say({ kind: 'unfreeze' });
        expect(await flight()).toMatchObject({ result: 'switched', to: 'db2' });
      } else {
        expect(await pool.failover({ to: 'db2' })).toMatchObject({ result: 'switched', to: 'db2' });
      }
      const by = order.kind === 'freeze' ? 'automatic' : 'test';
      // told after the record, which is what was waited for
      const last = await until('it is told', async () => {
        const all = await told();
        return all.includes(`FAILOVER ${by} switched: db1 -> db2`) ? all : null;
      });
      expect(last).toContainEqual(
        expect.stringMatching(new RegExp(`^ACTIVE ${by} .*-> OK_WARN/ACTIVE: FAILOVER: Taking over`)),
      );
      expect(last).toContainEqual(expect.stringMatching(new RegExp(`^STATE ${by} .*-> FAIL/FAILED_OFFLINE`)));
      expect((await pool.status()).nodes[1]).toMatchObject({ state: 'ACTIVE' });
    },
    60_000,
  );

  test('in a pause nobody takes over, after it somebody does', async () => {
    await say({ kind: 'pause', forMs: null });
    expect(pool.plane.gate).toBe('HELD');
    await pool.node('db1').kill();
    await until('it is told', async () =>
      (await told()).some((line) => line.includes('no failover: IN_PROGRESS')) ? true : null,
    );
    expect(pool.plane.gate).toBe('HELD');
    expect(await flight()).toMatchObject({ result: 'switched', to: 'db2' });
    expect(pool.plane.gate).toBe('OPEN');
    expect((await pool.status()).pausedUntil).toBeNull();
  }, 60_000);

  test('a pause ends with MySwitch, and what was set does not', async () => {
    await say({ kind: 'set', node: 'db2', setting: { weight: 3, type: 'PRIMARY' } });
    await say({ kind: 'pause', forMs: null });
    const { plane } = pool;
    await pool.restart();
    expect(plane.gate).toBe('OPEN');
    expect(await pool.status()).toMatchObject({ pausedUntil: null, nodes: [{}, { weight: 3, type: 'PRIMARY' }] });
    expect((await told()).filter((line) => line.startsWith('ORDER'))).toHaveLength(2);
  }, 60_000);
});
