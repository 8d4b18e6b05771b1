import { caughtUp, createCluster } from '@myswitch/testkit';
import { crash } from './support/crash';
import { describeKinds } from './support/kinds';
import { poolOptions, SwitchPool } from './support/switch-pool';

const STOP_APPLIER = { mysql: 'STOP REPLICA SQL_THREAD', mariadb: 'STOP SLAVE SQL_THREAD' } as const;
const START_APPLIER = { mysql: 'START REPLICA SQL_THREAD', mariadb: 'START SLAVE SQL_THREAD' } as const;
const OPEN = 'SET GLOBAL read_only = 0';

describeKinds('a candidate that came back writable while nobody looked', (kind) => {
  let pool: SwitchPool;

  beforeEach(async () => {
    pool = new SwitchPool(await createCluster({ kind, replicas: 1 }));
    await pool.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await caughtUp(pool.node('db1'), [pool.node('db2')]);
    await crash({
      stateDir: pool.stateDir,
      pool: poolOptions(pool.cluster),
      work: 'switch',
      node: 'db2',
      step: 'catch-up',
      when: 'after',
    });
    await pool.node('db2').sql(STOP_APPLIER[kind]);
    await pool.node('db1').sql('INSERT INTO shop.t VALUES (1)');
    await pool.node('db2').sql(OPEN);
  });

  afterEach(() => pool.stop());

  test('is closed again when it lacks what was committed on the old primary', async () => {
    await pool.restart();
    expect(await pool.writers()).toEqual(['db1']);
    expect(pool.plane.active?.node).toBe('db1');
    await pool.node('db2').sql(START_APPLIER[kind]);
    await caughtUp(pool.node('db1'), [pool.node('db2')]);
  });

  test('leaves both fenced when it has transactions of its own', async () => {
    await pool.node('db2').sql('INSERT INTO shop.t VALUES (2)');
    await pool.restart();
    expect(await pool.writers()).toEqual([]);
    expect(pool.plane.active).toBeNull();
  });
});
