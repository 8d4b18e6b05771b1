import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'a person opens a replica: the alarm is raised, and nobody is moved',
  quick: true,
  topology: { replicas: 2 },
  async fault(scene) {
    await scene.node('db2').sql('SET GLOBAL read_only = 0');
    await scene.says('TWO_WRITERS');
    await scene.node('db2').sql('SET GLOBAL read_only = 1');
  },
  expect: {
    states: ['db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [],
    followers: ['db2', 'db3'],
    twoWriters: 1000,
  },
};
