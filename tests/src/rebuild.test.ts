import type { PoolOptions, StepEvent } from '@myswitch/orchestrator';
import { ACCOUNTS, caughtUp, follow } from '@myswitch/testkit';
import { readFileSync } from 'node:fs';
import { describeKinds, whyNoCopies } from './support/kinds';
import { rebuildStage } from './support/rebuild-stage';

// a copy, on a machine that has more to do
jest.setTimeout(180_000);

describeKinds(
  'rejoin --rebuild',
  (kind) => {
    const { start, lose, standsBy, stateOf, rows, isHealthy, journal, everything, reasonsOf, rebuilding, cutShort } =
      rebuildStage(kind);

    test('a node with a transaction of its own becomes a copy of a replica, and can be switched to', async () => {
      const at = await start(2);
      const failover = await lose(at);
      await at.node('db2').sql("INSERT INTO shop.t VALUES (1, 'one')");
      await caughtUp(at.node('db2'), [at.node('db3')]);
      // what db1 lacks is not to be had as transactions any more
      await at.node('db2').sql('FLUSH BINARY LOGS');
      await at.node('db2').sql('PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY');
      await standsBy(at, 'db3');
      const steps: StepEvent[] = [];
      const work = at.rebuild('db1', (step) => steps.push(step));
      await rebuilding().restarts(at.node('db1'));
      const report = await work;
      expect(report).toMatchObject({ result: 'rejoined', reasons: [], donor: 'db3', active: 'db2' });
      expect(report.steps.map(({ name }) => name)).toEqual(
        'lock guard close list donor confirm prepare copy restart follow catch-up recover'.split(' '),
      );
      await isHealthy(at, 'db1');
      expect(await rows(at.node('db1'))).toMatchObject({ ids: [1, 101] });

      // what the copy has destroyed is in two records
      const { lost } = report;
      expect(lost).toMatchObject({ node: 'db1', complete: true });
      expect(lost!.transactions.length).toBe(1);
      expect(await at.orchestrator.show(report.id)).toEqual(JSON.parse(JSON.stringify(report)));
      expect((await at.orchestrator.show(failover))?.lost).toEqual(lost);

      const secrets = [ACCOUNTS.control, ACCOUNTS.replication].map(({ password }) => password);
      const written = everything(at) + JSON.stringify(steps) + readFileSync(at.node('db1').errorLog, 'utf8');
      for (const secret of secrets) expect(written).not.toContain(secret);

      expect(await at.switch({ to: 'db1' })).toMatchObject({ result: 'switched', to: 'db1' });
    });

    test('it is not done unless its name is typed, and what would be destroyed is shown', async () => {
      const at = await start(1);
      await lose(at);
      for (const confirm of [null, 'db2', 'DB1', '']) {
        const refused = await at.rebuild('db1', undefined, confirm);
        expect(refused).toMatchObject({ result: 'refused', reasons: [{ code: 'UNCONFIRMED' }], donor: 'db2' });
        expect(refused.lost?.transactions.length).toBe(1);
      }
      expect(await rows(at.node('db1'))).toMatchObject({ ids: [7] });
      expect(journal(at).rebuilds ?? []).toEqual([]);
      expect(reasonsOf(await at.rejoin('db1'))).toEqual(['ERRANT']);
    });

    test('what it lacks it names, and nothing is changed', async () => {
      const bare = (given: PoolOptions): PoolOptions => ({ ...given, rebuild: { ...given.rebuild, command: null } });
      const at = await start(1, { grants: false, change: bare });
      const refused = await at.rebuild('db2');
      if (kind === 'mariadb') {
        expect(refused).toMatchObject({ result: 'refused', reasons: [{ code: 'NO_COMMAND' }] });
      } else {
        expect(refused).toMatchObject({ result: 'refused', reasons: [{ code: 'PRIVILEGES' }] });
        for (const node of ['db1', 'db2']) {
          expect(refused.reasons[0]!.message).toContain(`on ${node}: GRANT BACKUP_ADMIN ON *.* TO \`myswitch\`@\`%\``);
          expect(refused.reasons[0]!.message).toContain(`on ${node}: GRANT CLONE_ADMIN ON *.*`);
        }
        for (const statement of rebuilding().grants) await at.node('db1').sql(statement);
        await caughtUp(at.node('db1'), [at.node('db2')]);
        await at.node('db1').sql('UNINSTALL PLUGIN clone');
        const without = await at.rebuild('db2');
        expect(without).toMatchObject({ result: 'refused', reasons: [{ code: 'PLUGIN' }] });
        expect(without.reasons[0]!.message).toContain("on db1: INSTALL PLUGIN clone SONAME 'mysql_clone.so'");
      }
      await at.node('db1').sql("INSERT INTO shop.t VALUES (1, 'one')");
      await caughtUp(at.node('db1'), [at.node('db2')]);
      expect(await stateOf(at, 'db2')).toMatchObject({ state: 'STANDBY', status: 'OK' });
    });

    test('what it refuses', async () => {
      const at = await start(2);
      expect(reasonsOf(await at.rebuild('db1'))).toEqual(['ALREADY_ACTIVE']);
      expect(reasonsOf(await at.rebuild('db9'))).toEqual(['NOT_A_NODE']);
      await at.orchestrator.carryOut('shop', { kind: 'freeze', reason: 'inventory' }, 'test');
      expect(await at.rebuild('db2')).toMatchObject({
        reasons: [{ code: 'FROZEN', message: expect.stringContaining('inventory') }],
      });
      await at.orchestrator.carryOut('shop', { kind: 'unfreeze' }, 'test');
      await at.orchestrator.carryOut('shop', { kind: 'pause', forMs: 3000 }, 'test');
      expect(reasonsOf(await at.rebuild('db2'))).toEqual(['IN_PROGRESS']);
      await at.orchestrator.carryOut('shop', { kind: 'resume' }, 'test');

      // db3 is moved under db2
      await at.node('db3').sql(kind === 'mysql' ? 'STOP REPLICA' : 'STOP SLAVE');
      await follow(at.node('db3'), at.node('db2'));
      expect(reasonsOf(await at.rebuild('db2'))).toEqual(['HAS_REPLICAS']);
      expect(await rows(at.node('db2'))).toEqual(await rows(at.node('db1')));
    });

    test('kill -9 of MySwitch while it copies', () => cutShort('copy', 'during'));
  },
  whyNoCopies,
);
