import type { PoolOptions } from '@myswitch/orchestrator';
import { caughtUp, sleep } from '@myswitch/testkit';
import { describeKinds, whyNoCopies } from './support/kinds';
import { rebuildStage } from './support/rebuild-stage';

// a copy, on a machine that has more to do
jest.setTimeout(180_000);

describeKinds(
  'rejoin --rebuild that does not go well',
  (kind) => {
    const { start, lose, stateOf, standsBy, isHealthy, slowly, reasonsOf, rebuilding, cutShort } = rebuildStage(kind);

    test('meanwhile nothing else is done with the node, and the pool is free', async () => {
      const at = await start(2);
      await lose(at);
      await slowly(at.node('db1'));
      const seen: unknown[] = [];
      const asked: Promise<void>[] = [];
      const work = at.rebuild('db1', ({ step, state }) => {
        if (step !== 'copy' || state !== 'info' || asked.length > 0) return;
        const ask = async (): Promise<void> => {
          seen.push(reasonsOf(await at.rebuild('db1')), reasonsOf(await at.rejoin('db1')));
          const recovering = at.orchestrator.carryOut('shop', { kind: 'recover', node: 'db1' }, 'test');
          seen.push(await recovering.catch(({ code }: { code: string }) => code));
          seen.push((await stateOf(at, 'db1')).state, (await at.switch({ to: 'db1' })).result);
          seen.push((await at.switch({ to: 'db3' })).result);
        };
        asked.push(ask());
      });
      await rebuilding().restarts(at.node('db1'));
      const report = await work;
      await Promise.all(asked);
      expect(seen).toEqual([['IN_PROGRESS'], ['IN_PROGRESS'], 'IN_PROGRESS', 'FAILED_OFFLINE', 'refused', 'switched']);
      // it follows whoever is ACTIVE by then
      expect(report).toMatchObject({ result: 'rejoined', active: 'db3' });
      await standsBy(at, 'db1');
      await caughtUp(at.node('db3'), [at.node('db1'), at.node('db2')]);
    });

    test('a donor that dies in the middle: the node stays FAILED, and is copied from another one', async () => {
      const at = await start(2);
      await lose(at);
      await slowly(at.node('db1'));
      const killed: Promise<void>[] = [];
      const failed = await at.rebuild('db1', ({ step, state }) => {
        if (step === 'copy' && state === 'info' && killed.length === 0) killed.push(at.node('db3').kill());
      });
      await Promise.all(killed);
      expect(failed).toMatchObject({ result: 'failed', reasons: [{ code: 'COPY_FAILED' }], donor: 'db3' });
      expect(await at.writers().catch(() => ['db2'])).toEqual(['db2']);
      expect((await stateOf(at, 'db1')).state).toMatch(/^FAILED_/);
      expect(reasonsOf(await at.rejoin('db1'))).toEqual(['HALF_COPIED']);
      expect((await at.switch({ to: 'db1' })).result).toBe('refused');

      const work = at.rebuild('db1');
      await rebuilding().restarts(at.node('db1'));
      expect(await work).toMatchObject({ result: 'rejoined', donor: 'db2' });
      at.node('db3').addToMyCnf('read_only=1');
      await at.node('db3').start();
      await isHealthy(at, 'db1');
    });

    test('an operator may end it', async () => {
      const at = await start(1);
      await lose(at);
      await slowly(at.node('db1'));
      const end = new AbortController();
      const ended = await at.rebuild(
        'db1',
        ({ step, state }) => (step === 'copy' && state === 'info' ? end.abort() : undefined),
        'db1',
        end.signal,
      );
      expect(ended).toMatchObject({
        result: 'failed',
        reasons: [{ code: 'COPY_FAILED', message: expect.stringContaining('stopped by the operator') }],
      });
      expect(await at.writers()).toEqual(['db2']);
      expect(reasonsOf(await at.rejoin('db1'))).toEqual(['HALF_COPIED']);
    });

    test.each([
      ['prepare', 'after'],
      ['copy', 'after'],
      ['restart', 'after'],
      ['follow', 'after'],
    ] as const)('kill -9 of MySwitch, %s, %s it', cutShort);

    const ofMySql = kind === 'mysql' ? test : test.skip;

    ofMySql('a server that is started too late is not copied again', async () => {
      const short = (given: PoolOptions): PoolOptions => ({ ...given, rebuild: { ...given.rebuild, restartMs: 500 } });
      const at = await start(1, { change: short });
      await lose(at);
      expect(await at.rebuild('db1')).toMatchObject({ result: 'failed', reasons: [{ code: 'NOT_BACK' }] });
      expect(reasonsOf(await at.rejoin('db1'))).toEqual(['UNREACHABLE']);
      await rebuilding().restarts(at.node('db1'));
      expect(await at.rejoin('db1')).toMatchObject({ result: 'rejoined', reasons: [] });
      await isHealthy(at, 'db1');
    });

    ofMySql('a program of the operator goes before the clone plugin', async () => {
      const at = await start(1, { program: true });
      await lose(at);
      expect(await at.rebuild('db1')).toMatchObject({ result: 'rejoined', reasons: [] });
      await isHealthy(at, 'db1');
    });

    test('a server that does not even run is made anew by a program', async () => {
      const at = await start(1, { program: true });
      await lose(at);
      await at.node('db1').kill();
      const report = await at.rebuild('db1');
      expect(report).toMatchObject({ result: 'rejoined', reasons: [], lost: null });
      expect(report.warnings.map(({ code }) => code)).toContain('UNKNOWN_LOSS');
      await isHealthy(at, 'db1');
    });

    test('events of the ACTIVE do not write on its copy', async () => {
      const at = await start(1);
      await lose(at);
      await at.node('db2').sql('SET GLOBAL event_scheduler = ON');
      await at.node('db1').sql('SET GLOBAL event_scheduler = ON');
      await at
        .node('db2')
        .sql(
          "CREATE EVENT shop.e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.t SELECT MAX(id) + 1, 'event' FROM shop.t",
        );
      const work = at.rebuild('db1');
      await rebuilding().restarts(at.node('db1'));
      expect(await work).toMatchObject({ result: 'rejoined', reasons: [] });
      await at.node('db1').sql('SET GLOBAL event_scheduler = ON');
      await sleep(2500);
      await at.node('db2').sql('SET GLOBAL event_scheduler = OFF');
      await isHealthy(at, 'db1');
      expect(await at.rejoin('db1')).toMatchObject({ result: 'rejoined' });
    });
  },
  whyNoCopies,
);
