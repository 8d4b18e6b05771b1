import { until } from '@myswitch/testkit';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the old primary comes back after a failover: it is closed, and waits for an operator',
  quick: true,
  topology: { replicas: 2, semiSync: true },
  async fault(scene) {
    await scene.node('db1').kill();
    await scene.flown(1);
    await scene.node('db1').start();
    await scene.shows('db1 FAILED_OFFLINE OK');
    await until('it is read-only', async () => {
      const [row] = await scene.node('db1').sql('SELECT @@GLOBAL.read_only AS readOnly');
      return Number(row?.['readOnly']) === 1 ? true : null;
    });
  },
  expect: {
    states: [
      'db1 ACTIVE OK_CRITICAL',
      'db1 FAILED_OFFLINE FAIL',
      'db1 FAILED_OFFLINE OK_WARN',
      'db1 FAILED_OFFLINE OK',
    ],
    active: /db[23]/,
    flights: ['failover switched'],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: [],
  },
};
