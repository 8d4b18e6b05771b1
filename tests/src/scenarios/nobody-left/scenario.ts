import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'all replicas are dead when the primary dies: it stays ACTIVE, and serves again when it is back',
  topology: { replicas: 1 },
  async fault(scene) {
    await scene.node('db2').kill();
    await scene.shows('db2 FAILED_OFFLINE FAIL');
    await scene.node('db1').kill();
    await scene.says('NOT_CONFIRMED');
    await scene.node('db1').start();
    await scene.node('db1').sql('SET GLOBAL read_only = 0');
    await scene.written(50);
  },
  expect: {
    states: ['db2 FAILED_OFFLINE FAIL', 'db1 ACTIVE OK_CRITICAL', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105, 1213, 1290, 1836],
    followers: [],
  },
};
