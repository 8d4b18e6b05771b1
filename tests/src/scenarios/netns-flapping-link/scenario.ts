import { sleep } from '@myswitch/testkit';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the link of the primary goes down and up every second for 20 s: never long enough to be replaced',
  topology: { replicas: 2 },
  networked: true,
  pool: { monitor: { interval: '500ms' } },
  async fault(scene) {
    for (let round = 0; round < 10; round += 1) {
      scene.network.unplug('db1');
      await sleep(1000);
      scene.network.plug('db1');
      await sleep(1000);
    }
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_INFO', 'db1 ACTIVE OK', 'db1 ACTIVE OK_INFO', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: ['db2', 'db3'],
  },
};
