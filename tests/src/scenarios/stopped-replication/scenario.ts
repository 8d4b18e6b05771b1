import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'a replica stops applying: OK_WARN at most, and it is well again by itself',
  quick: true,
  // each rung long enough to be seen
  pool: { monitor: { interval: '1s' } },
  topology: { replicas: 1 },
  async fault(scene) {
    const what = scene.stage.cluster.kind === 'mysql' ? 'REPLICA' : 'SLAVE';
    await scene.node('db2').sql(`STOP ${what} SQL_THREAD`);
    await scene.shows('db2 STANDBY OK_WARN');
    await scene.node('db2').sql(`START ${what} SQL_THREAD`);
    await scene.shows('db2 STANDBY OK');
  },
  expect: {
    states: ['db2 STANDBY OK_INFO', 'db2 STANDBY OK_WARN', 'db2 STANDBY OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [],
    followers: ['db2'],
  },
};
