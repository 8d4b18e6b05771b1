import { requirePool, type AdminContext, type AdminSession } from '../context';
import { codedError } from '../errors';
import type { Reply } from '../reply';
import type { Statement } from '../statement';

/** REJOIN: a row for each thing that happens, when it happens; the last row is `result` with the report as JSON. */
export async function runRejoin(
  context: AdminContext,
  session: AdminSession,
  { node, pool, rebuild }: Extract<Statement, { kind: 'rejoin' }>,
  reply: Reply,
  abort: AbortSignal,
): Promise<void> {
  const where = pool ?? (await poolOf(context, node));
  requirePool(context, where);
  reply.columns(['step', 'state', { name: 'ms', type: 'number' }, 'detail']);
  const report = await context.control.rejoin(
    where,
    { node, by: session.by, ...(rebuild !== null && { rebuild }) },
    ({ step, state, ms, detail }) => reply.row([step, state, ms, detail]),
    abort,
  );
  reply.row(['result', report.result, null, JSON.stringify(report)]);
  reply.end();
}

/** Names of nodes are unique. @throws AdminError UNKNOWN_NODE */
async function poolOf({ control }: AdminContext, node: string): Promise<string> {
  const pool = (await control.status()).find(({ nodes }) => nodes.some(({ name }) => name === node));
  if (pool === undefined) throw codedError('UNKNOWN_NODE', `there is no node "${node}"`);
  return pool.name;
}
