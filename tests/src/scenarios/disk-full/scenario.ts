import { SmallDisk, whyNoMounts } from '../../support/small-disk';
import { Loss, type Scenario } from '../scenario';

let disk: SmallDisk | null = null;

export const scenario: Scenario = {
  title: 'the disk of the primary is full: it answers, and no write gets through; it is replaced, and nothing is lost',
  whyNot: whyNoMounts,
  topology: { replicas: 2 },
  async setUp({ nodes }) {
    disk = await SmallDisk.under(nodes[0]!);
    await nodes[0]!.sql('SET GLOBAL read_only = 0');
  },
  async tearDown() {
    await disk?.remove();
  },
  async fault(scene) {
    disk?.fill();
    await scene.flown(1);
    await scene.written(50);
  },
  expect: {
    // closed, it answers and has nothing to write: how it then stands depends on whether it was polled before it was replaced
    states: ['db1 ACTIVE OK_WARN', 'db1 ACTIVE OK_CRITICAL', 'db1 FAILED_(ON|OFF)LINE (FAIL|OK_WARN)'],
    active: /db[23]/,
    flights: ['failover switched'],
    loss: Loss.NONE,
    errors: [3, 1021, 1026, 1030, 1105, 1114, 1205, 1213],
    followers: [],
  },
};
