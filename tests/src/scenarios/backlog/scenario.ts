import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the candidate has received much that it has not applied: it finishes that before it opens',
  topology: { replicas: 1, semiSync: true },
  async fault(scene) {
    const what = scene.stage.cluster.kind === 'mysql' ? 'REPLICA' : 'SLAVE';
    await scene.node('db2').sql(`STOP ${what} SQL_THREAD`);
    await scene.written(300);
    await scene.node('db1').kill();
    await scene.node('db2').sql(`START ${what} SQL_THREAD`);
    await scene.flown(1);
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: 'db2',
    flights: ['failover switched'],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: [],
  },
};
