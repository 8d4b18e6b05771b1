import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, caughtUp, createCluster, position, until } from '@myswitch/testkit';
import type { FlightRecord } from '@myswitch/orchestrator';
import { describeKinds } from './support/kinds';
import { crash } from './support/crash';
import { poolOptions, SwitchPool } from './support/switch-pool';

const RECEIVER = { mysql: 'REPLICA IO_THREAD', mariadb: 'SLAVE IO_THREAD' } as const;

/** Null, to be asked again, also when the one who asks is ended with everybody else on a node that is being closed. */
async function onlyWriter(at: SwitchPool, name: string): Promise<true | null> {
  const writers = await at.writers().catch(() => []);
  return writers.join() === name ? true : null;
}

describeKinds('rejoin', (kind) => {
  let pool: SwitchPool | null = null;

  afterEach(async () => {
    await pool?.stop();
    await Promise.all((pool?.cluster.nodes ?? []).map((server) => server.remove()));
    pool = null;
  });

  async function start(cluster: Cluster): Promise<SwitchPool> {
    pool = new SwitchPool(cluster);
    await pool.start();
    await pool.node('db1').sql('CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20))');
    await caughtUp(pool.node('db1'), pool.cluster.nodes.slice(1));
    return pool;
  }

  /** db1 dies, db2 takes over, db1 comes back and is closed. */
  async function lose(at: SwitchPool): Promise<FlightRecord> {
    await at.node('db1').kill();
    return replace(at);
  }

  async function replace(at: SwitchPool): Promise<FlightRecord> {
    await until('it is missed', async () => ((await at.status()).nodes[0]!.errors > 0 ? true : null));
    const flight = await at.failover({ to: 'db2' });
    expect(flight).toMatchObject({ result: 'switched', to: 'db2' });
    await at.node('db1').start();
    await until('it is closed', () => onlyWriter(at, 'db2'));
    return flight;
  }

  const stateOf = async (at: SwitchPool, name: string) => (await at.status()).nodes.find((node) => node.name === name)!;

  const standsBy = (at: SwitchPool, name: string) =>
    until(`${name} stands by`, async () => {
      const { state, status } = await stateOf(at, name);
      return state === 'STANDBY' && status === 'OK' ? true : null;
    });

  const lostIn = (at: SwitchPool, { id }: FlightRecord) =>
    until('the list is in the record', async () => (await at.orchestrator.show(id))?.lost ?? null);

  const demoted = (at: SwitchPool): unknown =>
    (JSON.parse(readFileSync(join(at.stateDir, 'shop.journal.json'), 'utf8')) as { demoted: unknown }).demoted;

  /** Written where no replica hears of it, and MySwitch does not look: it would write heartbeats in between. Then db1 dies, and db2 takes over. */
  async function loseAfter(at: SwitchPool, statements: readonly string[]): Promise<FlightRecord> {
    const replicas = at.cluster.nodes.slice(1);
    for (const server of replicas) await server.sql(`STOP ${RECEIVER[kind]}`);
    for (const statement of statements) await at.node('db1').sql(statement);
    await at.node('db1').kill();
    for (const server of replicas) await server.sql(`START ${RECEIVER[kind]}`);
    await at.restart();
    return replace(at);
  }

  test('an old primary with nothing of its own follows, climbs, and still never comes back writable', async () => {
    const at = await start(await createCluster({ kind, replicas: 2 }));
    const flight = await lose(at);
    expect(await lostIn(at, flight)).toEqual({ node: 'db1', gtid: '', transactions: [], complete: true });
    await at.node('db2').sql("INSERT INTO shop.t VALUES (1, 'one')");
    expect(await at.rejoin('db1')).toMatchObject({ result: 'rejoined', node: 'db1', active: 'db2', reasons: [] });
    await standsBy(at, 'db1');
    await at.node('db2').sql("INSERT INTO shop.t VALUES (2, 'two')");
    await caughtUp(at.node('db2'), [at.node('db1'), at.node('db3')]);
    expect(demoted(at)).toMatchObject([{ node: 'db1' }]);

    // a restart makes MariaDB forget read_only
    await at.node('db1').restart();
    await until('it is closed again', () => onlyWriter(at, 'db2'));
    // where that took longer than it may, it is FAILED once more
    expect(await at.rejoin('db1')).toMatchObject({ result: 'rejoined' });
    await standsBy(at, 'db1');

    // and the way back is open
    const back = await at.orchestrator.activatePrimary(
      'shop',
      { by: 'test', force: true },
      () => undefined,
      new AbortController().signal,
    );
    expect(back).toMatchObject({ kind: 'switch', result: 'switched', from: 'db2', to: 'db1' });
    expect(demoted(at)).toMatchObject([{ node: 'db2' }]);
  });

  test('transactions that only the old primary had are listed exactly, and stand in its way until they are dealt with', async () => {
    const at = await start(await createCluster({ kind, replicas: 2 }));
    await at.stop();
    await caughtUp(at.node('db1'), at.cluster.nodes.slice(1));
    const before = await position(at.node('db1'));
    const flight = await loseAfter(at, [
      "INSERT INTO shop.t VALUES (7, 'seven')",
      'FLUSH BINARY LOGS',
      'CREATE TABLE shop.u (id INT PRIMARY KEY)',
      "UPDATE shop.t SET v = 'eight' WHERE id = 7",
      "CREATE USER 'late'@'%' IDENTIFIED BY 'plain-secret'",
    ]);
    const lost = await lostIn(at, flight);
    expect(lost.complete).toBe(true);
    const sequence = Number(/(\d+)$/.exec(before)?.[1]);
    const source = before.replace(/^(.*[:-])\d+$/, '$1').replace(/:1-$/, ':');
    expect(lost.transactions.map(({ gtid }) => gtid)).toEqual(
      [1, 2, 3, 4].map((each) => `${source}${sequence + each}`),
    );
    expect(lost.gtid).toBe(
      kind === 'mysql'
        ? `${source}${sequence + 1}-${sequence + 4}`
        : `${source}${sequence + 1}..${source}${sequence + 4}`,
    );
    expect(lost.transactions.map(({ statements }) => statements.at(-1))).toEqual([
      kind === 'mysql' ? 'write rows of shop.t' : "INSERT INTO shop.t VALUES (7, 'seven')",
      'CREATE TABLE shop.u (id INT PRIMARY KEY)',
      kind === 'mysql' ? 'update rows of shop.t' : "UPDATE shop.t SET v = 'eight' WHERE id = 7",
      '(about a password: not shown)',
    ]);
    await at.node('db2').sql("INSERT INTO shop.t VALUES (1, 'one')");

    const refused = await at.rejoin('db1');
    expect(refused).toMatchObject({ result: 'refused', reasons: [{ code: 'ERRANT' }], lost });
    expect(refused.waysOut.length).toBe(kind === 'mysql' ? 2 : 1);
    expect(await stateOf(at, 'db1')).toMatchObject({ state: 'FAILED_OFFLINE', readOnly: true });

    const forget = refused.waysOut.at(-1)!;
    const admin = await at.node('db1').connect({ multipleStatements: true });
    for (const statement of forget.statements) {
      if (statement === '-- undo what they changed') {
        await admin.query("DROP USER 'late'@'%'; DROP TABLE shop.u; DELETE FROM shop.t WHERE id = 7");
      } else if (!statement.startsWith('--')) {
        await admin.query(statement);
      }
    }
    await admin.end();
    expect(await at.rejoin('db1')).toMatchObject({ result: 'rejoined', reasons: [], lost: { gtid: '' } });
    await standsBy(at, 'db1');
    expect(await at.node('db1').sql('SELECT * FROM shop.t')).toEqual([{ id: 1, v: 'one' }]);
    // the record keeps what it said
    expect((await at.orchestrator.show(flight.id))?.lost).toEqual(lost);
  });

  test('cut short at any step, the same command goes on', async () => {
    const at = await start(await createCluster({ kind, replicas: 1, semiSync: true }));
    await lose(at);
    const places = ['lock', 'close', 'compare', 'follow', 'catch-up', 'recover'].flatMap((step) =>
      (['before', 'after'] as const).map((when) => [step, when] as const),
    );
    for (const [step, when] of places) {
      at.atStep = (name, moment) =>
        name === step && moment === when ? Promise.reject(new Error(`cut ${when} ${step}`)) : Promise.resolve();
      const cut = await at.rejoin('db1');
      expect(cut.result).not.toBe('rejoined');
      expect(await at.writers()).toEqual(['db2']);
      if (when === 'after') await at.restart();
      expect((await at.status()).active).toBe('db2');
    }
    at.atStep = () => Promise.resolve();
    expect(await at.rejoin('db1')).toMatchObject({ result: 'rejoined', reasons: [] });
    await standsBy(at, 'db1');
    const begun = performance.now();
    await at.node('db2').sql("INSERT INTO shop.t VALUES (3, 'three')");
    expect(performance.now() - begun).toBeLessThan(2000);
    await caughtUp(at.node('db2'), [at.node('db1')]);
  });

  test.each(['close', 'compare', 'follow', 'catch-up', 'recover'])('kill -9 after %s', async (step) => {
    const at = await start(await createCluster({ kind, replicas: 1 }));
    await lose(at);
    await at.stop();
    await crash({
      stateDir: at.stateDir,
      pool: poolOptions(at.cluster),
      work: 'rejoin',
      node: 'db1',
      step,
      when: 'after',
    });
    await at.restart();
    expect(at.plane.active).toEqual({ node: 'db2', epoch: 2 });
    expect(await at.writers()).toEqual(['db2']);
    expect(await at.rejoin('db1')).toMatchObject({ result: 'rejoined' });
    await at.node('db2').sql("INSERT INTO shop.t VALUES (4, 'four')");
    await caughtUp(at.node('db2'), [at.node('db1')]);
    expect(await at.writers()).toEqual(['db2']);
  });

  test('what it refuses', async () => {
    const at = await start(await createCluster({ kind, replicas: 1 }));
    expect(await at.rejoin('db1')).toMatchObject({ result: 'refused', reasons: [{ code: 'ALREADY_ACTIVE' }] });
    expect(await at.rejoin('db9')).toMatchObject({ result: 'refused', reasons: [{ code: 'NOT_A_NODE' }] });
    await at.node('db2').kill();
    expect(await at.rejoin('db2')).toMatchObject({ result: 'refused', reasons: [{ code: 'UNREACHABLE' }] });
    expect(await at.writers().catch(() => ['db1'])).toEqual(['db1']);
  });

  test('a switch is undone by a switch, unless something else happened since', async () => {
    const at = await start(await createCluster({ kind, replicas: 1 }));
    const back = (): Promise<FlightRecord> =>
      at.orchestrator.switchback('shop', { by: 'test', force: true }, () => undefined, new AbortController().signal);
    expect(await back()).toMatchObject({ result: 'refused', reasons: [{ code: 'NO_SWITCH' }] });
    expect(await at.switch({ to: 'db2' })).toMatchObject({ result: 'switched' });
    expect(await back()).toMatchObject({ result: 'switched', from: 'db2', to: 'db1' });
    await lose(at);
    expect(await back()).toMatchObject({ result: 'refused', reasons: [{ code: 'CHANGED' }] });
  });
});
