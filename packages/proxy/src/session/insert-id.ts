import type { Backend } from '../backend/backend';
import { asBytes, query } from '../backend/exchange';
import type { Holder } from '../backend/holder';
import type { Session } from './session';

/*
 * LAST_INSERT_ID() belongs to the session, but only the server knows it after an INSERT: `lastInsertId` is then null in the
 * session and in its backend. Most clients never ask, so it is read when it would be lost: when another session gets that
 * backend, or this session another one.
 *
 *   session null, lastBackend.lastHolder === session    that backend knows
 *   session null, insertIdPending                       it is being asked
 *   session null, neither                               lost with its backend: who asks is told
 */

/** Whether what LAST_INSERT_ID() would tell is gone, as far as this backend goes. */
export function isInsertIdLost(session: Session, backend: Backend): boolean {
  return session.lastInsertId === null && (backend.lastHolder !== session || backend.lastInsertId !== null);
}

/** Keeps the former holder's value, and makes the backend tell this session's. */
export async function takeOverInsertId(session: Session, backend: Backend): Promise<void> {
  const former = backend.lastHolder;
  const wanted = session.lastInsertId ?? 0;
  const unread = backend.lastInsertId === null;
  if (!unread && backend.lastInsertId === wanted) return;
  const answer = query(backend, `SELECT ${asBytes('LAST_INSERT_ID()')},LAST_INSERT_ID(${wanted})`);
  // it may be asking itself: another promise than the one it waits for would leave it without an answer
  if (unread && former !== null) await (former.insertIdPending ?? keepFor(former, answer));
  await answer;
  backend.lastInsertId = wanted;
}

/** Asks the backend that the session had last, if that alone knows. Never rejects. */
export function learnInsertId(session: Session): Promise<void> {
  if (session.insertIdPending !== null) return session.insertIdPending;
  const last = session.lastBackend;
  if (last === null || last.lastHolder !== session || last.state === 'CLOSED') return Promise.resolve();
  // it was lost before, and this one was told 0 in its place
  if (last.lastInsertId !== null) return Promise.resolve();
  const learned = keepFor(session, query(last, `SELECT ${asBytes('LAST_INSERT_ID()')}`));
  last.lastHolder = null; // who gets that backend next must not keep this value for a session that has gone on
  return learned;
}

/** Never rejects: what can't be read is lost. */
function keepFor(owner: Holder, answer: ReturnType<typeof query>): Promise<void> {
  const pending = answer.then(
    ({ rows }) => {
      if (owner.insertIdPending === pending) owner.insertIdRead(rows[0]?.[0] ?? null);
    },
    () => undefined,
  );
  owner.insertIdPending = pending;
  return pending;
}
