import { requirePool, type AdminContext } from '../context';
import type { Reply } from '../reply';

/** SHOW EVENTS: by time; `facts` is a JSON object. */
export async function showEvents(context: AdminContext, pool: string | null, reply: Reply): Promise<void> {
  if (pool !== null) requirePool(context, pool);
  const events = await context.control.events(pool ?? undefined);
  reply.table(
    ['at', 'pool', 'kind', 'node', 'by', 'message', 'facts'],
    events.map((event) => [
      event.at,
      event.pool,
      event.kind,
      event.node,
      event.by,
      event.message,
      JSON.stringify(event.facts),
    ]),
  );
}
