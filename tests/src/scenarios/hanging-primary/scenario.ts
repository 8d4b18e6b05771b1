import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the primary hangs, connections open: its replicas cannot reach it either, so it is replaced',
  topology: { replicas: 2, semiSync: true },
  async fault(scene) {
    scene.node('db1').pause();
    await scene.flown(1);
    scene.node('db1').resume();
    await scene.shows('db1 FAILED_OFFLINE OK');
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL', 'db1 FAILED_OFFLINE OK'],
    active: /db[23]/,
    flights: ['failover switched'],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: [],
    twoWriters: 50,
  },
};
