import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'equally advanced: the heavier one takes over, and one of weight 0 never does',
  topology: { replicas: 2, semiSync: true },
  nodes: { db2: { weight: 0 }, db3: { weight: 200 } },
  async fault(scene) {
    await scene.rest('db2', 'db3');
    await scene.node('db1').kill();
    await scene.flown(1);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: 'db3',
    flights: ['failover switched'],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: ['db2'],
  },
};
