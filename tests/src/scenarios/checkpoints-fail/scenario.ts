import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'all checkpoints fail: this site is cut off, and nothing is promoted',
  topology: { replicas: 2 },
  pool: {
    checkpoints: [
      { place: 'inside', tcp: '127.0.0.1:1' },
      { place: 'outside', tcp: '127.0.0.1:2' },
    ],
  },
  async fault(scene) {
    await scene.node('db1').kill();
    await scene.says('CUT_OFF');
    await scene.node('db1').start();
    await scene.node('db1').sql('SET GLOBAL read_only = 0');
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105, 1213, 1290, 1836],
    followers: ['db2', 'db3'],
  },
};
