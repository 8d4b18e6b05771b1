import { expectExactList } from '../lost-list';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title:
    'the replicas lose the primary a moment before MySwitch does: what was written in it is lost, and listed exactly',
  topology: { replicas: 2 },
  networked: true,
  // longer than that moment: a replica that lacks what was there at the poll before the last does not take over
  pool: { monitor: { interval: '1s' }, failover: { mode: 'automatic' } },
  async fault(scene) {
    for (const replica of ['db2', 'db3']) scene.network.cut('db1', replica);
    await scene.written(10);
    scene.network.unplug('db1');
    await scene.flown(1);
    for (const replica of ['db2', 'db3']) scene.network.mend('db1', replica);
    scene.network.plug('db1');
    await scene.shows('db1 FAILED_OFFLINE OK');
    expect(await expectExactList(scene, 'db1')).toBeGreaterThan(0);
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
