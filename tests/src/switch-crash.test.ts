import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { caughtUp, createCluster, sleep } from '@myswitch/testkit';
import { crash } from './support/crash';
import { describeKinds } from './support/kinds';
import { poolOptions, SwitchPool } from './support/switch-pool';

describeKinds('kill -9 in mid-switch, then a restart', (kind) => {
  let pool: SwitchPool;

  beforeAll(async () => {
    pool = new SwitchPool(await createCluster({ kind, replicas: 2 }));
    await pool.node('db1').sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, at VARCHAR(40))');
  });

  afterAll(() => pool.stop());

  test.each([
    ['preflight', 'after', 'old'],
    ['warm', 'after', 'old'],
    ['catch-up', 'after', 'old'],
    ['hold', 'after', 'old'],
    ['drain', 'after', 'old'],
    ['fence', 'after', 'old'],
    ['position', 'after', 'old'],
    ['apply', 'after', 'old'],
    ['promote', 'before', 'old'],
    ['promote', 'after', 'new'],
    ['probe', 'after', 'new'],
    ['release', 'before', 'new'],
    ['release', 'after', 'new'],
    ['repoint', 'before', 'new'],
    ['repoint', 'after', 'new'],
    ['record', 'after', 'new'],
  ] as const)('%s, %s it: the %s primary writes', async (step, when, winner) => {
    const [before = ''] = await pool.writers();
    const to = before === 'db1' ? 'db2' : 'db1';
    await crash({ stateDir: pool.stateDir, pool: poolOptions(pool.cluster), work: 'switch', node: to, step, when });
    await pool.restart();
    const expected = winner === 'old' ? before : to;
    expect(pool.plane.active?.node).toBe(expected);
    expect(await pool.writers()).toEqual([expected]);
    const journal = JSON.parse(readFileSync(join(pool.stateDir, 'shop.journal.json'), 'utf8')) as unknown;
    expect(journal).toMatchObject({ active: expected, operation: null });
    // after the repoint there is nothing left to do
    if (!(when === 'after' && ['repoint', 'record'].includes(step))) {
      const last = (await pool.orchestrator.history()).at(-1);
      expect(last).toMatchObject({
        result: winner === 'old' ? 'rolled-back' : 'switched',
        reasons: [{ code: 'RECOVERED' }],
      });
      expect(last?.warnings.filter(({ code }) => code !== 'READ_ONLY')).toEqual([]);
    }
    await pool.node(expected).sql(`INSERT INTO shop.t (at) VALUES ('${step}')`);
    const others = pool.cluster.nodes.filter(({ name }) => name !== expected);
    await caughtUp(pool.node(expected), others);
    await sleep(300);
    expect(await pool.writers()).toEqual([expected]);
    await pool.stop();
  });
});
