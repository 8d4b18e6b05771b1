import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'equally advanced: the one of the same site takes over',
  topology: { replicas: 2 },
  nodes: { db1: { site: 'cologne' }, db2: { site: 'hamburg' }, db3: { site: 'cologne' } },
  async fault(scene) {
    await scene.rest('db2', 'db3');
    await scene.node('db1').kill();
    await scene.flown(1);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: 'db3',
    flights: ['failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [],
    followers: ['db2'],
  },
};
