import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title:
    'the cable of the primary is pulled, and a person decides: clients are told in time, and go on once it is back',
  topology: { replicas: 1 },
  networked: true,
  pool: {
    hold: { max: '4s' },
    switch: { drain: '500ms', fence: '500ms', apply: '1s', rollback: '500ms' },
    failover: { mode: 'manual', apply: '1s' },
  },
  async fault(scene) {
    scene.network.unplug('db1');
    await scene.says('to promote another node: npx myswitch failover shop');
    await scene.says('over the network');
    scene.network.plug('db1');
    await scene.written(300);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: ['db2'],
    within: 15_000,
    log: ['can be reached again'],
  },
};
