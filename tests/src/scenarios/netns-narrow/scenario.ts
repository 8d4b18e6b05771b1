import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title:
    'too little room to and from the primary: whenever much comes at once packets are lost, nobody takes over, and a switch leads away',
  topology: { replicas: 2 },
  networked: true,
  pool: { monitor: { interval: '1s' } },
  async fault(scene) {
    scene.network.narrow('db1', '3mbit', 5);
    await scene.written(300);
    const { code, json } = await scene.cli('check', 'shop', '--to', 'db2', '--json');
    expect({ code, json }).toEqual({ code: 0, json: expect.anything() });
    const { predictedHoldMs } = json as { predictedHoldMs: number };
    const flown = await scene.stage.switch('--to', 'db2', '--yes');
    expect(flown.flight).toMatchObject({ result: 'switched' });
    expect(flown.flight.holdMs).toBeLessThan(predictedHoldMs * 3);
    await scene.written(50);
    expect(scene.network.widen('db1')).toBeGreaterThan(0);
  },
  expect: {
    states: ['db2 ACTIVE OK'],
    active: 'db2',
    flights: ['switch switched'],
    loss: Loss.NONE,
    errors: [1213],
    followers: ['db1', 'db3'],
    within: 15_000,
  },
};
