import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PoolOptions, RejoinReport } from '@myswitch/orchestrator';
import { caughtUp, createCluster, type Kind, position, type TestServer, until } from '@myswitch/testkit';
import { crash } from './crash';
import type { CrashOrder } from './crashing-child';
import { Rebuilding } from './rebuilding';
import { poolOptions, SwitchPool } from './switch-pool';

/** What the tests of `rejoin --rebuild` share; each has a pool of its own. */
export function rebuildStage(kind: Kind) {
  let pool: SwitchPool | null = null;
  let rebuilding: Rebuilding | null = null;

  afterEach(async () => {
    await pool?.stop();
    await rebuilding?.end();
    await Promise.all((pool?.cluster.nodes ?? []).map((server) => server.remove()));
    [pool, rebuilding] = [null, null];
  });

  async function start(
    replicas: number,
    { grants = true, program = false, change = (given: PoolOptions) => given as PoolOptions } = {},
  ) {
    const cluster = await createCluster({ kind, replicas, extra: Rebuilding.myCnf(kind) });
    rebuilding = await Rebuilding.of(cluster, program);
    const { options } = rebuilding;
    const all = (given: PoolOptions): PoolOptions => change({ ...given, rebuild: options });
    pool = await new SwitchPool(cluster, all).start();
    await pool.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20))');
    for (const statement of grants ? rebuilding.grants : []) await pool.node('db1').sql(statement);
    await caughtUp(pool.node('db1'), cluster.nodes.slice(1));
    return pool;
  }

  const stateOf = async (at: SwitchPool, name: string) => (await at.status()).nodes.find((node) => node.name === name)!;

  const RECEIVER = { mysql: 'REPLICA IO_THREAD', mariadb: 'SLAVE IO_THREAD' }[kind];

  /** A heartbeat between two of these would be with one of them alone: then they go on, and null. */
  async function deafen(replicas: readonly TestServer[]): Promise<true | null> {
    for (const server of replicas) await server.sql(`STOP ${RECEIVER}`);
    const received = new Set(await Promise.all(replicas.map(position)));
    if (received.size === 1) return true;
    for (const server of replicas) await server.sql(`START ${RECEIVER}`);
    return null;
  }

  /** db1 dies with a transaction of its own, db2 takes over, db1 comes back and is closed. Resolves with the failover's id. */
  async function lose(at: SwitchPool): Promise<string> {
    await until('all have received the same', () => deafen(at.cluster.nodes.slice(1)));
    await at.node('db1').sql("INSERT INTO shop.t VALUES (7, 'seven')");
    await at.node('db1').kill();
    await until('it is missed', async () => ((await at.status()).nodes[0]!.errors > 0 ? true : null));
    // nobody can say whether they hear it: their receivers are stopped
    const flight = await at.failover({ to: 'db2', force: true });
    expect(flight).toMatchObject({ result: 'switched', to: 'db2', reasons: [] });
    await at.node('db1').start();
    await until('it is closed', async () => ((await at.writers().catch(() => [])).join() === 'db2' ? true : null));
    return flight.id;
  }

  const standsBy = (at: SwitchPool, name: string) =>
    until(`${name} stands by`, async () => {
      const { state, status } = await stateOf(at, name);
      return state === 'STANDBY' && status === 'OK' ? true : null;
    });

  const rows = async (server: TestServer): Promise<unknown> => ({
    checksum: (await server.sql('CHECKSUM TABLE shop.t'))[0]!['Checksum'],
    ids: (await server.sql('SELECT id FROM shop.t ORDER BY id')).map(({ id }) => id),
  });

  /** It has what db2 has, gets what db2 gets, and neither it nor another one but db2 writes. */
  async function isHealthy(at: SwitchPool, name: string): Promise<void> {
    await standsBy(at, name);
    await at.node('db2').sql(`INSERT INTO shop.t SELECT COUNT(*) + 100, 'more' FROM shop.t`);
    await caughtUp(at.node('db2'), [at.node(name)]);
    expect(await rows(at.node(name))).toEqual(await rows(at.node('db2')));
    expect(await at.writers()).toEqual(['db2']);
    expect(journal(at)).toMatchObject({ rebuilds: [] });
  }

  const journal = (at: SwitchPool): { rebuilds?: unknown[] } =>
    JSON.parse(readFileSync(join(at.stateDir, 'shop.journal.json'), 'utf8')) as { rebuilds?: unknown[] };

  /** All that MySwitch has written. */
  function everything(at: SwitchPool): string {
    const files = readdirSync(at.stateDir, { recursive: true, encoding: 'utf8' }).map((name) =>
      join(at.stateDir, name),
    );
    return files
      .filter((file) => statSync(file).isFile())
      .map((file) => readFileSync(file, 'utf8'))
      .concat(JSON.stringify(at.lines))
      .join('\n');
  }

  /** A copy that is over at once can't be caught in the middle. */
  async function slowly(server: TestServer): Promise<void> {
    if (kind === 'mysql') await server.sql('SET GLOBAL clone_max_data_bandwidth = 10');
  }

  const reasonsOf = ({ reasons }: RejoinReport): string[] => reasons.map(({ code }) => code);

  /** What a dead MySwitch has begun may still run for a moment. */
  const onceIsFree = (at: SwitchPool): Promise<RejoinReport> =>
    until('the former program has ended', async () => {
      const report = await at.rebuild('db1');
      return report.reasons.some(({ message }) => message.includes('is under way')) ? null : report;
    });

  /** MySwitch is killed, and comes back: db1 is FAILED and nobody's candidate until it is whole, and is whole in the end. */
  async function cutShort(step: string, when: CrashOrder['when']): Promise<void> {
    const at = await start(1);
    await lose(at);
    await slowly(at.node('db1'));
    await at.stop();
    const options = { ...poolOptions(at.cluster), rebuild: rebuilding!.options };
    const dead = crash({ stateDir: at.stateDir, pool: options, work: 'rebuild', node: 'db1', step, when });
    const restarted = step === 'restart' || step === 'follow';
    if (restarted) await rebuilding!.restarts(at.node('db1'));
    await dead;
    await at.restart();
    expect(at.plane.active).toEqual({ node: 'db2', epoch: 2 });
    expect((await stateOf(at, 'db1')).state).toMatch(/^FAILED_/);
    const whole = restarted || (kind === 'mysql' && step === 'copy');
    if (!restarted) {
      expect(JSON.stringify(at.lines)).toContain('did not come to its end');
      expect((await at.switch({ to: 'db1' })).result).toBe('refused');
      // MySQL goes on by itself, and knows when it is done
      if (whole) await rebuilding!.restarts(at.node('db1'));
    }
    if (whole) {
      expect(await at.rejoin('db1')).toMatchObject({ result: 'rejoined', reasons: [] });
    } else {
      expect(reasonsOf(await at.rejoin('db1'))).toEqual(['HALF_COPIED']);
      const work = onceIsFree(at);
      await rebuilding!.restarts(at.node('db1'));
      expect(await work).toMatchObject({ result: 'rejoined', reasons: [] });
    }
    await isHealthy(at, 'db1');
  }

  return {
    start,
    lose,
    stateOf,
    standsBy,
    rows,
    isHealthy,
    journal,
    everything,
    slowly,
    reasonsOf,
    cutShort,
    rebuilding: () => rebuilding!,
  };
}
