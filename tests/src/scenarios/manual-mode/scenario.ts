import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'manual mode: the command is offered, clients wait, and the command does it',
  quick: true,
  topology: { replicas: 1 },
  pool: { failover: { mode: 'manual' } },
  async fault(scene) {
    await scene.node('db1').kill();
    await scene.says('npx myswitch failover shop');
    const { code } = await scene.cli('failover', 'shop', '--yes', '--json');
    expect(code).toBe(0);
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 FAILED_OFFLINE FAIL'],
    active: 'db2',
    flights: ['failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [1105, 1213],
    followers: [],
  },
};
