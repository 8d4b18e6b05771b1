import type { AdminContext, AdminSession } from '../context';
import { AdminError } from '../errors';
import type { Reply } from '../reply';
import type { Statement } from '../statement';

/** KILL QUERY ends the statement of another admin connection (a switch rolls back while it can), KILL the connection. */
export function kill(
  context: AdminContext,
  session: AdminSession,
  { what, id }: Extract<Statement, { kind: 'kill' }>,
  reply: Reply,
): void {
  if (!context.kill(what, id, session.by)) {
    throw new AdminError('UNKNOWN_CONNECTION', 1094, 'HY000', `Unknown thread id: ${id}`);
  }
  reply.ok();
}
