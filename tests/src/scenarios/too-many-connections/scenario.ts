import type { Connection, RowDataPacket } from 'mysql2/promise';
import { ACCOUNTS, until } from '@myswitch/testkit';
import { Loss, type Scenario } from '../scenario';

/** Of each server: more than MySwitch keeps there, and as many again for others. */
const LIMIT = 150;

export const scenario: Scenario = {
  title: 'others use up all connections of the primary: who is in goes on working, and nobody takes over',
  quick: true,
  topology: { replicas: 1, extra: [`max_connections=${LIMIT}`] },
  async fault(scene) {
    const db1 = scene.node('db1');
    const others: Connection[] = [];
    const connect = async (): Promise<boolean> => {
      try {
        const other = await db1.connect();
        other.on('error', () => undefined);
        others.push(other);
        return true;
      } catch (error) {
        if ((error as { errno?: number }).errno !== 1040) throw error;
        return false;
      }
    };
    // root may have the last one too, which is there for administrators; and MySwitch itself has to log in anew
    await until('no connection is left for MySwitch', async () => {
      while (await connect());
      const [own] = await others[0]!.query<RowDataPacket[]>(`SHOW PROCESSLIST`);
      const ids = own.filter(({ User }) => User === ACCOUNTS.control.user).map(({ Id }) => Number(Id));
      await Promise.all(ids.flatMap((id) => [others[0]!.query(`KILL ${id}`), connect(), connect()]));
      return ids.length === 0 ? true : null;
    });
    await scene.shows('db1 ACTIVE OK_WARN');
    await scene.written(300);
    for (const other of others) other.destroy();
    await scene.shows('db1 ACTIVE OK');
    await scene.written(50);
  },
  expect: {
    states: ['db1 ACTIVE OK_WARN', 'db1 ACTIVE OK'],
    active: 'db1',
    flights: [],
    loss: Loss.NONE,
    errors: [],
    followers: ['db2'],
  },
};
