import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'MySwitch is cut off from all of them: nobody can be asked, so nobody takes over',
  topology: { replicas: 2 },
  overLines: true,
  async fault(scene) {
    for (const name of ['db1', 'db2', 'db3']) scene.line(name).cut();
    await scene.says('NOT_CONFIRMED');
    for (const name of ['db1', 'db2', 'db3']) await scene.line(name).mend();
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: ['db2', 'db3'],
    log: ['could say whether they hear db1'],
  },
};
