import type { Connection } from 'mysql2/promise';
import { type Cluster, caughtUp, createCluster, replicaStatus, sleep, until } from '@myswitch/testkit';
import type { FlightRecord, PoolOptions } from '@myswitch/orchestrator';
import { describeKinds } from './support/kinds';
import { Relay } from './support/relay';
import { SwitchPool } from './support/switch-pool';

const INTERVAL_MS = 250;
const FAILURES = 4;

const automatic = (options: PoolOptions): PoolOptions => ({
  ...options,
  failover: { ...options.failover, mode: 'automatic' },
});

/** No warning but those of every failover: the old primary is away, and MariaDB's option file. */
const others = ({ warnings }: FlightRecord): unknown[] =>
  warnings.filter(({ code }) => code !== 'READ_ONLY' && code !== 'OLD_PRIMARY');

describeKinds('failover', (kind) => {
  let pool: SwitchPool | null = null;

  afterEach(async () => {
    await pool?.stop();
    for (const server of pool?.cluster.nodes ?? []) server.resume();
    await Promise.all((pool?.cluster.nodes ?? []).map((server) => server.remove()));
    pool = null;
  });

  async function start(cluster: Cluster, change?: (options: PoolOptions) => PoolOptions): Promise<SwitchPool> {
    pool = new SwitchPool(cluster, change);
    return pool.start();
  }

  const standings = async (at: SwitchPool): Promise<string[]> =>
    (await at.status()).nodes.map(({ name, state, status }) => `${name} ${state} ${status}`);

  const lastFlight = async (at: SwitchPool): Promise<FlightRecord> =>
    until(
      'a failover is on record',
      async () => (await at.orchestrator.history('shop')).find((record) => record.kind !== 'rejoin') ?? null,
    );

  test('automatic: a killed primary is replaced, the others follow, and it is closed when it comes back', async () => {
    const at = await start(await createCluster({ kind, replicas: 2 }), automatic);
    await at.node('db1').sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY)');
    await at.node('db1').sql('INSERT INTO shop.t VALUES ()');
    await caughtUp(at.node('db1'), [at.node('db2'), at.node('db3')]);
    const killed = performance.now();
    await at.node('db1').kill();
    const flight = await lastFlight(at);
    const took = performance.now() - killed;
    expect(flight).toMatchObject({ kind: 'failover', result: 'switched', from: 'db1', by: 'automatic', reasons: [] });
    expect(others(flight)).toEqual([]);
    const to = flight.to!;
    expect(at.plane.activations.at(-1)).toEqual({ node: to, epoch: 2 });
    expect(at.plane.cuts).toEqual(['db1']);
    expect(took).toBeGreaterThan(INTERVAL_MS * FAILURES * 0.9);
    const third = to === 'db2' ? 'db3' : 'db2';
    await at.node(to).sql('INSERT INTO shop.t VALUES ()');
    await caughtUp(at.node(to), [at.node(third)]);
    expect((await standings(at)).find((line) => line.startsWith('db1'))).toBe('db1 FAILED_OFFLINE FAIL');
    expect((await standings(at)).find((line) => line.startsWith(to))).toMatch(/ACTIVE OK/);

    await at.node('db1').start();
    await until('the old primary is closed', async () => ((await at.writers()).join() === to ? true : null));
    await sleep(3 * INTERVAL_MS);
    expect(await at.writers()).toEqual([to]);
    const [db1] = (await at.status()).nodes;
    expect(db1).toMatchObject({ state: 'FAILED_OFFLINE', status: 'OK' });
    expect(db1!.message).toContain('Manual intervention required.');
  });

  test('manual: the command is offered, and does it', async () => {
    const at = await start(await createCluster({ kind, replicas: 1 }));
    await at.node('db1').kill();
    await until('it is offered', async () =>
      at.lines.some(({ message }) => message.includes('npx myswitch failover shop')) ? true : null,
    );
    await sleep(2 * INTERVAL_MS);
    expect(at.lines.filter(({ message }) => message.includes('npx myswitch failover'))).toHaveLength(1);
    expect(await standings(at)).toEqual(['db1 ACTIVE OK_CRITICAL', 'db2 STANDBY OK_WARN']);
    const flight = await at.failover({});
    expect(flight).toMatchObject({ result: 'switched', from: 'db1', to: 'db2', by: 'test' });
    expect(await at.status()).toMatchObject({ active: 'db2', epoch: 2 });
    await at.node('db2').sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
  });

  test('one that hangs is dead when its replicas can not reach it either', async () => {
    const at = await start(await createCluster({ kind, replicas: 2 }), automatic);
    at.node('db1').pause();
    const flight = await lastFlight(at);
    expect(flight).toMatchObject({ result: 'switched', from: 'db1' });
    at.node('db1').resume();
    await until('it is closed', async () => ((await at.writers()).join() === flight.to ? true : null));
  });

  test('one that answers is not failed over, and one whose replicas hear it neither', async () => {
    const at = await start(await createCluster({ kind, replicas: 1 }));
    expect(await at.failover({})).toMatchObject({ result: 'refused', reasons: [{ code: 'ALIVE' }] });
    expect(at.plane.gate).toBe('OPEN');
    expect(await at.writers()).toEqual(['db1']);
  });

  test('a replica that lacks what another has received does not take over', async () => {
    const at = await start(await createCluster({ kind, replicas: 2 }));
    const stop = kind === 'mysql' ? 'STOP REPLICA IO_THREAD' : 'STOP SLAVE IO_THREAD';
    await at.node('db2').sql(stop);
    await at.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await caughtUp(at.node('db1'), [at.node('db3')]);
    await at.node('db1').kill();
    await until('it is missed', async () => ((await at.status()).nodes[0]!.errors > 0 ? true : null));
    const refused = await at.failover({ to: 'db2' });
    expect(refused).toMatchObject({ result: 'refused', reasons: [{ code: 'LOSES' }] });
    expect(refused.reasons[0]!.message).toMatch(
      /^db2 lacks \S+[:-]\d+, which db[13] has.*--force takes db2 all the same$/,
    );
    expect(await at.failover({})).toMatchObject({ result: 'switched', to: 'db3' });
    await caughtUp(at.node('db3'), [at.node('db2')]);
  });

  test('one that has received what the dead one had, and not applied it for some polls, is as good as any', async () => {
    const at = await start(await createCluster({ kind, replicas: 1 }));
    const [db1, db2] = at.cluster.nodes;
    const behind =
      kind === 'mysql'
        ? ['STOP REPLICA SQL_THREAD', 'CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 2', 'START REPLICA SQL_THREAD']
        : ['STOP SLAVE', 'CHANGE MASTER TO MASTER_DELAY = 2', 'START SLAVE'];
    await db1!.sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY)');
    await caughtUp(db1!, [db2!]);
    for (const sql of behind) await db2!.sql(sql);
    const client = await db1!.connect({ database: 'shop' });
    client.on('error', () => undefined);
    const end = performance.now() + 8 * INTERVAL_MS;
    while (performance.now() < end) await client.query('INSERT INTO t VALUES ()');
    await db1!.kill();
    await until('it is missed', async () => ((await at.status()).nodes[0]!.errors > 0 ? true : null));
    const flight = await at.failover({ to: 'db2' });
    expect(flight).toMatchObject({ result: 'switched', to: 'db2' });
    expect(flight.warnings.map(({ code }) => code)).not.toContain('LOST');
  });

  test('a replica that lacks what the dead one had long before does not take over by itself', async () => {
    const at = await start(await createCluster({ kind, replicas: 1 }));
    const receiver = kind === 'mysql' ? 'REPLICA IO_THREAD' : 'SLAVE IO_THREAD';
    await at.node('db2').sql(`STOP ${receiver}`);
    await at.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await sleep(4 * INTERVAL_MS);
    await at.node('db1').kill();
    // it tries to follow again, and can say that nobody is there
    await at.node('db2').sql(`START ${receiver}`);
    await until('it is missed', async () => ((await at.status()).nodes[0]!.errors > 0 ? true : null));
    expect(await at.failover({})).toMatchObject({ result: 'refused', reasons: [{ code: 'LOSES' }] });
    expect(await at.status()).toMatchObject({ active: 'db1' });
    const flight = await at.failover({ force: true });
    expect(flight).toMatchObject({ result: 'switched', to: 'db2' });
    expect(flight.warnings.map(({ code }) => code)).toContain('LOST');
  });

  test('a receiver that somebody stopped can not say that the primary is dead', async () => {
    const at = await start(await createCluster({ kind, replicas: 1 }), automatic);
    await at.node('db2').sql(kind === 'mysql' ? 'STOP REPLICA IO_THREAD' : 'STOP SLAVE IO_THREAD');
    await at.node('db1').kill();
    const why = "only 0 of 1 other node could say whether they hear db1; db2 can't: its receiver is stopped";
    await until('nobody takes over', async () =>
      at.lines.some(({ message }) => message.startsWith(`no failover: NOT_CONFIRMED: ${why}`)) ? true : null,
    );
    expect(await at.status()).toMatchObject({ active: 'db1' });
    expect(await at.failover({ force: true })).toMatchObject({ result: 'switched', to: 'db2' });
  });

  test('a primary that has no connection left for its replicas is not dead', async () => {
    const cluster = await createCluster({ kind, replicas: 1 });
    const [db1, db2] = cluster.nodes;
    const relay = await Relay.to(db1!);
    const at = await start(cluster, (options) => ({
      ...options,
      nodes: options.nodes.map((node) => (node.name === 'db1' ? { ...node, port: relay.port } : node)),
    }));
    await db1!.sql('SET GLOBAL max_connections = 10');
    await db2!.sql(kind === 'mysql' ? 'STOP REPLICA IO_THREAD' : 'STOP SLAVE IO_THREAD');
    const held: Connection[] = [];
    await until('no connection is left', async () => {
      const other = await db1!.connect().catch(() => null);
      other?.on('error', () => undefined);
      if (other === null) return true;
      held.push(other);
      return null;
    });
    await db2!.sql(kind === 'mysql' ? 'START REPLICA IO_THREAD' : 'START SLAVE IO_THREAD');
    await until('it is refused', async () =>
      Number((await replicaStatus(db2!))?.['Last_IO_Errno']) === 1040 ? true : null,
    );
    relay.close();
    const { result, reasons } = await at.failover({});
    for (const other of held) other.destroy();
    expect({ result, reasons }).toMatchObject({
      result: 'refused',
      reasons: [{ code: 'NOT_CONFIRMED', message: 'db2 still hears db1: it is cut off from MySwitch, not dead' }],
    });
  });

  test('semi-sync: the first write does not wait, and the ackers are back', async () => {
    const at = await start(await createCluster({ kind, replicas: 2, semiSync: true }), automatic);
    await at.node('db1').kill();
    const flight = await lastFlight(at);
    expect(flight).toMatchObject({ result: 'switched' });
    expect(others(flight)).toEqual([]);
    expect(flight.holdMs).toBeLessThan(2000);
    const begun = performance.now();
    await at.node(flight.to!).sql('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    expect(performance.now() - begun).toBeLessThan(1500);
    const [row] = await at.node(flight.to!).sql("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%_clients'");
    expect(Number(row?.['Value'])).toBe(1);
  });
});
