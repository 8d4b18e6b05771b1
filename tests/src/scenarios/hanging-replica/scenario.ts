import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'a replica hangs: it fails after as many polls, and clients notice nothing',
  topology: { replicas: 2 },
  async fault(scene) {
    scene.node('db3').pause();
    await scene.shows('db3 FAILED_OFFLINE FAIL');
    scene.node('db3').resume();
    await scene.shows('db3 FAILED_OFFLINE OK');
  },
  expect: {
    states: ['db3 STANDBY OK_CRITICAL', 'db3 FAILED_OFFLINE FAIL', 'db3 FAILED_OFFLINE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [],
    followers: ['db2', 'db3'],
  },
};
