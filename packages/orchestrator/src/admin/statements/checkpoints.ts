import { requirePool, type AdminContext } from '../context';
import type { Reply } from '../reply';

/** SHOW CHECKPOINTS: asks them, and answers a row for each. */
export async function showCheckpoints(context: AdminContext, pool: string | null, reply: Reply): Promise<void> {
  if (pool !== null) requirePool(context, pool);
  const pools = pool === null ? context.pools : [pool];
  const answers = await Promise.all(pools.map((each) => context.control.checkpoints(each)));
  reply.table(
    ['pool', 'place', 'checkpoint', { name: 'ok', type: 'integer' }, 'message'],
    pools.flatMap((each, index) =>
      (answers[index] ?? []).map(({ place, what, ok, message }) => [each, place, what, ok, message]),
    ),
  );
}
