import { Orchestrator, systemClock } from '@myswitch/orchestrator';
import { ACCOUNTS, type Cluster, caughtUp, createCluster, temporaryFolder, until } from '@myswitch/testkit';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { describeKinds } from './support/kinds';
import { POOL, startPlane, staysPending, type TestPlane } from './support/plane';
import { poolOptions } from './support/switch-pool';

/** How far behind the new primary is when it takes over. */
const DELAY_S = 3;

describeKinds('reads while the new primary applies what it has received', (kind) => {
  let cluster: Cluster;
  let plane: TestPlane;
  let orchestrator: Orchestrator;

  beforeEach(async () => {
    cluster = await createCluster({ kind, replicas: 1, extra: ['log_bin_trust_function_creators=1'] });
    const [db1, db2] = cluster.nodes;
    const app = await db1!.connect({ ...ACCOUNTS.app, database: 'shop' });
    await app.query('CREATE TABLE t (id INT PRIMARY KEY)');
    await app.query('INSERT INTO t VALUES (1)');
    await app.query('CREATE TABLE seen (n INT)');
    const body = 'BEGIN INSERT INTO seen VALUES (1); RETURN 7; END';
    await app.query(`CREATE FUNCTION f() RETURNS INT MODIFIES SQL DATA ${body}`);
    await app.query('CREATE VIEW v AS SELECT f() AS n');
    await app.end();
    await caughtUp(db1!, [db2!]);
    const [stop, change, start] =
      kind === 'mysql'
        ? [
            'STOP REPLICA SQL_THREAD',
            `CHANGE REPLICATION SOURCE TO SOURCE_DELAY = ${DELAY_S}`,
            'START REPLICA SQL_THREAD',
          ]
        : ['STOP SLAVE', `CHANGE MASTER TO MASTER_DELAY = ${DELAY_S}`, 'START SLAVE'];
    for (const sql of [stop, change, start]) await db2!.sql(sql);
    plane = await startPlane({ nodes: cluster.nodes });
    const pool = poolOptions(cluster);
    orchestrator = new Orchestrator({
      options: {
        stateDir: temporaryFolder('state'),
        pools: [{ ...pool, failover: { ...pool.failover, applyMs: 8000 } }],
      },
      plane: plane.plane,
      clock: systemClock,
      log: () => undefined,
    });
    await orchestrator.start();
  });

  afterEach(async () => {
    await orchestrator.stop();
    await plane.stop();
    await Promise.all(cluster.nodes.map((server) => server.remove()));
  });

  /** The new primary has one row as long as it applies. */
  const count = async (client: Connection, table = 't'): Promise<number> => {
    const [[row]] = await client.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
    return Number(row!['n']);
  };

  async function behind(): Promise<void> {
    const [db1, db2] = cluster.nodes;
    await db1!.sql('INSERT INTO shop.t VALUES (2), (3)');
    await until('it has received that', async () => {
      const [row] = await db1!.sql(`SELECT @@GLOBAL.${kind === 'mysql' ? 'gtid_executed' : 'gtid_binlog_pos'} AS gtid`);
      const [status] = await db2!.sql('SHOW REPLICA STATUS');
      const last = /\d+$/.exec(String(row?.['gtid']))![0];
      const got = String(status?.[kind === 'mysql' ? 'Retrieved_Gtid_Set' : 'Gtid_IO_Pos']);
      return got.endsWith(last) ? true : null;
    });
    await db1!.kill();
    await until('it is missed', async () => {
      const [report] = await orchestrator.status('shop');
      return report!.nodes[0]!.errors > 0 ? true : null;
    });
  }

  const failover = (serveReads: boolean) =>
    orchestrator.failover('shop', { by: 'test', to: 'db2', force: true, serveReads }, () => undefined);

  test('are answered, where that was asked for; writes, and what may write, wait', async () => {
    const [reader, late, writer, viewer, transaction] = await Promise.all(
      Array.from({ length: 5 }, () => plane.connect({ database: 'shop' })),
    );
    await transaction!.query('SET autocommit = 0');
    await reader!.query("SET @mine = 'kept'");
    await behind();
    const early = count(reader!);
    const flight = failover(true);
    await until('the gate is closed', async () => ((await plane.plane.stats(POOL)).gate === 'HELD' ? true : null));
    const held = [
      writer!.query('INSERT INTO t VALUES (4)'),
      viewer!.query<RowDataPacket[]>('SELECT n FROM v'),
      transaction!.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM t'),
      reader!.query('SELECT 1').then(() => late!.query('SELECT id FROM t WHERE id = 1 FOR UPDATE')),
    ] as const;
    // one that waited already when it began, and those that come now
    expect(await early).toBe(1);
    for (let i = 0; i < 20; i++) expect(await count(reader!)).toBe(1);
    const [[mine]] = await reader!.query<RowDataPacket[]>('SELECT @mine AS mine');
    expect(mine).toEqual({ mine: 'kept' });
    expect(await staysPending(flight)).toBe('pending');
    for (const one of held) expect(await staysPending(one, 20)).toBe('pending');
    expect(await cluster.nodes[1]!.sql('SELECT * FROM shop.seen')).toEqual([]);

    expect(await flight).toMatchObject({ result: 'switched', to: 'db2' });
    const [, [view], [inTransaction]] = await Promise.all(held);
    expect(view).toEqual([{ n: 7 }]);
    expect(Number(inTransaction[0]!['n'])).toBeGreaterThanOrEqual(3);
    expect(await count(reader!)).toBe(4);
    expect(await count(reader!, 'seen')).toBe(1);
  });

  test('wait, where it was not', async () => {
    const reader = await plane.connect({ database: 'shop' });
    await behind();
    const flight = failover(false);
    const read = count(reader);
    await until('the gate is closed', async () => ((await plane.plane.stats(POOL)).gate === 'HELD' ? true : null));
    expect(await staysPending(read, 300)).toBe('pending');
    expect(await flight).toMatchObject({ result: 'switched', to: 'db2' });
    expect(await read).toBe(3);
  });
});
