import { caughtUp, createCluster, sleep, until } from '@myswitch/testkit';
import { crash } from './support/crash';
import { describeKinds } from './support/kinds';
import { poolOptions, SwitchPool } from './support/switch-pool';

const INTERVAL_MS = 250;

describeKinds('a failover that does not come to its end', (kind) => {
  const receiver = (verb: 'START' | 'STOP'): string => `${verb} ${kind === 'mysql' ? 'REPLICA' : 'SLAVE'} IO_THREAD`;
  let pool: SwitchPool;

  beforeEach(async () => {
    pool = new SwitchPool(await createCluster({ kind, replicas: 1 }));
    await pool.start();
  });

  afterEach(async () => {
    pool.atStep = () => Promise.resolve();
    await pool.stop();
    for (const server of pool.cluster.nodes) server.resume();
    await Promise.all(pool.cluster.nodes.map((server) => server.remove()));
  });

  const die = async (): Promise<void> => {
    await pool.node('db1').kill();
    await until('it is missed', async () => ((await pool.status()).nodes[0]!.errors > 0 ? true : null));
  };

  const failAt = (step: string): void => {
    pool.atStep = (name, when) =>
      name === step && when === 'before' ? Promise.reject(new Error('not today')) : Promise.resolve();
  };

  test('by force, of a primary that answers: taken back, it writes again', async () => {
    await pool.node('db2').sql(receiver('STOP'));
    failAt('apply');
    expect(await pool.failover({ force: true })).toMatchObject({ result: 'rolled-back', to: 'db2' });
    expect(pool.plane.active?.node).toBe('db1');
    expect(await pool.writers()).toEqual(['db1']);
    await pool.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await caughtUp(pool.node('db1'), [pool.node('db2')]);
  });

  test.each([
    ['detach', 'after', 'old'],
    ['hold', 'after', 'old'],
    ['fence', 'after', 'old'],
    ['apply', 'after', 'old'],
    ['promote', 'before', 'old'],
    ['promote', 'after', 'new'],
    ['release', 'after', 'new'],
    ['repoint', 'after', 'new'],
  ] as const)('kill -9 %s, %s it, of a primary that answers: the %s primary writes', async (step, when, winner) => {
    await pool.stop();
    await pool.node('db2').sql(receiver('STOP'));
    const { stateDir, cluster } = pool;
    await crash({ stateDir, pool: poolOptions(cluster), work: 'failover', node: 'db2', step, when });
    await pool.restart();
    const expected = winner === 'old' ? 'db1' : 'db2';
    expect(pool.plane.active?.node).toBe(expected);
    await sleep(2 * INTERVAL_MS);
    expect(await pool.writers()).toEqual([expected]);
    const [old] = (await pool.status()).nodes;
    // one that was replaced by force stays failed, whoever ended it
    expect(old!.state).toMatch(winner === 'old' ? /^ACTIVE$/ : /^FAILED_/);
    if (winner === 'old') {
      await pool.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
      await caughtUp(pool.node('db1'), [pool.node('db2')]);
    }
  });

  test('a primary that comes back before anything is held stays ACTIVE, and is followed', async () => {
    await die();
    pool.atStep = async (name, when) => {
      if (name === 'detach' && when === 'before') await pool.node('db1').start();
    };
    expect(await pool.failover({})).toMatchObject({ result: 'refused', reasons: [{ code: 'ALIVE' }] });
    expect(pool.plane.active?.node).toBe('db1');
    expect(pool.plane.cuts).toEqual([]);
    await pool.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await caughtUp(pool.node('db1'), [pool.node('db2')]);
  });

  test('a primary that comes back while the others are repointed is closed at once', async () => {
    await die();
    let writers: readonly string[] = [];
    pool.atStep = async (name, when) => {
      if (name !== 'repoint' || when !== 'before') return;
      await pool.node('db1').start();
      await sleep(4 * INTERVAL_MS);
      writers = await pool.writers();
    };
    expect(await pool.failover({})).toMatchObject({ result: 'switched', to: 'db2' });
    expect(writers).toEqual(['db2']);
  });

  test('what was committed on the new one before the probe is not thrown away', async () => {
    const [db1, db2] = [pool.node('db1'), pool.node('db2')];
    await db1.sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await db1.sql('CREATE SCHEMA IF NOT EXISTS myswitch');
    const columns = 'pool VARCHAR(190) PRIMARY KEY, beat VARCHAR(190) NOT NULL, epoch BIGINT UNSIGNED NOT NULL';
    await db1.sql(`CREATE TABLE IF NOT EXISTS myswitch.heartbeat (${columns})`);
    const refusal = "BEGIN DO SLEEP(1); SIGNAL SQLSTATE '45000'; END";
    await db1.sql(`CREATE TRIGGER myswitch.no BEFORE INSERT ON myswitch.heartbeat FOR EACH ROW ${refusal}`);
    await caughtUp(db1, [db2]);
    await die();
    const failover = pool.failover({});
    await until('db2 is open', async () => {
      const [row] = await db2.sql('SELECT @@GLOBAL.read_only AS readOnly');
      return Number(row?.['readOnly']) === 0 ? true : null;
    });
    await db2.sql('INSERT INTO shop.t VALUES (1)');
    expect(await failover).toMatchObject({ result: 'failed', reasons: [{}, { code: 'UNDECIDED' }] });
    expect(pool.plane.active).toBe(null);
    await db2.sql('SET GLOBAL read_only = 0');
    await db2.sql('DROP TRIGGER myswitch.no');
    await until('it is finished', () => Promise.resolve(pool.plane.active?.node === 'db2' ? true : null));
    await db2.sql('INSERT INTO shop.t VALUES (2)');
  });

  test('kill -9 just after the new one was opened, where no table for the probe was made yet', async () => {
    await pool.stop();
    await pool.node('db2').sql(receiver('STOP'));
    const { stateDir, cluster } = pool;
    const at = { step: 'promote', when: 'before' } as const;
    await crash({ stateDir, pool: poolOptions(cluster), work: 'failover', node: 'db2', ...at });
    await pool.node('db2').sql('SET GLOBAL read_only = 0');
    await pool.restart();
    await until('it is finished', () => Promise.resolve(pool.plane.active?.node === 'db2' ? true : null));
    expect(await pool.writers()).toEqual(['db2']);
  });
});
