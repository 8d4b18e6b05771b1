import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the candidate does not apply in time: taken back, nobody was promoted, and a later failover comes off',
  topology: { replicas: 1, semiSync: true },
  pool: { failover: { mode: 'manual', apply: '300ms' } },
  async fault(scene) {
    const blocker = await scene.node('db2').connect();
    await blocker.query('LOCK TABLES shop.ledger READ'); // the applier waits for it
    await scene.written(100);
    await scene.node('db1').kill();
    await scene.shows('db1 ACTIVE OK_CRITICAL');
    const early = await scene.cli('failover', 'shop', '--yes', '--json');
    expect(early.code).toBe(4);
    await blocker.query('UNLOCK TABLES');
    await blocker.end();
    const { code } = await scene.cli('failover', 'shop', '--yes', '--json');
    expect(code).toBe(0);
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: 'db2',
    flights: ['failover rolled-back APPLY_TIMEOUT', 'failover switched'],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: [],
  },
};
