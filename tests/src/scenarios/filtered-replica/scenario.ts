import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'one replica filters what it applies: the other one takes over',
  topology: { replicas: 2 },
  async setUp({ nodes, kind }) {
    const [, filtered] = nodes;
    const statements =
      kind === 'mysql'
        ? [
            'STOP REPLICA SQL_THREAD',
            'CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = (elsewhere)',
            'START REPLICA SQL_THREAD',
          ]
        : ['STOP SLAVE', "SET GLOBAL replicate_ignore_db = 'elsewhere'", 'START SLAVE'];
    for (const sql of statements) await filtered!.sql(sql);
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
    followers: [],
  },
};
