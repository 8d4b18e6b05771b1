import { sleep } from '@myswitch/testkit';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the new primary loses its link too, and again: one failover in a window, and ACTIVE stays where it is',
  topology: { replicas: 2 },
  networked: true,
  async fault(scene) {
    scene.network.unplug('db1');
    const { to } = await scene.flown(1);
    scene.network.plug('db1');
    await scene.shows('db1 FAILED_OFFLINE OK');
    for (let round = 0; round < 3; round += 1) {
      scene.network.unplug(to!);
      await sleep(3000);
      scene.network.plug(to!);
      await scene.written(50);
    }
  },
  expect: {
    states: ['db1 FAILED_OFFLINE FAIL', 'db[23] ACTIVE OK_CRITICAL', 'db[23] ACTIVE OK'],
    active: /db[23]/,
    flights: ['failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [1105, 1213],
    followers: [],
    twoWriters: 100,
    log: ['a pool that flaps needs a person'],
  },
};
