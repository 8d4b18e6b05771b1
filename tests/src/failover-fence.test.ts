import { createCluster, until } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { SwitchPool } from './support/switch-pool';

/** How long a commit waits for an acknowledgement: longer than anything here. */
const PATIENCE_MS = 60_000;

describeKinds('the fence of a primary that answers', (kind) => {
  const receiver = `STOP ${kind === 'mysql' ? 'REPLICA' : 'SLAVE'} IO_THREAD`;
  const side = kind === 'mysql' ? 'source' : 'master';
  let pool: SwitchPool;

  beforeEach(async () => {
    pool = new SwitchPool(await createCluster({ kind, replicas: 2, semiSync: true }));
    await pool.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await pool.start();
  });

  afterEach(async () => {
    pool.atStep = () => Promise.resolve();
    for (const server of pool.cluster.nodes) server.resume();
    await pool.stop();
    await Promise.all(pool.cluster.nodes.map((server) => server.remove()));
  });

  /** db2, which acknowledges, hangs; db3 receives nothing more; a commit on db1 waits for both. */
  async function commitWaits(): Promise<{ readonly told: Promise<string> }> {
    const db1 = pool.node('db1');
    await db1.sql(`SET GLOBAL rpl_semi_sync_${side}_timeout = ${PATIENCE_MS}`);
    await pool.node('db3').sql(receiver);
    pool.node('db2').pause();
    const client = await db1.connect({ user: 'app', password: 'app-secret' });
    client.on('error', () => undefined);
    const told = client.query('INSERT INTO shop.t VALUES (1)').then(
      () => 'OK',
      (error: { code: string }) => error.code,
    );
    await until('a commit waits', async () => {
      const rows = await db1.sql("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%_wait_sessions'");
      return Number(rows[0]?.['Value']) > 0 ? true : null;
    });
    return { told };
  }

  test('a commit that waits for a semi-synchronous replica holds nothing up, and its client is ended', async () => {
    const { told } = await commitWaits();
    const flight = await pool.failover({ force: true, to: 'db3' });
    expect(flight).toMatchObject({ result: 'switched', from: 'db1', to: 'db3', killed: 1 });
    expect(await told).not.toBe('OK');
    expect(flight.steps.find(({ name }) => name === 'fence')!.ms).toBeLessThan(1500);
    pool.node('db2').resume();
    await until('db3 alone writes', async () => ((await pool.writers()).join() === 'db3' ? true : null));
  });

  test('taken back, semi-sync is as it was', async () => {
    await commitWaits();
    pool.atStep = (name, when) =>
      name === 'apply' && when === 'before' ? Promise.reject(new Error('not today')) : Promise.resolve();
    expect(await pool.failover({ force: true, to: 'db3' })).toMatchObject({ result: 'rolled-back' });
    pool.node('db2').resume();
    const [row] = await pool.node('db1').sql(`SELECT @@GLOBAL.rpl_semi_sync_${side}_enabled AS enabled`);
    expect(Number(row?.['enabled'])).toBe(1);
    expect(await pool.writers()).toEqual(['db1']);
  });
});
