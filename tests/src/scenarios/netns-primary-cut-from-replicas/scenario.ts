import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'MySwitch hears the primary and its replicas do not: clients go on, and a switch is refused',
  topology: { replicas: 2, extra: ['loose_slave_net_timeout=2', 'loose_replica_net_timeout=2'] },
  networked: true,
  async fault(scene) {
    for (const replica of ['db2', 'db3']) scene.network.cut('db1', replica);
    for (const replica of ['db2', 'db3']) await scene.shows(`${replica} STANDBY OK_WARN`);
    const { code, json } = await scene.cli('switch', 'shop', '--to', 'db2', '--json');
    const codes = (json as { reasons: { code: string }[] }).reasons.map((reason) => reason.code);
    expect({ code, codes }).toEqual({ code: 3, codes: expect.arrayContaining(['REPLICATION_STOPPED']) });
    await scene.written(50);
    for (const replica of ['db2', 'db3']) scene.network.mend('db1', replica);
    for (const replica of ['db2', 'db3']) await scene.shows(`${replica} STANDBY OK`);
  },
  expect: {
    states: ['db3 STANDBY OK_WARN', 'db3 STANDBY OK'],
    active: 'db1',
    flights: [expect.stringMatching(/^switch refused REPLICATION_STOPPED/)],
    loss: Loss.NONE,
    errors: [],
    followers: ['db2', 'db3'],
    within: 5000,
  },
};
