import { caughtUp, follow } from '@myswitch/testkit';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'a chain loses its head: the second takes over, the third goes on following it',
  topology: { replicas: 2 },
  async setUp({ nodes, kind }) {
    const [, second, third] = nodes;
    await third!.sql(kind === 'mysql' ? 'STOP REPLICA' : 'STOP SLAVE');
    await follow(third!, second!);
    await caughtUp(second!, [third!]);
  },
  async fault(scene) {
    await scene.node('db1').kill();
    await scene.flown(1);
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: 'db2',
    flights: ['failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [1105, 1213],
    followers: ['db3'],
  },
};
