import type { ClientError } from '../session/client-error';
import type { Session } from '../session/session';

export const UNKNOWN_COMMAND: ClientError = { code: 1047, sqlState: '08S01', message: 'Unknown command' };

/** What servers say to commands that they do not know, or know no more. */
export function unknownCommand(session: Session): null {
  session.sendError(UNKNOWN_COMMAND);
  return null;
}
