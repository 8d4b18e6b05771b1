import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'a replica fails for good, then the primary: the last one takes over',
  topology: { replicas: 3 },
  async fault(scene) {
    await scene.node('db2').kill();
    await scene.shows('db2 FAILED_OFFLINE FAIL');
    await scene.node('db1').kill();
    await scene.flown(1);
    await scene.written(50);
  },
  expect: {
    states: ['db2 FAILED_OFFLINE FAIL', 'db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: /db[34]/,
    flights: ['failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [1105, 1213],
    followers: [],
  },
};
