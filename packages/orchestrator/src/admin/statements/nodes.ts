import type { NodeReport } from '../../report';
import { requirePool, type AdminContext } from '../context';
import { codedError } from '../errors';
import type { Reply } from '../reply';
import type { Statement } from '../statement';

/** The pool of a node, which must be `pool` where one is said. @throws AdminError UNKNOWN_NODE, UNKNOWN_POOL */
export async function poolOfNode(context: AdminContext, node: string, pool: string | null): Promise<string> {
  if (pool !== null) requirePool(context, pool);
  const found = context.control.poolOf(node);
  if (found !== null && (pool === null || pool === found)) return found;
  const reports = await context.control.status(pool ?? undefined);
  const names = reports.flatMap(({ nodes }) => nodes.map(({ name }) => name)).join(', ');
  throw codedError('UNKNOWN_NODE', `there is no node "${node}"; the nodes are ${names}`);
}

/** One pool is asked, however many there are: load balancers ask each second. */
async function nodeReport(context: AdminContext, name: string, pool: string | null): Promise<NodeReport> {
  const [report] = await context.control.status(await poolOfNode(context, name, pool));
  const node = report?.nodes.find((each) => each.name === name);
  if (node === undefined) throw codedError('UNKNOWN_NODE', `there is no node "${name}"`);
  return node;
}

/** REPORT NODE: one row, such as `OK/ACTIVE (PRIMARY)`. */
export async function reportNode(
  context: AdminContext,
  { node: name, pool }: Extract<Statement, { kind: 'report' }>,
  reply: Reply,
): Promise<void> {
  const { status, state, type } = await nodeReport(context, name, pool);
  reply.table(['report'], [[`${status}/${state} (${type})`]]);
}

/** IS UP NODE: one row, UP or DOWN. For reads a node that takes writes is up too. */
export async function isUp(
  context: AdminContext,
  { node: name, pool, mode }: Extract<Statement, { kind: 'is-up' }>,
  reply: Reply,
): Promise<void> {
  const { up } = await nodeReport(context, name, pool);
  reply.table(['answer'], [[up === 'rw' || up === mode ? 'UP' : 'DOWN']]);
}
