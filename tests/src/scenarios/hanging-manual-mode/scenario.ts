import { sleep } from '@myswitch/testkit';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title:
    'the primary hangs for longer than hold.max, and a person decides: what it was asked goes on, since it is there',
  topology: { replicas: 1 },
  pool: {
    hold: { max: '4s' },
    switch: { drain: '500ms', fence: '500ms', apply: '1s', rollback: '500ms' },
    failover: { mode: 'manual', apply: '1s' },
  },
  async fault(scene) {
    scene.node('db1').pause();
    await scene.says('to promote another node');
    await sleep(6000);
    scene.node('db1').resume();
    await scene.written(100);
    expect(scene.stage.mySwitch.output).not.toContain('over the network');
    // of what had been sent nothing was given up
    expect(scene.workload.report().messages.filter((text) => !text.includes('hold.max'))).toEqual([]);
  },
  expect: {
    states: ['db1 ACTIVE OK_CRITICAL', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [1105],
    followers: ['db2'],
  },
};
