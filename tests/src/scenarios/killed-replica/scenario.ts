import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'a replica is killed: clients notice nothing, it fails and nobody moves',
  quick: true,
  // each rung long enough to be seen
  pool: { monitor: { interval: '1s' } },
  topology: { replicas: 2 },
  async fault(scene) {
    await scene.node('db3').kill();
    await scene.shows('db3 FAILED_OFFLINE FAIL');
    await scene.node('db3').start();
    await scene.shows('db3 FAILED_OFFLINE OK');
  },
  expect: {
    states: ['db3 STANDBY OK_INFO', 'db3 STANDBY OK_CRITICAL', 'db3 FAILED_OFFLINE FAIL', 'db3 FAILED_OFFLINE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [],
    followers: ['db2'],
  },
};
