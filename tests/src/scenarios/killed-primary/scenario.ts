import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the primary is killed: the most advanced replica takes over, the other one follows it',
  quick: true,
  // each rung long enough to be seen
  pool: { monitor: { interval: '1s' } },
  topology: { replicas: 2 },
  async fault(scene) {
    await scene.node('db1').kill();
    await scene.flown(1);
  },
  expect: {
    states: ['db1 ACTIVE OK_INFO', 'db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: /db[23]/,
    flights: ['failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [1105, 1213],
    followers: [],
  },
};
