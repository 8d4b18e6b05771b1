import { createCluster, until } from '@myswitch/testkit';
import { crash } from './support/crash';
import { describeKinds } from './support/kinds';
import { poolOptions, SwitchPool } from './support/switch-pool';

/** Steps after which the dead primary is still the ACTIVE, and those after which another one is. */
const CUTS = [
  ...['confirm', 'elect', 'detach', 'hold', 'fence', 'apply'].map((step) => [step, 'old'] as const),
  ...['promote', 'release', 'repoint', 'record'].map((step) => [step, 'new'] as const),
];

describeKinds('a failover from a dead primary that kill -9 cuts short', (kind) => {
  let pool: SwitchPool;

  beforeEach(async () => {
    pool = new SwitchPool(await createCluster({ kind, replicas: 2 }));
    await pool.start();
    await pool.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await pool.stop();
    await pool.node('db1').kill();
  });

  afterEach(async () => {
    await pool.stop();
    await Promise.all(pool.cluster.nodes.map((server) => server.remove()));
  });

  test.each(CUTS)(
    'after %s: the %s one is ACTIVE, and in the end there is one writer and a healthy tree',
    async (step, winner) => {
      const { stateDir, cluster } = pool;
      await crash({ stateDir, pool: poolOptions(cluster), work: 'failover', node: 'db2', step, when: 'after' });
      await pool.restart();
      if (winner === 'old') {
        expect(pool.plane.active?.node ?? 'db1').toBe('db1');
        expect(await pool.failover({ to: 'db2' })).toMatchObject({ result: 'switched', to: 'db2' });
      }
      expect(pool.plane.active?.node).toBe('db2');
      await pool.node('db1').start();
      await until('it was met and closed', async () =>
        (await pool.status()).nodes[0]?.readOnly === true ? true : null,
      );
      expect(await pool.writers()).toEqual(['db2']);
      await pool.node('db2').sql('INSERT INTO shop.t VALUES (1)');
      await until('the other one follows', async () =>
        (await pool.node('db3').sql('SELECT id FROM shop.t')).length === 1 ? true : null,
      );
      expect(await pool.rejoin('db1')).toMatchObject({ result: 'rejoined' });
      expect(await pool.node('db1').sql('SELECT id FROM shop.t')).toHaveLength(1);
    },
  );
});
