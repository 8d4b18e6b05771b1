import { OUTSIDE } from '../../support/namespaces';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'packets between MySwitch and the primary vanish: its replicas hear it, so nobody takes over',
  topology: { replicas: 2 },
  networked: true,
  quick: true,
  async fault(scene) {
    scene.network.cut(OUTSIDE, 'db1');
    await scene.says('NOT_CONFIRMED');
    scene.network.mend(OUTSIDE, 'db1');
    await scene.shows('db1 ACTIVE OK');
    // its own connection of before, which the server has not missed yet, is no other MySwitch
    const { check } = await scene.stage.check('db2');
    expect(check.guardrails.find(({ code }) => code === 'OTHER_PROXY')).toMatchObject({ ok: true });
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: ['db2', 'db3'],
    log: ['still hear'],
  },
};
