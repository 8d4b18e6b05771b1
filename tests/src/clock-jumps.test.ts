import { createCluster, until } from '@myswitch/testkit';
import { systemClock, type Clock, type FlightRecord, type PoolOptions } from '@myswitch/orchestrator';
import { describeKinds } from './support/kinds';
import { SwitchPool } from './support/switch-pool';

const HOUR = 3_600_000;

/** The machine's clock, as somebody sets it. */
class SetClock implements Clock {
  offset = 0;
  readonly timer: Clock['timer'] = (ms, action) => systemClock.timer(ms, action);

  monotonic(): number {
    return systemClock.monotonic();
  }

  now(): number {
    return systemClock.now() + this.offset;
  }
}

const automatic = (options: PoolOptions): PoolOptions => ({
  ...options,
  failover: { ...options.failover, mode: 'automatic' },
});

describeKinds('somebody sets the clock of the machine', (kind) => {
  let pool: SwitchPool;
  let clock: SetClock;

  beforeAll(async () => {
    clock = new SetClock();
    pool = await new SwitchPool(await createCluster({ kind, replicas: 2 }), automatic, clock).start();
  }, 120_000);

  afterAll(async () => {
    await pool.stop();
    for (const server of pool.cluster.nodes) await server.remove();
  });

  /** Resolves after so many more polls of each node. */
  async function polled(times: number): Promise<void> {
    for (let left = times; left > 0; left -= 1) {
      await pool.orchestrator.carryOut('shop', { kind: 'poll' }, 'test');
    }
  }

  /** Oldest first. */
  const flights = async (): Promise<FlightRecord[]> =>
    (await pool.orchestrator.history('shop')).filter((record) => record.kind !== 'rejoin');

  test.each([HOUR, -HOUR, 0])('by %i ms while nodes are polled: nothing follows from it', async (offset) => {
    clock.offset = offset;
    await polled(6);
    const { active, nodes } = await pool.status();
    expect(active).toBe('db1');
    for (const node of nodes) {
      expect(node).toMatchObject({ status: expect.stringMatching(/^OK/), errors: 0, restarted: null });
      expect(node.heartbeatLagSeconds ?? 0).toBeLessThan(1);
      expect(node.uptimeSeconds).toBeLessThan(600);
      expect(Math.abs(Date.parse(node.lastPoll!) - clock.now())).toBeLessThan(10_000);
    }
    expect(await pool.orchestrator.history('shop')).toEqual([]);
  });

  test('in the middle of a switch, forth and back: its figures are durations, not differences of times', async () => {
    pool.atStep = (step, when) => {
      if (step === 'hold' && when === 'after') clock.offset = HOUR;
      if (step === 'probe' && when === 'before') clock.offset = -HOUR;
      return Promise.resolve();
    };
    const flight = await pool.switch({ to: 'db2' });
    expect({ result: flight.result, reasons: flight.reasons }).toEqual({ result: 'switched', reasons: [] });
    expect(flight.holdMs).toBeGreaterThan(0);
    expect(flight.holdMs).toBeLessThan(10_000);
    for (const { ms } of flight.steps) expect(ms).toBeGreaterThanOrEqual(0);
    expect(await pool.writers()).toEqual(['db2']);
  });

  test('the last switch is the last on record, and can be undone', async () => {
    pool.atStep = () => Promise.resolve();
    const { signal } = new AbortController();
    const back = await pool.orchestrator.switchback('shop', { by: 'test', force: true }, () => undefined, signal);
    expect(back).toMatchObject({ result: 'switched', from: 'db2', to: 'db1' });
    expect((await flights()).map(({ to }) => to)).toEqual(['db2', 'db1']);
  });

  test('in the middle of a failover: one node takes over, once', async () => {
    clock.offset = 0;
    pool.atStep = (step, when) => {
      if (step === 'hold' && when === 'after') clock.offset = -HOUR;
      if (step === 'promote' && when === 'before') clock.offset = HOUR;
      return Promise.resolve();
    };
    await pool.node('db1').kill();
    const flight = await until(
      'a failover is on record',
      async () => (await flights()).find(({ kind: what }) => what === 'failover') ?? null,
    );
    expect(flight).toMatchObject({ result: 'switched', from: 'db1' });
    expect(flight.steps.every(({ ms }) => ms >= 0)).toBe(true);
    // an hour later by the clock: the window in which a second one needs a person has not passed for all that
    clock.offset = 2 * HOUR;
    await pool.node(flight.to!).kill();
    await until('a second one needs a person', () =>
      Promise.resolve(pool.lines.some(({ message }) => message.startsWith('no failover: RECENT')) ? true : null),
    );
  });
});
