import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'one replica is kept behind on purpose: the other one takes over',
  topology: { replicas: 2 },
  async setUp({ nodes, kind }) {
    const [, delayed] = nodes;
    const [stop, change, start] =
      kind === 'mysql'
        ? ['STOP REPLICA SQL_THREAD', 'CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 3', 'START REPLICA SQL_THREAD']
        : ['STOP SLAVE', 'CHANGE MASTER TO MASTER_DELAY = 3', 'START SLAVE'];
    for (const sql of [stop, change, start]) await delayed!.sql(sql);
  },
  async fault(scene) {
    await scene.rest('db3'); // or the other one might have what it lacks
    await scene.node('db1').kill();
    await scene.flown(1);
    scene.workload.resume();
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: 'db3',
    flights: ['failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [1105, 1213],
    followers: ['db2'],
  },
};
