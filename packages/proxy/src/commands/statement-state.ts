import { Pin } from '../session/pins';
import type { PreparedStatement } from '../session/prepared-statements';
import type { Session } from '../session/session';

/** Where a backend keeps a client's statement: with others of the same text, unless it has state of its own. */
export function keyOn(session: Session, prepared: PreparedStatement): string {
  return prepared.use === 'SHARED' ? prepared.sharedKey : `${prepared.sharedKey}\u0000${session.id}:${prepared.id}`;
}

export function unknownStatement(session: Session, id: number, where: string): null {
  session.sendError({
    code: 1243,
    sqlState: 'HY000',
    message: `Unknown prepared statement handler (${id}) given to ${where}`,
  });
  return null;
}

/** A session with an open cursor or long data under way can't move. */
export function pinStatements(session: Session): void {
  if (session.cursors.size > 0) session.pin(Pin.CURSOR);
  else session.pins.delete(Pin.CURSOR);
  if (session.longData.size > 0) session.pin(Pin.LONG_DATA);
  else session.pins.delete(Pin.LONG_DATA);
}
