import { RefusedError } from '../../errors';
import type { NodeReport } from '../../report';
import type { AdminContext, AdminSession } from '../context';
import { codedError } from '../errors';
import type { Cell, Reply } from '../reply';
import type { Statement } from '../statement';

/** MPP INITIALIZE and MPP SET, as MySQL Pool-Poller's tools send them: one row SUCCESS. A node's name is its host:port. */
export async function mppSet(
  { control }: AdminContext,
  session: AdminSession,
  { address, setting }: Extract<Statement, { kind: 'mpp-set' }>,
  reply: Reply,
): Promise<void> {
  const pools = await control.status();
  const found = pools
    .flatMap(({ name, nodes }) => nodes.map((node) => ({ pool: name, node })))
    .find(({ node }) => node.address.toLowerCase() === address.toLowerCase());
  if (found === undefined) {
    throw codedError(
      'UNKNOWN_NODE',
      `no pool has a node at ${address}: add it under pools[].nodes in myswitch.yaml, and start MySwitch again`,
    );
  }
  try {
    await control.carryOut(found.pool, { kind: 'set', node: found.node.name, setting }, session.by);
  } catch (error) {
    throw error instanceof RefusedError ? codedError(error.code, error.message) : error;
  }
  reply.table(['result'], [['SUCCESS']]);
}

/** MPP SHOW ALL: what MySQL Proxy and MPP say of each node, an element a row. */
export async function mppShow({ control }: AdminContext, reply: Reply): Promise<void> {
  const pools = await control.status();
  reply.table(['nodename', 'group', 'element', 'value'], pools.flatMap(({ nodes }) => nodes).flatMap(elements));
}

function elements({ address, type, state, status, weight, clients, up }: NodeReport): Cell[][] {
  return [
    [address, 'proxy', 'type', state === 'ACTIVE' ? 'BACKEND_TYPE_RW' : 'BACKEND_TYPE_RO'],
    [address, 'proxy', 'state', up === null ? 'BACKEND_STATE_DOWN' : 'BACKEND_STATE_UP'],
    [address, 'proxy', 'address', address],
    [address, 'proxy', 'connected_clients', String(clients)],
    [address, 'mpp', 'type', type],
    [address, 'mpp', 'state', state],
    [address, 'mpp', 'status', status],
    [address, 'mpp', 'weight', String(weight)],
  ];
}
