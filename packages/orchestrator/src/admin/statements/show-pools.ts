import type { AdminContext } from '../context';
import type { Reply } from '../reply';

/** SHOW POOLS */
export async function showPools({ control }: AdminContext, reply: Reply): Promise<void> {
  const pools = await control.status();
  reply.table(
    [
      'name',
      { name: 'epoch', type: 'integer' },
      'active',
      'gate',
      'status',
      { name: 'clients', type: 'integer' },
      { name: 'held', type: 'integer' },
    ],
    pools.map((pool) => [pool.name, pool.epoch, pool.active, pool.gate, pool.status, pool.clients, pool.held]),
  );
}

/** SHOW NODES */
export async function showNodes({ control }: AdminContext, reply: Reply): Promise<void> {
  const pools = await control.status();
  reply.table(
    [
      'pool',
      'name',
      'address',
      'type',
      'state',
      'status',
      'role',
      { name: 'read_only', type: 'integer' },
      { name: 'lag_seconds', type: 'number' },
      'gtid',
      { name: 'errors', type: 'integer' },
      'last_poll',
      'message',
      { name: 'clients', type: 'integer' },
      { name: 'idle_backends', type: 'integer' },
    ],
    pools.flatMap((pool) =>
      pool.nodes.map((node) => [
        pool.name,
        node.name,
        node.address,
        node.type,
        node.state,
        node.status,
        node.role,
        node.readOnly,
        node.lagSeconds,
        node.gtid,
        node.errors,
        node.lastPoll,
        node.message,
        node.clients,
        node.idleBackends,
      ]),
    ),
  );
}
