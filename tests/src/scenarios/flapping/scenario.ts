import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the new primary dies soon after a failover: the pool flaps, and a person is needed',
  topology: { replicas: 2, semiSync: true },
  async fault(scene) {
    await scene.node('db1').kill();
    const { to } = await scene.flown(1);
    await scene.written(50);
    await scene.node(to!).kill();
    await scene.says('RECENT');
    const { code } = await scene.cli('failover', 'shop', '--force', '--yes', '--json');
    expect(code).toBe(0);
    await scene.written(50);
  },
  expect: {
    states: ['db1 FAILED_OFFLINE FAIL', 'db[23] ACTIVE OK_CRITICAL', 'db[23] FAILED_OFFLINE FAIL'],
    active: /db[23]/,
    flights: ['failover switched', 'failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [1105, 1213],
    followers: [],
    log: ['a pool that flaps needs a person'],
  },
};
