import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the primary dies while MySwitch is restarted: the ACTIVE that it remembers is replaced',
  topology: { replicas: 2, semiSync: true },
  async fault(scene) {
    await scene.workload.hold();
    await scene.restartMySwitch(() => scene.node('db1').kill());
    await scene.flown(1);
  },
  expect: {
    states: ['db1 FAILED_OFFLINE FAIL'],
    active: /db[23]/,
    flights: ['failover switched'],
    loss: Loss.NONE,
    errors: [],
    followers: [],
    drops: true,
  },
};
