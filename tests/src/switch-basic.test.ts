import { caughtUp, createCluster, until } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { SwitchPool } from './support/switch-pool';

describeKinds('switch there and back', (kind) => {
  let pool: SwitchPool;

  beforeAll(async () => {
    pool = await new SwitchPool(await createCluster({ kind, replicas: 2 })).start();
  });

  afterAll(() => pool.stop());

  test('finds the ACTIVE', async () => {
    // that it became ACTIVE is told for two polls
    const report = await until('all is well', async () => {
      const now = await pool.status();
      return now.status === 'OK' ? now : null;
    });
    expect(report).toMatchObject({ active: 'db1', gate: 'OPEN', epoch: 1 });
    expect(report.nodes.map(({ state, role }) => [state, role])).toEqual([
      ['ACTIVE', 'primary'],
      ['STANDBY', 'replica'],
      ['STANDBY', 'replica'],
    ]);
    expect(pool.plane.active).toEqual({ node: 'db1', epoch: 1 });
  });

  test('every guardrail answers, and a check changes nothing', async () => {
    const report = await pool.check({ to: 'db2' });
    expect(report.guardrails.filter(({ ok }) => !ok)).toEqual([]);
    expect(report).toMatchObject({ answer: 'go', from: 'db1', to: 'db2', blocking: [] });
    expect(report.predictedHoldMs).toBeGreaterThan(0);
    expect(pool.plane.activations).toHaveLength(1);
    expect(await pool.writers()).toEqual(['db1']);
  });

  test('switches to db2, repoints the others, and back', async () => {
    for (const [from, to] of [
      ['db1', 'db2'],
      ['db2', 'db1'],
      ['db1', 'db3'],
    ] as const) {
      const record = await pool.switch({ to });
      expect(record).toMatchObject({ result: 'switched', from, to, reasons: [] });
      expect(record.warnings.filter(({ code }) => code !== 'READ_ONLY')).toEqual([]);
      expect(await pool.writers()).toEqual([to]);
      const report = await pool.status();
      expect(report).toMatchObject({ active: to, gate: 'OPEN' });
      expect(report.nodes.filter(({ role }) => role === 'replica')).toHaveLength(2);
      await pool.node(to).sql(`CREATE TABLE shop.after_${to}_${record.id.slice(-6)} (id INT PRIMARY KEY)`);
      await caughtUp(
        pool.node(to),
        pool.cluster.nodes.filter(({ name }) => name !== to),
      );
    }
  });
});
