import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'the old primary comes back and rejoins: it follows, and stands by again',
  quick: true,
  topology: { replicas: 2, semiSync: true },
  async fault(scene) {
    await scene.workload.hold(); // a commit under way would be its own alone
    await scene.node('db1').kill();
    await scene.flown(1);
    scene.workload.resume();
    await scene.node('db1').start();
    await scene.shows('db1 FAILED_OFFLINE OK');
    const { code, stderr, stdout } = await scene.cli('rejoin', 'db1', '--yes', '--json');
    expect({ code, told: code === 0 ? '' : stderr + stdout }).toEqual({ code: 0, told: '' });
    await scene.shows('db1 STANDBY OK');
    await scene.written(50);
  },
  expect: {
    states: ['db1 FAILED_OFFLINE FAIL', 'db1 FAILED_OFFLINE OK', 'db1 UNKNOWN OK_WARN', 'db1 STANDBY OK'],
    active: /db[23]/,
    flights: ['failover switched'],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: ['db1'],
  },
};
