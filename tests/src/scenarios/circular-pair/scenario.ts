import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the ACTIVE of a circular pair is killed: the other one takes over',
  topology: { replicas: 1, circular: true },
  async fault(scene) {
    await scene.node('db1').kill();
    await scene.flown(1);
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: 'db2',
    flights: ['failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [1105, 1213],
    followers: [],
  },
};
