import { createCluster, poolConfig, startMySwitch, until, type Cluster, type MySwitch } from '@myswitch/testkit';
import type { FailoverCheck, FlightRecord, PoolReport, RejoinReport } from '@myswitch/orchestrator';
import { describeKinds } from './support/kinds';

describeKinds('what an operator is told when a primary dies', (kind) => {
  let cluster: Cluster;
  let mySwitch: MySwitch;

  beforeAll(async () => {
    cluster = await createCluster({ kind, replicas: 1 });
    const { config } = await poolConfig(cluster, { monitor: { interval: '300ms' } });
    mySwitch = await startMySwitch({ config });
  }, 90_000);

  afterAll(async () => {
    await mySwitch?.stop();
    await Promise.all(cluster.nodes.map((node) => node.remove()));
  });

  const json = async <T>(code: number, ...args: string[]): Promise<T> => {
    const ran = await mySwitch.cli(...args, '--json');
    if (ran.code !== code) throw new Error(`${args.join(' ')}: ${ran.code}\n${ran.stdout}${ran.stderr}`);
    return ran.json as T;
  };
  const told = async (...args: string[]): Promise<string> => (await mySwitch.cli(...args)).stdout;
  const status = async (): Promise<PoolReport> => (await json<{ pools: [PoolReport] }>(0, 'status')).pools[0];
  const silent = (): Promise<true> =>
    until('it is found silent', async () => ((await status()).nodes[0]?.message === null ? null : true));

  test('while it lives, a failover is refused and the switch is not sent there', async () => {
    const check = await json<FailoverCheck>(3, 'failover', 'shop', '--dry-run');
    expect(check).toMatchObject({ from: 'db1', to: null, answer: 'refuse', guardrails: [{}, { code: 'ALIVE' }] });
    expect(await told('check', 'shop')).not.toContain('myswitch failover');
  });

  test('a switch names the way out, status shows nothing stale, and asking changes nothing', async () => {
    await cluster.nodes[0]!.kill();
    await silent();
    if (kind === 'mysql') {
      // it gives up after SOURCE_RETRY_COUNT attempts, and is a witness all the same
      await until('its receiver gave up', async () => {
        const [row] = await cluster.nodes[1]!.sql('SHOW REPLICA STATUS');
        return row?.['Replica_IO_Running'] === 'No' ? true : null;
      });
    }
    expect((await status()).nodes[0]).toMatchObject({
      state: 'ACTIVE',
      role: 'unknown',
      readOnly: null,
      lagSeconds: null,
      gtid: null,
    });
    const refused = await json<FlightRecord>(3, 'switch', 'shop', '--to', 'db2');
    expect(refused.reasons).toEqual([
      { code: 'NO_ACTIVE', message: expect.stringContaining('promote another node: npx myswitch failover shop') },
    ]);
    expect(refused.by).toBe('admin@127.0.0.1');
    const before = await status();
    const check = await json<FailoverCheck>(0, 'failover', 'shop', '--dry-run');
    expect(check).toMatchObject({ from: 'db1', to: 'db2', answer: 'go', warnings: [] });
    expect(Date.parse(check.lastAnswer ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(check.guardrails.map(({ code, ok }) => [code, ok])).toEqual([
      ['LOCK', true],
      ['CONFIRM', true],
      ['ELECT', true],
    ]);
    expect(await told('failover', 'shop', '--dry-run')).toContain('go: db2 takes over; db1 answered last at 20');
    const after = await status();
    expect([after.active, after.epoch, after.gate]).toEqual([before.active, before.epoch, 'OPEN']);
    expect(await cluster.nodes[1]!.sql('SELECT @@read_only AS ro')).toEqual([{ ro: 1 }]);
  });

  test('history has each by its kind, refusals where they are asked for, and a rejoin is found by its id', async () => {
    const { gtid } = await json<FlightRecord>(0, 'failover', 'shop', '--yes');
    const sources = (gtid.before ?? '').split(',').map((set) => set.split(kind === 'mysql' ? ':' : '-')[0]);
    expect(sources.length).toBeGreaterThan(0);
    expect(new Set(sources).size).toBe(sources.length);
    await cluster.nodes[0]!.start();
    await until('it is closed', async () => ((await status()).nodes[0]?.readOnly === true ? true : null));
    const rejoined = await json<RejoinReport>(0, 'rejoin', 'db1', '--yes');
    const kinds = (text: string): string[] => [...text.matchAll(/ shop +(\w+) /g)].map(([, what]) => what ?? '');
    const history = await told('history');
    expect(kinds(history)).toEqual(['failover', 'rejoin']);
    expect(history).toContain('1 refusal not shown: --all');
    expect(kinds(await told('history', '--all'))).toEqual(['switch', 'failover', 'rejoin']);
    expect((await json<FlightRecord[]>(0, 'history')).map(({ kind: what }) => what)).toEqual(['switch', 'failover']);
    expect(await json(0, 'show', rejoined.id)).toEqual(rejoined);
    expect(await told('show', rejoined.id)).toContain('rejoined: db1 follows db2');
  }, 60_000);
});
