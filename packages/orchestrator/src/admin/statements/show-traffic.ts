import type { AdminContext } from '../context';
import type { Cell, Column, Reply } from '../reply';

/** SHOW SESSIONS: the clients' connections, in all pools. */
export async function showSessions({ pools, plane }: AdminContext, reply: Reply): Promise<void> {
  await perPool(
    pools,
    reply,
    [
      { name: 'session', type: 'integer' },
      'user',
      'client',
      'schema',
      'node',
      'state',
      'pins',
      'weak_pins',
      { name: 'age_ms', type: 'number' },
    ],
    async (pool) =>
      (await plane.sessions(pool)).map((session) => [
        session.session,
        session.user,
        session.client,
        session.schema,
        session.node,
        session.state,
        session.pins.join(','),
        session.weakPins.join(','),
        session.ageMs,
      ]),
  );
}

/** SHOW PINS: one row for each reason why a session can't leave its backend. */
export async function showPins({ pools, plane }: AdminContext, reply: Reply): Promise<void> {
  await perPool(
    pools,
    reply,
    [{ name: 'session', type: 'integer' }, 'user', 'client', 'node', 'pin', 'kind', { name: 'age_ms', type: 'number' }],
    async (pool) =>
      (await plane.sessions(pool)).flatMap(({ session, user, client, node, pins, weakPins, ageMs }) => {
        const row = (pin: string, kind: string): Cell[] => [session, user, client, node, pin, kind, ageMs];
        return pins.map((pin) => row(pin, 'pin')).concat(weakPins.map((pin) => row(pin, 'weak pin')));
      }),
  );
}

/** SHOW QUEUES: the gates, and how long work lately held a backend. */
export async function showQueues({ pools, plane }: AdminContext, reply: Reply): Promise<void> {
  await perPool(
    pools,
    reply,
    [
      'gate',
      { name: 'clients', type: 'integer' },
      { name: 'held', type: 'integer' },
      { name: 'blocking', type: 'integer' },
      { name: 'work_p50_ms', type: 'number' },
      { name: 'work_p95_ms', type: 'number' },
      { name: 'work_max_ms', type: 'number' },
    ],
    async (pool) => {
      const [{ gate, clients, held, workMs }, blocking] = await Promise.all([plane.stats(pool), plane.blocking(pool)]);
      const { p50, p95, max } = workMs ?? { p50: null, p95: null, max: null };
      return [[gate, clients, held, blocking.length, p50, p95, max]];
    },
  );
}

/** SHOW BACKENDS: the connections to the nodes. */
export async function showBackends({ pools, plane }: AdminContext, reply: Reply): Promise<void> {
  await perPool(
    pools,
    reply,
    [
      'node',
      'user',
      { name: 'connection_id', type: 'integer' },
      'state',
      { name: 'epoch', type: 'integer' },
      { name: 'session', type: 'integer' },
      { name: 'statements', type: 'integer' },
    ],
    async (pool) =>
      (await plane.backends(pool)).map((backend) => [
        backend.node,
        backend.user,
        backend.connectionId,
        backend.state,
        backend.epoch,
        backend.session,
        backend.statements,
      ]),
  );
}

async function perPool(
  pools: readonly string[],
  reply: Reply,
  columns: readonly Column[],
  rowsOf: (pool: string) => Promise<Cell[][]>,
): Promise<void> {
  const rows = await Promise.all(
    pools.map(async (pool) => {
      const name: Cell[] = [pool];
      return (await rowsOf(pool)).map((row) => name.concat(row));
    }),
  );
  reply.table(['pool', ...columns], rows.flat());
}
