import { RefusedError } from '../../errors';
import { requirePool, type AdminContext, type AdminSession } from '../context';
import type { Reply } from '../reply';
import type { Statement } from '../statement';
import { poolOfNode } from './nodes';
import { tellNodes } from './show-pools';

/** One row: `done` and what is true now, or `refused` with code and reason, and nothing was changed. */
export async function carryOut(
  context: AdminContext,
  session: AdminSession,
  { pool, order }: Extract<Statement, { kind: 'order' }>,
  reply: Reply,
): Promise<void> {
  const where = 'node' in order ? await poolOfNode(context, order.node, pool) : (pool ?? '');
  requirePool(context, where);
  const columns = ['result', 'code', 'message'];
  try {
    reply.table(columns, [['done', null, await context.control.carryOut(where, order, session.by)]]);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    reply.table(columns, [['refused', error.code, error.message]]);
  }
}

/** POLL POOL: the rows of SHOW NODES, as just seen. */
export async function poll(
  context: AdminContext,
  session: AdminSession,
  { pool }: Extract<Statement, { kind: 'poll' }>,
  reply: Reply,
): Promise<void> {
  requirePool(context, pool);
  await context.control.carryOut(pool, { kind: 'poll' }, session.by);
  tellNodes(await context.control.status(pool), reply);
}
