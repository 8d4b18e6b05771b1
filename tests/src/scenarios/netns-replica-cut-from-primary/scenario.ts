import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'packets between the primary and one replica vanish: OK_WARN, and it catches up afterwards',
  topology: { replicas: 2, extra: ['loose_slave_net_timeout=2', 'loose_replica_net_timeout=2'] },
  networked: true,
  async fault(scene) {
    scene.network.cut('db1', 'db2');
    await scene.shows('db2 STANDBY OK_WARN');
    await scene.written(50);
    scene.network.mend('db1', 'db2');
    await scene.shows('db2 STANDBY OK');
  },
  expect: {
    states: ['db2 STANDBY OK_WARN', 'db2 STANDBY OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [],
    followers: ['db2', 'db3'],
    within: 5000,
  },
};
