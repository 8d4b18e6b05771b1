import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'illustration 15: the PRIMARY fails, is mended and recovered, and gets ACTIVE back by a planned switch',
  topology: { replicas: 2, semiSync: true },
  pool: { failover: { mode: 'automatic', failback: 'on-recover' } },
  async fault(scene) {
    await scene.workload.hold(); // a commit under way would be its own alone
    await scene.node('db1').kill();
    await scene.flown(1);
    scene.workload.resume();
    await scene.node('db1').start();
    await scene.shows('db1 FAILED_OFFLINE OK');
    const { code, stderr, stdout } = await scene.cli('rejoin', 'db1', '--yes', '--json');
    expect({ code, told: code === 0 ? '' : stderr + stdout }).toEqual({ code: 0, told: '' });
    await scene.flown(2);
    await scene.shows('db1 ACTIVE OK');
    await scene.written(50);
  },
  expect: {
    states: [
      'db1 ACTIVE OK_CRITICAL',
      'db1 FAILED_OFFLINE FAIL',
      'db1 UNKNOWN OK_WARN',
      'db1 STANDBY OK.*',
      'db1 ACTIVE OK',
    ],
    active: 'db1',
    flights: ['failover switched', 'switch switched'],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: ['db2', 'db3'],
  },
};
