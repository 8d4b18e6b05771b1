import type { Deadline } from '../clock';
import { BEAT, markOf } from '../dialects/dialect';
import type { NodeConnection } from '../link/node-link';
import type { Bench } from './context';

/**
 * Ends everybody but the control plane, replicas and those who may stay, and makes it read-only. In this order: read_only waits for commits that
 * are under way, and those may wait for a semi-synchronous replica that never comes. Resolves with the ids of the connections that were ended:
 * those whom the control account may not end (SYSTEM_USER) are no reason to leave it open. A heartbeat of our own that hangs there would be a
 * transaction that nobody else has: it is ended with them. Rejects as its statements do, by `deadline` at the
 * latest.
 */
export async function shut(
  { pool }: Pick<Bench, 'pool'>,
  { connection, dialect }: NodeConnection,
  deadline: Deadline,
): Promise<ReadonlySet<number>> {
  const stay = new Set([pool.control.user, pool.replication?.user, ...pool.switch.allow]);
  const ended = new Set<number>();
  const endOthers = async (): Promise<void> => {
    const sessions = await dialect.sessions(connection, deadline.left);
    const others = sessions.filter(
      ({ client, user, mark }) => client && (!stay.has(user) || mark.startsWith(markOf(BEAT))),
    );
    for (const { id } of others) {
      if (await dialect.kill(connection, id, deadline.left).catch(() => false)) ended.add(id);
    }
  };
  await endOthers();
  if ((await dialect.semiSync(connection, deadline.left)).source) {
    await dialect.setSemiSync(connection, 'source', false, deadline.left);
  }
  await dialect.close(connection, deadline.left);
  await endOthers();
  return ended;
}
