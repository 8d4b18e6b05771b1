import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the line between MySwitch and the primary is cut: its replicas hear it, so nobody takes over',
  quick: true,
  topology: { replicas: 2 },
  overLines: true,
  async fault(scene) {
    scene.line('db1').cut();
    await scene.says('NOT_CONFIRMED');
    await scene.line('db1').mend();
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
