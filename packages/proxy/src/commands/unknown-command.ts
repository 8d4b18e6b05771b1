import type { Session } from '../session/session';

/** What servers say to commands that they do not know, or know no more. */
export function unknownCommand(session: Session): null {
  session.sendError({ code: 1047, sqlState: '08S01', message: 'Unknown command' });
  return null;
}
