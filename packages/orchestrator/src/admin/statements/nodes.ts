import type { NodeReport, PoolReport } from '../../report';
import { requirePool, type AdminContext } from '../context';
import { codedError } from '../errors';
import type { Reply } from '../reply';
import type { Statement } from '../statement';

interface Found {
  readonly pool: PoolReport;
  readonly node: NodeReport;
}

/** Names of nodes are unique in a configuration. @throws AdminError UNKNOWN_NODE, UNKNOWN_POOL */
export async function findNode(context: AdminContext, name: string, pool: string | null): Promise<Found> {
  if (pool !== null) requirePool(context, pool);
  const pools = await context.control.status(pool ?? undefined);
  const all = pools.flatMap((one) => one.nodes.map((node) => ({ pool: one, node })));
  const found = all.find(({ node }) => node.name === name);
  if (found !== undefined) return found;
  const names = all.map(({ node }) => node.name).join(', ');
  throw codedError('UNKNOWN_NODE', `there is no node "${name}"; the nodes are ${names}`);
}

/** REPORT NODE: one row, such as `OK/ACTIVE (PRIMARY)`. */
export async function reportNode(
  context: AdminContext,
  { node: name, pool }: Extract<Statement, { kind: 'report' }>,
  reply: Reply,
): Promise<void> {
  const { status, state, type } = (await findNode(context, name, pool)).node;
  reply.table(['report'], [[`${status}/${state} (${type})`]]);
}

/** IS UP NODE: one row, UP or DOWN. For reads a node that takes writes is up too. */
export async function isUp(
  context: AdminContext,
  { node: name, pool, mode }: Extract<Statement, { kind: 'is-up' }>,
  reply: Reply,
): Promise<void> {
  const { up } = (await findNode(context, name, pool)).node;
  reply.table(['answer'], [[up === 'rw' || up === mode ? 'UP' : 'DOWN']]);
}
