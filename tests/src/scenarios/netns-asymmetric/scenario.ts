import { OUTSIDE } from '../../support/namespaces';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'what the primary says to MySwitch vanishes, what it is told arrives: it writes, and nobody takes over',
  topology: { replicas: 2 },
  networked: true,
  async fault(scene) {
    scene.network.lose('db1', OUTSIDE);
    await scene.says('NOT_CONFIRMED');
    scene.network.mend('db1', OUTSIDE);
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: ['db2', 'db3'],
    log: ['still hear'],
  },
};
