import type { NodeReport } from '@myswitch/orchestrator';
import { createCluster, follow, type Kind, type TestServer, until } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { Relay } from './support/relay';
import { SwitchPool } from './support/switch-pool';

const STOP_RECEIVER = { mariadb: 'STOP SLAVE IO_THREAD', mysql: 'STOP REPLICA IO_THREAD' } as const;
const START_RECEIVER = { mariadb: 'START SLAVE IO_THREAD', mysql: 'START REPLICA IO_THREAD' } as const;
const STOP = { mariadb: 'STOP SLAVE', mysql: 'STOP REPLICA' } as const;

const nodeOf = async (pool: SwitchPool, name: string): Promise<NodeReport> =>
  (await pool.status()).nodes.find((node) => node.name === name)!;

/** Resolves with the node once it is so. */
const shows = (pool: SwitchPool, name: string, is: (node: NodeReport) => boolean): Promise<NodeReport> =>
  until(`${name} is as it should`, async () => {
    const node = await nodeOf(pool, name);
    return is(node) ? node : null;
  });

async function beats(server: TestServer): Promise<unknown[]> {
  return server.sql('SELECT pool, beat, epoch FROM myswitch.heartbeat').catch(() => []);
}

describeKinds('the heartbeat', (kind: Kind) => {
  let pool: SwitchPool;
  let relay: Relay;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 2 });
    const [db1, db2] = cluster.nodes;
    relay = await Relay.to(db1!);
    await db2!.sql(STOP[kind]);
    await follow(db2!, { host: '127.0.0.1', port: relay.port, tls: false });
    pool = await new SwitchPool(cluster).start();
  }, 120_000);

  afterAll(async () => {
    await pool.stop();
    relay.close();
    for (const server of pool.cluster.nodes) await server.remove();
  });

  test('is one row a pool, written on the ACTIVE, and seen on the others', async () => {
    await shows(pool, 'db2', ({ heartbeatLagSeconds }) => heartbeatLagSeconds === 0);
    await shows(pool, 'db3', ({ heartbeatLagSeconds }) => heartbeatLagSeconds === 0);
    expect(await nodeOf(pool, 'db1')).toMatchObject({ heartbeatLagSeconds: null, status: 'OK' });
    const [first] = await beats(pool.node('db1'));
    await until('the next beat', async () => {
      const [now] = await beats(pool.node('db1'));
      return JSON.stringify(now) === JSON.stringify(first) ? null : true;
    });
    expect(await beats(pool.node('db1'))).toMatchObject([{ pool: 'shop beats', epoch: 1 }]);
  });

  test('tells a lag that the server does not know: its receiver is stopped', async () => {
    await pool.node('db3').sql(STOP_RECEIVER[kind]);
    const behind = await shows(pool, 'db3', ({ heartbeatLagSeconds }) => (heartbeatLagSeconds ?? 0) > 1);
    expect(behind.lagSeconds ?? 0).toBe(0);
    await pool.node('db3').sql(START_RECEIVER[kind]);
    await shows(pool, 'db3', ({ heartbeatLagSeconds, status }) => heartbeatLagSeconds === 0 && status === 'OK');
  });

  test('finds a server out that says it is not behind, and is', async () => {
    relay.hold(); // its receiver believes to be connected, and waits for news
    const found = await shows(pool, 'db2', ({ status }) => status === 'OK_WARN');
    expect(found).toMatchObject({ state: 'STANDBY', lagSeconds: 0 });
    expect(found.message).toMatch(/^it says that it is 0 s behind, and its heartbeat is \d+\.\d s behind$/);
    relay.cut();
    await shows(pool, 'db2', ({ heartbeatLagSeconds, status }) => heartbeatLagSeconds === 0 && status === 'OK');
  });

  test('follows the ACTIVE, and rests while it changes', async () => {
    const { result, reasons } = await pool.switch({ to: 'db3' });
    expect({ result, reasons }).toEqual({ result: 'switched', reasons: [] });
    await shows(pool, 'db1', ({ heartbeatLagSeconds }) => heartbeatLagSeconds === 0);
    expect((await pool.status()).nodes.map(({ status }) => status)).not.toContain('FAIL');
  });
});
