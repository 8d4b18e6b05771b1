import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '@myswitch/testkit';
import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the pool is frozen when the primary dies: nobody takes over until it is thawed',
  topology: { replicas: 1 },
  async fault(scene) {
    const file = join(scene.stage.mySwitch.dir, 'state', 'shop.frozen');
    writeFileSync(file, 'backup runs');
    await scene.node('db1').kill();
    await scene.shows('db1 ACTIVE OK_CRITICAL');
    await sleep(1000);
    rmSync(file);
    await scene.flown(1);
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
