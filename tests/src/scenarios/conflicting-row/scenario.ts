import { Loss, type Scenario } from '../scenario';

export const scenario: Scenario = {
  title: 'replication is broken by a conflicting row, then the primary dies: the broken replica does not take over',
  topology: { replicas: 2, semiSync: true },
  async fault(scene) {
    await scene.node('db1').sql('CREATE TABLE shop.conflict (id INT PRIMARY KEY)');
    // root may write behind read_only, but not behind super_read_only
    const mysql = scene.stage.cluster.kind === 'mysql';
    if (mysql) await scene.node('db2').sql('SET GLOBAL super_read_only = 0');
    const writer = await scene.node('db2').connect();
    await writer.query('SET sql_log_bin = 0');
    await writer.query('INSERT INTO shop.conflict VALUES (1)');
    await writer.end();
    if (mysql) await scene.node('db2').sql('SET GLOBAL super_read_only = 1');
    await scene.node('db1').sql('INSERT INTO shop.conflict VALUES (1)');
    await scene.shows('db2 STANDBY OK_WARN');
    await scene.node('db1').kill();
    await scene.flown(1);
  },
  expect: {
    states: ['db2 STANDBY OK_WARN', 'db1 FAILED_OFFLINE FAIL'],
    active: 'db3',
    flights: ['failover switched'],
    loss: Loss.NONE,
    errors: [1105, 1213],
    followers: [],
  },
};
