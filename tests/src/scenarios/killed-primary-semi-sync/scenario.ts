import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the primary of a semi-synchronous pool is killed: nothing that was acknowledged is lost',
  quick: true,
  topology: { replicas: 2, semiSync: true },
  async fault(scene) {
    await scene.node('db1').kill();
    await scene.flown(1);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: /db[23]/,
    flights: ['failover switched'],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: [],
  },
};
