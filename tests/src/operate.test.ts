import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, type Connection } from 'mysql2/promise';
import {
  ACCOUNTS,
  createCluster,
  poolConfig,
  startMySwitch,
  until,
  type CliResult,
  type Cluster,
  type MySwitch,
} from '@myswitch/testkit';
import type { PoolEvent, PoolReport } from '@myswitch/orchestrator';
import { describeKinds } from './support/kinds';
import { staysPending } from './support/plane';

const INTERVAL_MS = 300;

describeKinds('what an operator says', (kind) => {
  let cluster: Cluster;
  let mySwitch: MySwitch;
  let port: number;
  let client: Connection;

  beforeAll(async () => {
    cluster = await createCluster({ kind, replicas: 1 });
    const pool = {
      monitor: { interval: `${INTERVAL_MS}ms` },
      failover: { mode: 'automatic' },
      switch: { drain: '500ms', apply: '2s' },
      hold: { max: '6s' },
    };
    const { config, ports } = await poolConfig(cluster, pool);
    port = ports.pool;
    mySwitch = await startMySwitch({ config });
  }, 90_000);

  beforeEach(async () => {
    client = await createConnection({ host: '127.0.0.1', port, ...ACCOUNTS.app });
  });

  afterEach(() => client.destroy());

  afterAll(async () => {
    await mySwitch?.stop();
    await Promise.all(cluster.nodes.map((node) => node.remove()));
  });

  const cli = (...args: string[]): Promise<CliResult> => mySwitch.cli(...args);
  const done = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli(...args, '--yes');
    if (code !== 0) throw new Error(`${args.join(' ')}: ${code} ${stdout} ${stderr}`);
    return stdout;
  };
  const refusal = async (...args: string[]): Promise<unknown> => {
    const { code, json } = await cli(...args, '--yes', '--json');
    expect(code).toBe(3);
    return (json as { code: string }).code;
  };
  const report = async (node: string): Promise<string> => (await cli('report', node)).stdout.trim();
  const reported = (node: string, what: RegExp): Promise<string> =>
    until(`${node} is ${what.source}`, async () => {
      const said = await report(node);
      return what.test(said) ? said : null;
    });
  const status = async (): Promise<PoolReport> =>
    ((await cli('status', '--json')).json as { pools: [PoolReport] }).pools[0];
  const events = async (): Promise<PoolEvent[]> => (await cli('events', 'shop', '--json')).json as PoolEvent[];

  test('pause: new work waits, a switch is refused, and resume lets it go on', async () => {
    await client.query('SELECT 1');
    expect(await done('pause', 'shop', '--for', '5s')).toMatch(
      /^shop is paused until .*Z: new work waits, and nothing runs\n$/,
    );
    const waiting = client.query('SELECT 2');
    expect(await staysPending(waiting)).toBe('pending');
    expect(await status()).toMatchObject({ gate: 'HELD', held: 1, pausedUntil: expect.stringMatching(/Z$/) });
    const { code, json } = await cli('switch', 'shop', '--json');
    expect(code).toBe(3);
    expect(json).toMatchObject({ result: 'refused', reasons: [{ code: 'IN_PROGRESS' }] });
    expect(await refusal('pause', 'shop')).toBe('PAUSED');
    expect(await done('resume', 'shop')).toBe('shop goes on\n');
    await waiting;
    expect(await status()).toMatchObject({ gate: 'OPEN', pausedUntil: null });
    expect(await refusal('resume', 'shop')).toBe('NOT_PAUSED');
  }, 60_000);

  test('pause: over at its deadline, and nobody has failed', async () => {
    await done('pause', 'shop', '--for', '1s');
    await client.query('SELECT 1');
    expect(await status()).toMatchObject({ gate: 'OPEN', pausedUntil: null });
    expect((await events()).map(({ kind: what }) => what)).toContain('RESUMED');
  }, 60_000);

  test('freeze: a switch is refused with the reason', async () => {
    await done('freeze', 'shop', '--reason', 'inventory');
    expect(await status()).toMatchObject({ frozen: 'inventory' });
    const { code, stdout } = await cli('check', 'shop');
    expect([code, stdout]).toEqual([3, expect.stringContaining('an operator froze the pool: inventory')]);
    await done('unfreeze', 'shop');
    expect((await cli('check', 'shop')).code).toBe(0);
  }, 60_000);

  test('set: shown until released, also by the next process', async () => {
    await done('set', 'db2', '--state', 'FAILED_ONLINE', '--weight', '7');
    expect(await report('db2')).toBe('OK/FAILED_ONLINE (SECONDARY)');
    expect(await cli('is-up', 'db2', '--ro')).toMatchObject({ code: 1, stdout: 'DOWN\n' });
    expect((await cli('check', 'shop')).stdout).toContain('no node is fit to take over');
    expect(await refusal('set', 'db2', '--state', 'ACTIVE')).toBe('NOT_BY_HAND');
    await mySwitch.stop();
    await mySwitch.start();
    expect(await report('db2')).toBe('OK/FAILED_ONLINE (SECONDARY)');
    await done('release', 'db2');
    expect(await report('db2')).toBe('OK/STANDBY (SECONDARY)');
    client = await createConnection({ host: '127.0.0.1', port, ...ACCOUNTS.app });
  }, 60_000);

  test('the walk-through: killed, FAIL, failover, restarted, recovered, STANDBY', async () => {
    const [db1, db2] = cluster.nodes;
    await client.query('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await reported('db1', /^OK\/ACTIVE \(PRIMARY\)$/);
    expect(await cli('is-up', 'db1')).toMatchObject({ code: 0, stdout: 'UP\n' });
    expect(await cli('is-up', 'db2')).toMatchObject({ code: 1, stdout: 'DOWN\n' });
    expect(await cli('is-up', 'db2', '--ro')).toMatchObject({ code: 0, stdout: 'UP\n' });
    expect(await refusal('recover', 'db1')).toBe('NOT_FAILED');

    await db1!.kill();
    await reported('db1', /^FAIL\/FAILED_OFFLINE \(PRIMARY\)$/);
    await reported('db2', /^OK(_WARN)?\/ACTIVE \(SECONDARY\)$/);
    await client.query('INSERT INTO shop.t VALUES (1)');
    expect(await cli('is-up', 'db2')).toMatchObject({ code: 0 });
    expect(await cli('is-up', 'db1')).toMatchObject({ code: 1 });

    await db1!.start();
    await reported('db1', /^OK\/FAILED_OFFLINE \(PRIMARY\)$/);
    const record = JSON.parse(readFileSync(join(mySwitch.dir, 'state/shop.topology.json'), 'utf8')) as {
      nodes: { name: string; byHand: string[] }[];
    };
    const statements = record.nodes.find(({ name }) => name === 'db1')?.byHand ?? [];
    expect(statements.length).toBeGreaterThan(2);
    for (const statement of statements) {
      await db1!.sql((statement.split(';')[0] ?? '').replace('…', ACCOUNTS.replication.password));
    }
    expect(await done('recover', 'db1')).toBe(
      'db1 is UNKNOWN after FAILED_OFFLINE: the next good poll makes it STANDBY\n',
    );
    await reported('db1', /^OK\/STANDBY \(PRIMARY\)$/);
    await until('db1 has it', async () => {
      const rows = await db1!.sql('SELECT id FROM shop.t');
      return rows.length === 1 ? true : null;
    });
    expect((await cli('poll', 'shop', '--json')).json).toMatchObject({
      nodes: [
        { name: 'db1', state: 'STANDBY', status: 'OK', role: 'replica', readOnly: true, up: 'ro' },
        { name: 'db2', state: 'ACTIVE', status: 'OK', role: 'primary', readOnly: false, up: 'rw' },
      ],
    });
    expect(await db2!.sql('SELECT @@GLOBAL.read_only AS ro')).toEqual([{ ro: 0 }]);

    const told = (await events()).map(({ kind: what, node, message }) => `${what} ${node ?? ''} ${message}`).join('\n');
    const order = [
      /FAILOVER db2 switched: db1 -> db2/,
      /SECOND_WRITER db1 db1 came back writable and was made read-only again/,
      /ORDER db1 recover: db1 is UNKNOWN/,
      /STATE db1 OK_WARN\/UNKNOWN -> OK\/STANDBY/,
    ];
    const places = order.map((each) => told.search(each));
    expect({ told, places }).toEqual({ told, places: [...places].sort((a, b) => a - b) });
    expect(places).not.toContain(-1);
    expect(told).toMatch(/ACTIVE db2 .*-> OK_WARN\/ACTIVE: FAILOVER: Taking over ACTIVE state\./);
    expect(told).toMatch(/STATE db1 .*-> FAIL\/FAILED_OFFLINE/);
  }, 120_000);
});
