import type { PoolReport } from '../../report';
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
      'frozen',
      'paused_until',
    ],
    pools.map((pool) => [
      pool.name,
      pool.epoch,
      pool.active,
      pool.gate,
      pool.status,
      pool.clients,
      pool.held,
      pool.frozen,
      pool.pausedUntil,
    ]),
  );
}

/** SHOW NODES */
export async function showNodes({ control }: AdminContext, reply: Reply): Promise<void> {
  tellNodes(await control.status(), reply);
}

export function tellNodes(pools: readonly PoolReport[], reply: Reply): void {
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
      'up',
      { name: 'weight', type: 'integer' },
      'set',
      { name: 'heartbeat_lag_seconds', type: 'number' },
      { name: 'late_polls', type: 'integer' },
      { name: 'uptime_seconds', type: 'integer' },
      'restarted',
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
        node.up,
        node.weight,
        node.set === null ? null : JSON.stringify(node.set),
        node.heartbeatLagSeconds,
        node.latePolls,
        node.uptimeSeconds,
        node.restarted,
      ]),
    ),
  );
}
