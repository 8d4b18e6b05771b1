import { Diagnostic } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import { query, useSchema } from '../backend/exchange';
import type { Answer } from '../backend/exchange';
import { ProxyError } from '../errors';
import { replayStatement } from './context';
import type { SessionContext } from './context';
import type { Session } from './session';
import { needsSettling, settle } from './settle';
import type { Work } from './work';

/** Whether the next statement would see on this backend what it would see on a connection of its own. */
export function isEqual(session: Session, backend: Backend, work: Work): boolean {
  if (backend.context !== session.context && !backend.context.equals(session.context)) return false;
  if (work.ready !== undefined && !work.ready(session, backend)) return false;
  if (backend.lastHolder === session) {
    return session.touched.size === 0 || asksForWarnings(work);
  }
  return backend.lastInsertId === session.lastInsertId && work.statement.reads.length === 0;
}

/**
 * Makes the backend mean what the session means, in one round trip; another one only for a statement that was prepared
 * in another context. Rejects with the server's error, or BACKEND_LOST.
 */
export async function replay(session: Session, backend: Backend, work: Work): Promise<void> {
  if (needsSettling(session) && backend.lastHolder === session) await settle(session, backend);
  if (backend.lastHolder !== session) {
    refuseLostDiagnostics(session, work);
    const insertId = replayInsertId(session, backend);
    const context = transition(backend, session.context);
    await insertId;
    await context;
    backend.lastHolder = session;
  } else {
    await transition(backend, session.context);
  }
  await work.prepare?.(session, backend);
}

/** Brings a backend into a context: everything is written at once, then all answers are awaited. */
export async function transition(backend: Backend, to: SessionContext): Promise<void> {
  const from = backend.context;
  if (from === to) return;
  const answers: Promise<Answer>[] = [];
  const set = replayStatement(from, to);
  if (set !== null) answers.push(query(backend, set));
  if (to.schema !== null && to.schema !== from.schema) answers.push(useSchema(backend, to.schema));
  for (const answer of answers) await answer;
  backend.context = to;
}

/** Reads the former holder's LAST_INSERT_ID() if only the server knows it, and writes this session's. */
async function replayInsertId(session: Session, backend: Backend): Promise<void> {
  const former = backend.lastHolder;
  const wanted = session.lastInsertId ?? 0;
  const unread = backend.lastInsertId === null;
  if (!unread && backend.lastInsertId === wanted) return;
  const answer = await query(backend, `SELECT LAST_INSERT_ID(),LAST_INSERT_ID(${wanted})`);
  if (unread) former?.insertIdRead(answer.rows[0]?.[0] ?? null);
  backend.lastInsertId = session.lastInsertId = wanted;
}

/** What the last statement left on another backend is gone: better told than wrong. */
function refuseLostDiagnostics(session: Session, work: Work): void {
  const { reads } = work.statement;
  if (reads.length === 0) return;
  for (const what of reads) {
    if (what === Diagnostic.LAST_INSERT_ID ? session.lastInsertId !== null : session.lastBackend === null) continue;
    if (what === Diagnostic.WARNINGS && session.diagnostics.warnings === 0) continue;
    throw new ProxyError(
      'SERVER',
      `MySwitch: what ${what} would tell is gone, because the connection to the server was shared in between; ask in the same transaction`,
      { errno: 1105, sqlState: 'HY000' },
    );
  }
}

function asksForWarnings(work: Work): boolean {
  return work.statement.reads.includes(Diagnostic.WARNINGS);
}
