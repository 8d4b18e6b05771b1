import { caughtUp } from '@myswitch/testkit';
import { whyNoCopies } from '../../support/kinds';
import { Rebuilding } from '../../support/rebuilding';
import { Loss, type Scenario } from '../scenario';

let rebuilding: Rebuilding | null = null;

export const scenario: Scenario = {
  title: 'the old primary comes back with writes that nobody else has: a copy of a replica takes their place',
  topology: { replicas: 2 },
  whyNot: whyNoCopies,
  async pool(cluster) {
    const [primary, ...replicas] = cluster.nodes;
    rebuilding = await Rebuilding.of(cluster);
    await rebuilding.equip(cluster);
    for (const statement of rebuilding.grants) await primary?.sql(statement);
    await caughtUp(primary!, replicas);
    const { command, timeoutMs, restartMs } = rebuilding.options;
    const limits = { timeout: `${timeoutMs}ms`, restart: `${restartMs}ms` };
    return { rebuild: command === null ? limits : { command, ...limits } };
  },
  async fault(scene) {
    const db1 = scene.node('db1');
    await db1.kill();
    await scene.flown(1);
    await db1.start();
    await scene.shows('db1 FAILED_OFFLINE OK');
    const asked = await scene.cli('rejoin', 'db1', '--rebuild');
    expect({ code: asked.code, told: asked.stderr.includes('needs --yes') }).toEqual({ code: 2, told: true });
    const work = scene.cli('rejoin', 'db1', '--rebuild', '--yes', '--json');
    await rebuilding?.restarts(db1);
    const { code, stderr, stdout } = await work;
    expect({ code, told: code === 0 ? '' : stderr + stdout }).toEqual({ code: 0, told: '' });
    await scene.shows('db1 STANDBY OK');
    await scene.written(50);
    await rebuilding?.end();
  },
  expect: {
    states: ['db1 FAILED_OFFLINE FAIL', 'db1 FAILED_OFFLINE OK', 'db1 UNKNOWN OK_WARN', 'db1 STANDBY OK'],
    active: /db[23]/,
    flights: ['failover switched'],
    loss: Loss.ASYNCHRONOUS,
    errors: [1105, 1213],
    followers: ['db1'],
  },
};
