import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'every packet between MySwitch and the servers takes 50 ms: nobody takes over, and a switch holds as it said',
  topology: { replicas: 2 },
  overLines: true,
  pool: { monitor: { interval: '1s' }, switch: { drain: '3s', fence: '2s' } },
  async fault(scene) {
    for (const name of ['db1', 'db2', 'db3']) scene.line(name).slow(50);
    await scene.written(300);
    const { code, json } = await scene.cli('check', 'shop', '--to', 'db2', '--json');
    expect({ code, json }).toEqual({ code: 0, json: expect.anything() });
    const { predictedHoldMs } = json as { predictedHoldMs: number };
    const flown = await scene.stage.switch('--to', 'db2', '--yes');
    expect(flown.flight).toMatchObject({ result: 'switched' });
    expect(flown.flight.holdMs).toBeGreaterThan(predictedHoldMs / 3);
    expect(flown.flight.holdMs).toBeLessThan(predictedHoldMs * 3);
    await scene.written(50);
  },
  expect: {
    states: ['db2 ACTIVE OK'],
    active: 'db2',
    flights: ['switch switched'],
    loss: Loss.NONE,
    errors: [],
    followers: ['db1', 'db3'],
    within: 15_000,
  },
};
