import { statementId } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import { closeDropped, closeStatement, prepareStatement } from '../backend/exchange';
import { isMariadb } from '../backend/node-baseline';
import type { OpenStatement } from '../backend/statement-cache';
import { transition } from '../session/replay';
import { Pin } from '../session/pins';
import type { PreparedStatement } from '../session/prepared-statements';
import type { Session } from '../session/session';

/** Where a backend keeps a client's statement: with others of the same text and types, unless it has state of its own. */
export function keyOn(session: Session, prepared: PreparedStatement): string {
  return prepared.use === 'SHARED' ? prepared.typedKey : `${prepared.sharedKey}\u0000${session.id}:${prepared.id}`;
}

/** The client's statement as it is open on a backend; undefined: it has to be prepared there. */
export function openOn(session: Session, backend: Backend, prepared: PreparedStatement): OpenStatement | undefined {
  const key = keyOn(session, prepared);
  return backend.statements.get(key) ?? backend.statements.claim(prepared.sharedKey, key);
}

/** Prepares it again where it is not open, with the text read as it was when the client prepared it. */
export async function ensureOpen(session: Session, backend: Backend, prepared: PreparedStatement): Promise<void> {
  if (openOn(session, backend, prepared) !== undefined) return;
  await transition(backend, session.context.readingAs(prepared.context));
  closeDropped(backend);
  const id = await prepareStatement(backend, prepared.sql);
  backend.statements.set(keyOn(session, prepared), { id, types: null });
  await transition(backend, session.context);
}

/** What is to be done with a statement that was prepared ahead, once it is known whether the replay before it came off. */
export type Ahead = (replayed: boolean) => Promise<void>;

/**
 * Asks for it right behind a replay that is under way, in the same round trip; null: it is open there, or has to be read as it was in another
 * context, for which `ensureOpen` has to wait for the replay.
 */
export function openAhead(session: Session, backend: Backend, prepared: PreparedStatement): Ahead | null {
  const { context } = session;
  if (context.prepared.size > 0 || context.statementKey !== prepared.context.statementKey) return null;
  if (openOn(session, backend, prepared) !== undefined) return null;
  closeDropped(backend);
  const asked = prepareStatement(backend, prepared.sql);
  return async (replayed) => {
    const id = await asked;
    if (replayed) backend.statements.set(keyOn(session, prepared), { id, types: null });
    else closeStatement(backend, id); // read in nobody knows what context
  };
}

/** MariaDB: the statement that was prepared last, so that a client need not wait for its id. */
const LAST_PREPARED = 0xffffffff;

/** The client's statement that a message names; undefined: there is none. Throws MALFORMED. */
export function statementOf(session: Session, payload: Buffer): PreparedStatement | undefined {
  const id = statementId(payload);
  if (id !== LAST_PREPARED || session.mariadbCapabilities === 0) return session.statements.get(id);
  return session.statements.last;
}

export function unknownStatement(session: Session, payload: Buffer, where: string): null {
  const id = statementId(payload);
  session.sendError({
    code: 1243,
    sqlState: 'HY000',
    message: `Unknown prepared statement handler (${id}) given to ${isMariadb(session.pool.baseline) ? where : 'mysql_stmt_precheck'}`,
  });
  return null;
}

/** A session with an open cursor or long data under way can't move, and the statement stays open. */
export function noteUse(session: Session, backend: Backend, prepared: PreparedStatement): void {
  const inUse = session.cursors.has(prepared.id) || session.longData.has(prepared.id);
  if (prepared.use === 'EXCLUSIVE') backend.statements.keep(keyOn(session, prepared), inUse);
  pinStatements(session);
}

export function pinStatements(session: Session): void {
  if (session.cursors.size > 0) session.pin(Pin.CURSOR);
  else session.pins.end(Pin.CURSOR);
  if (session.longData.size > 0) session.pin(Pin.LONG_DATA);
  else session.pins.end(Pin.LONG_DATA);
}
