import type { NodeReport } from '@myswitch/orchestrator';
import { caughtUp, createCluster, follow, type Kind, type TestServer, until } from '@myswitch/testkit';
import { FakeServer } from './support/fake-server';
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

  test('polls that were due while one still waited are counted', async () => {
    const { latePolls: before } = await nodeOf(pool, 'db3');
    pool.node('db3').pause();
    await shows(pool, 'db3', ({ latePolls }) => latePolls > before);
    pool.node('db3').resume();
    await shows(pool, 'db3', ({ status }) => status === 'OK');
  });

  test('follows the ACTIVE, and rests while it changes', async () => {
    const { result, reasons } = await pool.switch({ to: 'db3' });
    expect({ result, reasons }).toEqual({ result: 'switched', reasons: [] });
    await shows(pool, 'db1', ({ heartbeatLagSeconds }) => heartbeatLagSeconds === 0);
    expect((await pool.status()).nodes.map(({ status }) => status)).not.toContain('FAIL');
  });
});

/** A replica of `source`, by its own account: not behind at all, whatever it has. */
function liar(kind: Kind, source: TestServer, uuid: string): FakeServer['answers'] {
  const channel = {
    mariadb: {
      Connection_name: '',
      Master_Host: source.host,
      Master_Port: source.port,
      Master_Server_Id: source.serverId,
      Slave_IO_Running: 'Yes',
      Slave_SQL_Running: 'Yes',
      Seconds_Behind_Master: 0,
      Using_Gtid: 'Slave_Pos',
      SQL_Delay: 0,
      Last_IO_Errno: 0,
    },
    mysql: {
      Channel_Name: '',
      Source_Host: source.host,
      Source_Port: source.port,
      Source_UUID: uuid,
      Replica_IO_Running: 'Yes',
      Replica_SQL_Running: 'Yes',
      Seconds_Behind_Source: 0,
      Auto_Position: 1,
      SQL_Delay: 0,
      Last_IO_Errno: 0,
    },
  }[kind];
  const version = source.version;
  return (sql) => {
    if (sql.startsWith('SET')) return [];
    if (/@@hostname/.test(sql)) return [{ hostname: 'fake', port: 1, datadir: '/', uid: 'fake', serverId: 99 }];
    if (/'Uptime'/.test(sql)) return [{ Variable_name: 'Uptime', Value: 100 }];
    if (/STATUS/i.test(sql)) return [channel];
    if (sql.endsWith('@@version AS version')) return [{ version: kind === 'mariadb' ? '10.11.18-MariaDB' : version }];
    if (/@@version/.test(sql)) {
      const gtid = kind === 'mariadb' ? '0-1-1' : `${uuid}:1`;
      return [{ version, serverId: 99, uuid: 'fake', readOnly: 1, superReadOnly: 1, events: 0, gtid }];
    }
    if (/heartbeat/.test(sql)) return [{ beat: 'of-another-time 1 2020-01-01T00:00:00.000Z', epoch: 1 }];
    return [];
  };
}

describeKinds('a server that can not be trusted', (kind: Kind) => {
  let pool: SwitchPool;
  let fake: FakeServer;
  let honest: FakeServer['answers'];

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 1 });
    const uuid =
      kind === 'mysql' ? String((await cluster.nodes[0]!.sql('SELECT @@server_uuid AS uuid'))[0]!['uuid']) : '';
    honest = liar(kind, cluster.nodes[0]!, uuid);
    fake = await FakeServer.start(honest);
    const { host, port } = fake;
    pool = await new SwitchPool(cluster, (options) => {
      const db3 = { ...options.nodes[1]!, name: 'db3', host, port, replication: { host, port } };
      return { ...options, nodes: [...options.nodes, db3] };
    }).start();
  }, 120_000);

  afterAll(async () => {
    await pool.stop();
    fake.stop();
    for (const server of pool.cluster.nodes) await server.remove();
  });

  beforeEach(() => {
    fake.answers = honest;
  });

  test('lag 0 and an old GTID: it is found out, and never takes over before an honest one', async () => {
    const found = await shows(pool, 'db3', ({ status }) => status === 'OK_WARN');
    expect(found).toMatchObject({ state: 'STANDBY', lagSeconds: 0 });
    expect(found.message).toMatch(/^it says that it is 0 s behind, and its heartbeat is \d+\.\d s behind$/);
    expect(await nodeOf(pool, 'db2')).toMatchObject({ status: 'OK', heartbeatLagSeconds: 0 });
    expect((await pool.check({ to: 'db3' })).answer).toBe('refuse');
  });

  test.each<[string, FakeServer['answers'], RegExp]>([
    ['it answers half a packet and hangs', () => 'half', /no reply within/],
    ['it hangs after the login', () => 'hang', /no reply within|cannot connect/],
    ['it hangs in a poll', (sql) => (/STATUS/.test(sql) ? 'hang' : honest(sql)), /no reply within/],
    ['its version is of another time', () => [{ version: '5.5.5-4.0' }], /version "5\.5\.5-4\.0"/],
    ['its version is none', () => [{ version: 'garbage' }], /version "garbage"/],
    ['its version is empty', () => [{ version: '' }], /version ""/],
    ['it answers without a row', () => [], /an empty result/],
    ['it answers nothing but errors', () => new Error('You have an error'), /You have an error/],
  ])('%s: its status says so, and the others are polled as before', async (_title, answers, reason) => {
    fake.answers = answers;
    fake.drop();
    const bad = await shows(pool, 'db3', ({ message }) => reason.test(message ?? ''));
    expect(bad.status).not.toBe('OK');
    await shows(pool, 'db3', ({ status }) => status === 'FAIL');
    for (const name of ['db1', 'db2']) {
      const { lastPoll } = await nodeOf(pool, name);
      await shows(pool, name, (node) => node.errors === 0 && node.lastPoll! > lastPoll!);
    }
    fake.answers = honest;
    await shows(pool, 'db3', ({ status }) => status !== 'FAIL');
    await pool.orchestrator.carryOut('shop', { kind: 'recover', node: 'db3' }, 'test');
  });
});

describeKinds('what polls notice', (kind: Kind) => {
  let pool: SwitchPool;

  beforeAll(async () => {
    const cluster = await createCluster({ kind, replicas: 1 });
    pool = await new SwitchPool(cluster, (options) => {
      const twin = { ...options.nodes[1]!, name: 'db2-again', host: 'localhost' };
      return {
        ...options,
        monitor: { ...options.monitor, intervalMs: 5000 },
        nodes: [...options.nodes, twin],
      };
    }).start();
  }, 120_000);

  afterAll(async () => {
    await pool.stop();
    for (const server of pool.cluster.nodes) await server.remove();
  });

  test('two nodes that are one server', async () => {
    const found = await shows(pool, 'db2-again', ({ message }) => message?.startsWith('ONE_SERVER') ?? false);
    expect(found.message).toBe('ONE_SERVER: it is the same server as db2');
    const other = await shows(pool, 'db2', ({ message }) => message?.startsWith('ONE_SERVER') ?? false);
    expect(other.message).toBe('ONE_SERVER: it is the same server as db2-again');
    expect((await pool.status()).active).toBe('db1');
  });

  test('a restart between two polls', async () => {
    const before = await nodeOf(pool, 'db2');
    expect(before).toMatchObject({ restarted: null });
    expect(before.uptimeSeconds).toBeGreaterThanOrEqual(0);
    await pool.node('db2').restart();
    const after = await shows(pool, 'db2', ({ restarted }) => restarted !== null);
    expect(after.uptimeSeconds).toBeLessThan(before.uptimeSeconds! + 60);
    expect((await pool.status()).nodes[1]).toMatchObject({ name: 'db2', errors: expect.any(Number) });
    expect(await pool.orchestrator.events('shop')).toContainEqual(
      expect.objectContaining({ kind: 'RESTARTED', node: 'db2', message: 'db2 was started again' }),
    );
    expect(await nodeOf(pool, 'db1')).toMatchObject({ restarted: null });
  });
});

describeKinds('a control account without a privilege', (kind: Kind) => {
  let pool: SwitchPool | null = null;

  afterEach(async () => {
    await pool?.stop();
    for (const server of pool?.cluster.nodes ?? []) await server.remove();
  });

  test.each([
    ['that a switch needs', { mariadb: 'READ_ONLY ADMIN', mysql: 'CONNECTION_ADMIN' }],
    ['that polls need', { mariadb: 'SLAVE MONITOR', mysql: 'REPLICATION CLIENT' }],
  ])('%s: named at start, with the GRANT', async (_title, privilege) => {
    const cluster = await createCluster({ kind, replicas: 1 });
    await cluster.nodes[0]!.sql(`REVOKE ${privilege[kind]} ON *.* FROM 'myswitch'@'%'`);
    await caughtUp(cluster.nodes[0]!, [cluster.nodes[1]!]);
    pool = await new SwitchPool(cluster).start();
    const grant = `GRANT ${privilege[kind]} ON *.* TO \`myswitch\`@\`%\``;
    await until('the GRANT is named', () => {
      const said = pool!.lines.filter(
        ({ level, message, fields }) => level !== 'info' && `${message} ${JSON.stringify(fields)}`.includes(grant),
      );
      return Promise.resolve(said.length > 0 ? true : null);
    });
  });
});
