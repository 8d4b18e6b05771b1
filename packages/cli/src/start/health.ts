import type { ControlPlane } from '@myswitch/orchestrator';
import { fastify, type FastifyInstance } from 'fastify';

/** `/health`: 200 when every pool has an ACTIVE node, else 503; the body says which has none. */
export function createHealthServer(control: Pick<ControlPlane, 'status'>): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true });
  server.get('/health', async (_request, reply) => {
    const pools = (await control.status()).map(({ name, active, gate, status }) => ({ name, active, gate, status }));
    const healthy = pools.every(({ active }) => active !== null);
    return reply.code(healthy ? 200 : 503).send({ status: healthy ? 'ok' : 'no active node', pools });
  });
  return server;
}
