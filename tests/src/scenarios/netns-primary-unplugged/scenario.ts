import { expectExactList } from '../lost-list';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the cable of the primary is pulled, statements under way: nobody is told, and it is replaced all the same',
  topology: { replicas: 2 },
  networked: true,
  async fault(scene) {
    scene.network.unplug('db1');
    await scene.flown(1);
    await scene.written(50);
    scene.network.plug('db1');
    await scene.shows('db1 FAILED_OFFLINE OK');
    await expectExactList(scene, 'db1');
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL', 'db1 FAILED_OFFLINE OK'],
    active: /db[23]/,
    flights: ['failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [1105, 1213],
    followers: [],
    twoWriters: 100,
    within: 15_000,
  },
};
