import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the pool is paused and resumed: clients wait, and none of them fails',
  quick: true,
  topology: { replicas: 1 },
  async fault(scene) {
    const paused = await scene.cli('pause', 'shop', '--for', '20s', '--yes');
    expect(paused.code).toBe(0);
    const resumed = await scene.cli('resume', 'shop', '--yes');
    expect(resumed.code).toBe(0);
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [],
    followers: ['db2'],
  },
};
