import { OUTSIDE } from '../../support/namespaces';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'MySwitch and one replica on one side, the primary and the other replica on the other: nobody takes over',
  topology: { replicas: 2 },
  networked: true,
  async fault(scene) {
    for (const far of ['db1', 'db3']) for (const near of [OUTSIDE, 'db2']) scene.network.cut(near, far);
    await scene.says('NOT_CONFIRMED');
    for (const far of ['db1', 'db3']) for (const near of [OUTSIDE, 'db2']) scene.network.mend(near, far);
    await scene.written(50);
    await scene.cli('recover', 'db3', '--yes');
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: ['db2', 'db3'],
    log: ['only 1 of 2 other nodes'],
  },
};
