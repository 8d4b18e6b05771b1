import type { Backend } from '../backend/backend';
import { ProxyError } from '../errors';
import { INTERRUPTED } from './client-error';
import { SessionPhase } from './phase';
import type { Session } from './session';

const ENDED_FOR_SWITCH = {
  code: 1213,
  sqlState: '40001',
  message: 'MySwitch: ended for a switch; try restarting transaction',
};

/**
 * Takes the session's backend away; the client keeps its connection and gets 1213 (now, or with its next command). A
 * statement that runs is interrupted and then answers for itself: 1213 makes clients try again, so it is told only when
 * nothing was committed.
 */
export async function killForSwitch(session: Session): Promise<void> {
  const { backend } = session;
  if (backend === null) return;
  if (session.phase === SessionPhase.IDLE) return session.road.giveUp(session, backend, ENDED_FOR_SWITCH);
  session.ending = ENDED_FOR_SWITCH;
  try {
    await interrupt(session, backend);
  } catch (failure) {
    session.ending = null;
    throw failure;
  }
}

/** A client's KILL. */
export function killByClient(session: Session, what: 'query' | 'connection'): void {
  const { backend, pool } = session;
  const running = session.phase === SessionPhase.RUNNING && backend !== null;
  const failed = (error: Error): void =>
    pool.log('warn', 'a statement could not be killed', { session: session.id, error: error.message });
  if (what === 'query') {
    if (running) interrupt(session, backend).catch(failed);
    else if (session.phase === SessionPhase.WAITING) session.denied(interrupted());
    return;
  }
  // the server would run it to its end although nobody takes its reply any more
  if (running) backend.pool.killOnServer(backend, 'CONNECTION').catch(failed);
  session.end(null);
}

function interrupt(session: Session, backend: Backend): Promise<void> {
  const kill = backend.pool.killOnServer(backend, 'QUERY');
  session.interrupting = Promise.allSettled([session.interrupting, kill]);
  return kill;
}

function interrupted(): ProxyError {
  return new ProxyError('SERVER', INTERRUPTED.message, { errno: INTERRUPTED.code, sqlState: INTERRUPTED.sqlState });
}
