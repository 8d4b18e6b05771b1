import { Diagnostic } from '@myswitch/protocol';
import { NOTHING } from '../backend/backend';
import type { Backend } from '../backend/backend';
import { query, queryText, useSchema } from '../backend/exchange';
import { ProxyError } from '../errors';
import { isSamePrepared, prepareStatement, prepareStatements, replayStatement } from './context';
import type { SessionContext } from './context';
import { isInsertIdLost, learnInsertId, takeOverInsertId } from './insert-id';
import { Pin } from './pins';
import type { Session } from './session';
import type { Unbegun } from './state';
import type { Work } from './work';
import { settle } from './settle';

/** As any statement does that uses a table. */
const CLEAR_WARNINGS = 'SELECT 1 FROM (SELECT 1) t';

/** Whether the next statement would see on this backend what it would see on a connection of its own. */
export function isEqual(session: Session, backend: Backend, work: Work): boolean {
  if (backend.context !== session.context && !backend.context.equals(session.context)) return false;
  if (session.unbegun !== null) return false;
  if (work.ready !== undefined && !work.ready(session, backend)) return false;
  const { reads } = work.statement;
  if (backend.lastHolder !== session) {
    const sameId = session.lastInsertId !== null && backend.lastInsertId === session.lastInsertId;
    return sameId && !asksForDiagnostics(work);
  }
  const unread = session.touched.size > 0 || session.doubted.size > 0 || session.locksTouched;
  if (unread && !asksForDiagnostics(work)) return false;
  return reads.every((what) => isKnown(session, backend, what));
}

/**
 * Makes the backend mean what the session means, in one round trip; another one only for a statement that was prepared
 * in another context. Rejects with the server's error, or BACKEND_LOST.
 */
export async function replay(session: Session, backend: Backend, work: Work): Promise<void> {
  if (session.lastInsertId === null && backend.lastHolder !== session) await learnInsertId(session);
  refuseLostDiagnostics(session, backend, work);
  if (backend.lastHolder === session) {
    // reading back would change what the statement asks about
    if (!asksForDiagnostics(work)) {
      session.endWeakPins();
      await settle(session, backend);
    }
    await transition(backend, session.context);
  } else {
    await become(session, backend, work);
  }
  // a statement without tables leaves the list as it was: it may be another session's
  const listIsOthers = asksForWarnings(work) && !isKnown(session, backend, Diagnostic.WARNINGS);
  if (listIsOthers && session.diagnostics.warnings === 0) await query(backend, CLEAR_WARNINGS);
  await work.prepare?.(session, backend);
  if (session.unbegun !== null) await beginAgain(session, backend, session.unbegun);
}

/** Somebody else had the backend last. Everything is written at once; whatever one part comes to, the answers to the others are still to come. */
async function become(session: Session, backend: Backend, work: Work): Promise<void> {
  const written = [takeOverInsertId(session, backend), transition(backend, session.context)];
  const opened = work.ahead?.(session, backend) ?? null;
  const refused = (await Promise.allSettled(written)).find((result) => result.status === 'rejected');
  if (refused !== undefined) {
    await opened?.(false).catch(() => undefined);
    throw refused.reason;
  }
  backend.lastHolder = session;
  backend.knows = NOTHING;
  await opened?.(true);
}

/**
 * Brings a backend into a context: everything is written at once, then all answers are awaited. When the server refuses
 * a schema the rest has been done; when it refuses a SET, nobody knows how far it came, and the backend is closed.
 */
export async function transition(backend: Backend, to: SessionContext): Promise<void> {
  if (backend.context === to) return;
  if (to.prepared.size > 0) await prepareElsewhere(backend, to);
  const from = backend.context;
  const set = replayStatement(from, to);
  const roles = from.role === to.role ? null : queryText(backend, `SET ROLE ${to.role ?? backend.pool.loginRole}`);
  const variables = set === null ? null : query(backend, set);
  const charset = to.variables.get('character_set_client') ?? 'DEFAULT';
  const schema = to.schema === null || to.schema === from.schema ? null : useSchema(backend, to.schema, charset);
  const prepares = prepareStatements(from, to).map(({ name, sql }) => ({ name, answer: queryText(backend, sql) }));
  try {
    await roles;
    await variables;
    backend.context = to.withSchema(from.schema).withAllPrepared(from.prepared);
  } catch (error) {
    abandon(backend);
    throw error;
  }
  try {
    await schema;
  } catch (error) {
    if (prepares.length > 0) abandon(backend);
    throw error;
  }
  // a server can't forget a schema: whoever comes without one has a command that chooses one
  const there = to.schema === null ? to.withSchema(from.schema) : to;
  backend.context = there.withAllPrepared(from.prepared);
  await preparedAgain(backend, there, prepares);
}

/** What was prepared by SQL in another schema, or under another sql_mode, is prepared there again, before all else. */
async function prepareElsewhere(backend: Backend, to: SessionContext): Promise<void> {
  for (const [name, text] of to.prepared) {
    if (text.context.statementKey === to.statementKey) continue;
    if (isSamePrepared(text, backend.context.prepared.get(name))) continue;
    await transition(backend, to.withAllPrepared(backend.context.prepared).readingAs(text.context));
    const there = backend.context;
    await preparedAgain(backend, there.withPrepared(name, text), [
      { name, answer: queryText(backend, prepareStatement(name, text)) },
    ]);
  }
}

/** One that the server refuses (its table is gone) is not there: EXECUTE will tell. */
async function preparedAgain(
  backend: Backend,
  there: SessionContext,
  prepares: readonly { readonly name: string; readonly answer: Promise<unknown> }[],
): Promise<void> {
  let context = there;
  try {
    for (const { name, answer } of prepares) {
      await answer.catch((error: ProxyError) => {
        if (error.code !== 'SERVER') throw error;
        context = context.withPrepared(name, null);
      });
    }
    backend.context = context;
  } catch (error) {
    abandon(backend);
    throw error;
  }
}

/** Nobody knows how far the replay came. */
function abandon(backend: Backend): void {
  backend.holder = null;
  backend.destroy('a replay failed');
}

/** Begins a transaction again that was taken back, now that the backend means what the session means. */
async function beginAgain(session: Session, backend: Backend, { statements, inTransaction }: Unbegun): Promise<void> {
  const answers = await Promise.all(statements.map((text) => queryText(backend, text)));
  session.unbegun = null;
  session.begun = statements;
  session.status = answers.at(-1)?.status ?? session.status;
  if (!inTransaction) session.pin(Pin.TRANSACTION_CHARACTERISTICS);
}

/** What the last statement left on another backend, or what we overwrote with a question of our own: better told than wrong. */
function refuseLostDiagnostics(session: Session, backend: Backend, work: Work): void {
  for (const what of work.statement.reads) {
    if (isKnown(session, backend, what) || isTrivial(session, what)) continue;
    throw new ProxyError(
      'SERVER',
      `MySwitch: what ${what} would tell is gone, because the connection to the server was shared in between; ask in the same transaction`,
      { errno: 1105, sqlState: 'HY000' },
    );
  }
}

function isKnown(session: Session, backend: Backend, what: Diagnostic): boolean {
  if (what === Diagnostic.LAST_INSERT_ID) return !isInsertIdLost(session, backend);
  return backend.lastHolder === session && backend.knows.has(what);
}

/** A new connection, or a statement without warnings: any backend tells the same. */
function isTrivial(session: Session, what: Diagnostic): boolean {
  if (what === Diagnostic.LAST_INSERT_ID) return false;
  return session.lastBackend === null || (what === Diagnostic.WARNINGS && session.diagnostics.warnings === 0);
}

function asksForWarnings(work: Work): boolean {
  return work.statement.reads.includes(Diagnostic.WARNINGS);
}

function asksForDiagnostics(work: Work): boolean {
  return work.statement.reads.some((what) => what !== Diagnostic.LAST_INSERT_ID);
}
