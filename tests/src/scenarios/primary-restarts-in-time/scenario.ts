import { until } from '@myswitch/testkit';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the primary is restarted within the time that it has: nobody takes over, it is ACTIVE as before',
  topology: { replicas: 1 },
  pool: { monitor: { interval: '5s' } },
  async fault(scene) {
    await scene.node('db1').kill();
    await scene.node('db1').start();
    await scene.node('db1').sql('SET GLOBAL read_only = 0');
    const before = scene.workload.report().acknowledged;
    await until('clients work again', async () => (scene.workload.report().acknowledged > before + 50 ? true : null));
    await scene.shows('db1 ACTIVE OK'); // that it was started again is told first
  },
  expect: {
    states: ['db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105, 1213, 1290, 1836],
    followers: ['db2'],
  },
};
