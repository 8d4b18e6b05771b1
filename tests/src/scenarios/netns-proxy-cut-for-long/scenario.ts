import { until } from '@myswitch/testkit';
import { OUTSIDE } from '../../support/namespaces';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title:
    'packets between MySwitch and the primary vanish for longer than hold.max: clients are told, and go on afterwards',
  topology: { replicas: 2 },
  networked: true,
  pool: {
    hold: { max: '4s' },
    switch: { drain: '500ms', fence: '500ms', apply: '1s', rollback: '500ms' },
    failover: { mode: 'automatic', apply: '1s' },
  },
  async fault(scene) {
    scene.network.cut(OUTSIDE, 'db1');
    await scene.says('NOT_CONFIRMED');
    await scene.says('over the network');
    const told = (): boolean => scene.workload.report().messages.some((text) => text.includes('hold.max'));
    await until('who waits is told', () => Promise.resolve(told() ? true : null));
    scene.network.mend(OUTSIDE, 'db1');
    await scene.written(300);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: ['db2', 'db3'],
    within: 15_000,
    log: ['can be reached again'],
  },
};
