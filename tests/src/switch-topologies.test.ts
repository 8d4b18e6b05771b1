import { ACCOUNTS, caughtUp, createCluster, sleep, until, type Cluster } from '@myswitch/testkit';
import { describeKinds } from './support/kinds';
import { SwitchPool } from './support/switch-pool';

/** No warning but MariaDB's about its option file. */
const others = (warnings: readonly { code: string; message: string }[]): unknown[] =>
  warnings.filter(({ code }) => code !== 'READ_ONLY');

describeKinds('topologies and settings that a switch takes along', (kind) => {
  let pool: SwitchPool | null = null;

  afterEach(async () => {
    await pool?.stop();
    await Promise.all((pool?.cluster.nodes ?? []).map((server) => server.remove()));
    pool = null;
  });

  async function start(cluster: Cluster, change?: ConstructorParameters<typeof SwitchPool>[1]): Promise<SwitchPool> {
    const started = new SwitchPool(cluster, change);
    pool = started;
    await started.start();
    return started;
  }

  test('a circular pair: there and back twice, and both directions run', async () => {
    const {
      node,
      switch: go,
      status,
      writers,
    } = bind(await start(await createCluster({ kind, replicas: 1, circular: true })));
    await node('db1').sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY)');
    for (const to of ['db2', 'db1', 'db2', 'db1']) {
      const record = await go({ to });
      expect(record).toMatchObject({ result: 'switched', reasons: [] });
      expect(others(record.warnings)).toEqual([]);
      expect(await writers()).toEqual([to]);
      await node(to).sql('INSERT INTO shop.t VALUES ()');
      await caughtUp(node(to), [node(to === 'db1' ? 'db2' : 'db1')]);
      expect((await status()).active).toBe(to);
      for (const name of ['db1', 'db2']) {
        const [row] = await node(name).sql('SHOW REPLICA STATUS');
        expect([name, row?.['Replica_IO_Running'] ?? row?.['Slave_IO_Running']]).toEqual([name, 'Yes']);
        expect([name, row?.['Replica_SQL_Running'] ?? row?.['Slave_SQL_Running']]).toEqual([name, 'Yes']);
      }
    }
  });

  test('semi-sync: two nodes are refused unless it is suspended; the parts are swapped', async () => {
    const {
      node,
      switch: go,
      check,
      writers,
    } = bind(await start(await createCluster({ kind, replicas: 1, semiSync: true })));
    const refusal = await check({ to: 'db2' });
    expect(refusal.guardrails.filter(({ ok }) => !ok).map(({ code }) => code)).toEqual(['SEMI_SYNC']);
    for (const to of ['db2', 'db1']) {
      const from = to === 'db1' ? 'db2' : 'db1';
      const record = await go({ to, semiSync: 'suspend', force: false });
      expect(record).toMatchObject({ result: 'switched', reasons: [] });
      expect(record.warnings.map(({ code }) => code)).toContain('SEMI_SYNC');
      expect(await writers()).toEqual([to]);
      const [source, replica] = kind === 'mysql' ? ['source', 'replica'] : ['master', 'slave'];
      const flags = async (name: string): Promise<unknown[]> => {
        const [row] = await node(name).sql(
          `SELECT @@GLOBAL.rpl_semi_sync_${source}_enabled AS source, @@GLOBAL.rpl_semi_sync_${replica}_enabled AS replica`,
        );
        return [row?.['source'], row?.['replica']];
      };
      expect(await flags(to)).toEqual([1, 0]);
      expect(await flags(from)).toEqual([0, 1]);
      await until('the old primary acknowledges', async () => {
        const [row] = await node(to).sql(`SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_${source}_clients'`);
        return row?.['Value'] === '1' ? true : null;
      });
      await sleep(1000);
    }
  });

  test('semi-sync with a third node: it acknowledges from the first write on', async () => {
    const { node, switch: go, writers } = bind(await start(await createCluster({ kind, replicas: 2, semiSync: true })));
    const record = await go({ to: 'db2', force: false });
    expect(record).toMatchObject({ result: 'switched', reasons: [], warnings: kind === 'mysql' ? [] : [{}] });
    expect(record.holdMs).toBeLessThan(1000);
    expect(await writers()).toEqual(['db2']);
    const name = kind === 'mysql' ? 'source' : 'master';
    const [row] = await node('db2').sql(`SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_${name}_clients'`);
    expect(row?.['Value']).toBe('2');
  });

  test('semi-sync with a third node, rolled back: it is put under the old primary again', async () => {
    const {
      node,
      switch: go,
      writers,
      seam,
      check,
    } = bind(await start(await createCluster({ kind, replicas: 2, semiSync: true })));
    seam((step, when) =>
      step === 'fence' && when === 'after' ? Promise.reject(new Error('made to fail')) : Promise.resolve(),
    );
    expect(await go({ to: 'db2', force: false })).toMatchObject({ result: 'rolled-back' });
    expect(await writers()).toEqual(['db1']);
    await until('the third node follows db1', async () => {
      const [row] = await node('db3').sql('SHOW REPLICA STATUS');
      return Number(row?.['Source_Port'] ?? row?.['Master_Port']) === node('db1').port ? true : null;
    });
    await caughtUp(node('db1'), [node('db2'), node('db3')]);
    await sleep(300);
    expect((await check({ to: 'db2' })).guardrails.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('events move, keep their definer, and stay off on the old primary', async () => {
    const { node, switch: go } = bind(await start(await createCluster({ kind, replicas: 1, events: true })));
    await node('db1').sql('CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, who VARCHAR(80))');
    await node('db1').sql(
      `CREATE DEFINER = '${ACCOUNTS.app.user}'@'%' EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.t (who) VALUES (CURRENT_USER())`,
    );
    await caughtUp(node('db1'), [node('db2')]);
    for (const to of ['db2', 'db1']) {
      const from = to === 'db1' ? 'db2' : 'db1';
      const record = await go({ to });
      expect(record).toMatchObject({ result: 'switched', reasons: [] });
      expect(others(record.warnings)).toEqual([]);
      const events = async (name: string): Promise<unknown> =>
        (await node(name).sql("SELECT STATUS, DEFINER FROM information_schema.EVENTS WHERE EVENT_NAME = 'tick'"))[0];
      expect(await events(to)).toEqual({ STATUS: 'ENABLED', DEFINER: 'app@%' });
      expect(await events(from)).toMatchObject({
        STATUS: kind === 'mysql' ? 'REPLICA_SIDE_DISABLED' : 'SLAVESIDE_DISABLED',
      });
      for (const name of [from, to]) {
        expect([name, (await node(name).sql('SELECT @@GLOBAL.event_scheduler AS s'))[0]?.['s']]).toEqual([name, 'ON']);
      }
      await sleep(1000);
    }
  });

  test('an event scheduler is on again after a roll back', async () => {
    const { node, switch: go, seam } = bind(await start(await createCluster({ kind, replicas: 1, events: true })));
    await node('db1').sql('CREATE EVENT shop.tick ON SCHEDULE EVERY 1 HOUR DO SELECT 1');
    await caughtUp(node('db1'), [node('db2')]);
    let during: unknown;
    seam(async (step, when) => {
      if (step !== 'apply' || when !== 'after') return;
      during = (await node('db1').sql('SELECT @@GLOBAL.event_scheduler AS s'))[0]?.['s'];
      throw new Error('made to fail');
    });
    expect(await go({ to: 'db2' })).toMatchObject({ result: 'rolled-back' });
    expect(during).toBe('OFF');
    expect((await node('db1').sql('SELECT @@GLOBAL.event_scheduler AS s'))[0]?.['s']).toBe('ON');
  });

  test('what a roll back could not put back is put back before the next switch', async () => {
    const { node, switch: go, seam } = bind(await start(await createCluster({ kind, replicas: 1, events: true })));
    const db1 = node('db1');
    await db1.sql('CREATE EVENT shop.tick ON SCHEDULE EVERY 1 HOUR DO SELECT 1');
    await caughtUp(db1, [node('db2')]);
    const list = `SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '${ACCOUNTS.control.user}'`;
    seam(async (step, when) => {
      if (step !== 'drain' || when !== 'before') return;
      for (const { ID } of await db1.sql(list)) await db1.sql(`KILL ${String(ID)}`).catch(() => undefined);
      await sleep(50);
      throw new Error('made to fail');
    });
    expect(await go({ to: 'db2' })).toMatchObject({ result: 'rolled-back', reasons: [{}, { code: 'UNREACHABLE' }] });
    seam((step, when) =>
      step === 'drain' && when === 'before' ? Promise.reject(new Error('this one too')) : Promise.resolve(),
    );
    expect(await go({ to: 'db2' })).toMatchObject({ result: 'rolled-back', reasons: [{ message: 'this one too' }] });
    expect((await db1.sql('SELECT @@GLOBAL.event_scheduler AS s'))[0]?.['s']).toBe('ON');
  });

  test('bypassing sessions are killed, an allowed one stays', async () => {
    const { node, switch: go } = bind(
      await start(await createCluster({ kind, replicas: 1 }), (options) => ({
        ...options,
        switch: { ...options.switch, allow: ['backup'] },
      })),
    );
    await node('db1').sql("CREATE USER 'backup'@'%' IDENTIFIED BY 'b'");
    const past = await node('db1').connect(ACCOUNTS.app);
    past.on('error', () => undefined);
    const backup = await node('db1').connect({ user: 'backup', password: 'b' });
    const record = await go({ to: 'db2', bypass: 'kill' });
    expect(record).toMatchObject({ result: 'switched', killed: 1 });
    await expect(past.query('SELECT 1')).rejects.toThrow();
    await expect(backup.query('SELECT 1')).resolves.toBeDefined();
    await backup.end();
  });

  test('the old primary restarts and is never left writable', async () => {
    const { node, switch: go, writers, status, lines } = bind(await start(await createCluster({ kind, replicas: 1 })));
    await go({ to: 'db2' });
    await node('db1').restart();
    await sleep(100);
    expect(await writers()).toEqual(['db2']);
    const closed = lines.filter(({ message }) => message.includes('came back writable'));
    expect(closed).toHaveLength(kind === 'mysql' ? 0 : 1);
    // it may have been away long enough to fail
    await until('it is good again', async () => ((await status()).nodes[0]!.status === 'OK' ? true : null));
    expect((await status()).nodes[0]).toMatchObject({ readOnly: true });
    await caughtUp(node('db2'), [node('db1')]);
    await until('replication is healthy', async () => ((await go({ to: 'db1' })).result === 'switched' ? true : null));
    expect(await writers()).toEqual(['db1']);
  });

  test('the old primary dies right after the release: switched, with what to do by hand', async () => {
    const { node, switch: go, seam, writers } = bind(await start(await createCluster({ kind, replicas: 1 })));
    seam(async (step, when) => {
      if (step === 'release' && when === 'after') await node('db1').kill();
    });
    const record = await go({ to: 'db2' });
    expect(record.result).toBe('switched');
    const text = record.warnings.map(({ message }) => message).join('\n');
    expect(text).toContain(kind === 'mysql' ? 'CHANGE REPLICATION SOURCE TO' : 'CHANGE MASTER TO');
    expect(text).not.toContain(ACCOUNTS.replication.password);
    await node('db1').start();
    await sleep(800);
    expect(await writers()).toEqual(['db2']);
  });

  test('the candidate dies while it is promoted: nobody writes until it is known, then one does', async () => {
    const { node, switch: go, seam, plane, status } = bind(await start(await createCluster({ kind, replicas: 1 })));
    seam(async (step, when) => {
      if (step === 'probe' && when === 'before') await node('db2').kill();
    });
    const record = await go({ to: 'db2' });
    expect(record.result).toBe('failed');
    expect(plane.active).toBeNull();
    expect((await node('db1').sql('SELECT @@GLOBAL.read_only AS r'))[0]?.['r']).toBe(1);
    await node('db2').start();
    await until('one of them is ACTIVE', async () => ((await status()).active === null ? null : true));
    expect(plane.gate).toBe('OPEN');
    const { active } = await status();
    const open: string[] = [];
    for (const name of ['db1', 'db2']) {
      if ((await node(name).sql('SELECT @@GLOBAL.read_only AS r'))[0]?.['r'] === 0) open.push(name);
    }
    expect(open).toEqual([active]);
  });

  test('both have transactions that the other lacks: both stay fenced until a person opens one', async () => {
    const {
      node,
      switch: go,
      seam,
      plane,
      status,
      writers,
    } = bind(await start(await createCluster({ kind, replicas: 1 })));
    seam(async (step, when) => {
      if (step !== 'promote' || when !== 'after') return;
      await node('db2').sql('CREATE DATABASE stranger');
      throw new Error('made to fail');
    });
    const record = await go({ to: 'db2' });
    expect(record).toMatchObject({ result: 'failed', reasons: [{ message: 'made to fail' }, { code: 'DIVERGED' }] });
    await sleep(600);
    expect(await writers()).toEqual([]);
    expect(plane.active).toBeNull();
    expect(await status()).toMatchObject({ active: null, status: 'FAIL' });
    await node('db1').sql('SET GLOBAL read_only = 0');
    await until('db1 is ACTIVE', () => Promise.resolve(plane.active?.node === 'db1' ? true : null));
    expect(plane.gate).toBe('OPEN');
  });

  test('the ACTIVE goes away and comes back: it stays ACTIVE', async () => {
    const { node, status, lines } = bind(await start(await createCluster({ kind, replicas: 1 })));
    await node('db1').kill();
    await until('it is missed', async () => ((await status()).status === 'OK_CRITICAL' ? true : null));
    expect(await status()).toMatchObject({ active: 'db1', nodes: [{ state: 'ACTIVE', status: 'OK_CRITICAL' }, {}] });
    await node('db1').start();
    await until('it is back', async () => ((await status()).status === 'OK' ? true : null));
    expect((await status()).active).toBe('db1');
    expect(lines.filter(({ message }) => message === 'db1 does not answer')).toHaveLength(1);
  });

  test('somebody promotes the other node by hand: MySwitch follows', async () => {
    const { node, plane } = bind(await start(await createCluster({ kind, replicas: 1, circular: true })));
    await node('db1').sql('SET GLOBAL read_only = 1');
    await caughtUp(node('db1'), [node('db2')]);
    await node('db2').sql('SET GLOBAL read_only = 0');
    await until('db2 is ACTIVE', () => Promise.resolve(plane.active?.node === 'db2' ? true : null));
    expect(plane.active).toEqual({ node: 'db2', epoch: 2 });
  });

  test('nodes that speak TLS', async () => {
    const cluster = await createCluster({ kind, replicas: 1, tls: true });
    const { switch: go, writers } = bind(
      await start(cluster, (options) => ({
        ...options,
        nodes: options.nodes.map((node, index) => ({
          ...node,
          tls: { ca: cluster.nodes[index]?.ca ?? null, cert: null, key: null },
        })),
      })),
    );
    expect(await go({ to: 'db2' })).toMatchObject({ result: 'switched' });
    expect(await writers()).toEqual(['db2']);
  });
});

function bind(pool: SwitchPool) {
  return {
    node: (name: string) => pool.node(name),
    switch: (...args: Parameters<SwitchPool['switch']>) => pool.switch(...args),
    check: (...args: Parameters<SwitchPool['check']>) => pool.check(...args),
    status: () => pool.status(),
    writers: () => pool.writers(),
    seam: (atStep: SwitchPool['atStep']) => {
      pool.atStep = atStep;
    },
    lines: pool.lines,
    get plane() {
      return pool.plane;
    },
  };
}
