import { Command, ServerStatus, StatementKind } from '@myswitch/protocol';
import type { Packet, ReplyTracker } from '@myswitch/protocol';
import { BackendState, NOTHING } from '../backend/backend';
import type { Backend } from '../backend/backend';
import { query } from '../backend/exchange';
import { decodeCommand } from '../commands/table';
import { ProxyError } from '../errors';
import { observe } from './observe';
import { SessionPhase } from './phase';
import { Pin } from './pins';
import { isEqual, replay } from './replay';
import type { Road, Session } from './session';
import type { Work } from './work';
import { clientError } from './client-error';
import type { ClientError } from './client-error';
import { needsSettling, settle, wipe } from './settle';

/*
 * The road of a command, top to bottom:
 *
 *   receive -> (decode, classify) -> run -> seek (checkout; the gate is there) -> granted -> (replay) -> submit
 *   replyComplete -> (observe) -> (settle) -> boundary -> release, or the backend stays with the session
 *
 * Everything up to `submit` is synchronous when a backend is idle and means what the session means.
 */

/** How often a command that was not sent yet may look for another backend when its own died in the replay. */
const MAX_ATTEMPTS = 3;

/** A whole command from the client. */
function receive(session: Session, packet: Packet): void {
  const { doomed } = session;
  if (doomed !== null) {
    const code = packet.payload[0] ?? -1;
    // the client awaits no reply to these
    if (code === Command.STMT_SEND_LONG_DATA) return;
    if (code !== Command.STMT_CLOSE && code !== Command.QUIT) {
      session.doomed = null;
      // these give up all that was lost
      if (code !== Command.RESET_CONNECTION && code !== Command.CHANGE_USER) return session.sendError(doomed);
    }
  }
  const work = decodeCommand(session, packet);
  if (work !== null) run(session, work);
}

/** Runs a command on the session's backend, or on one that it waits for. */
function run(session: Session, work: Work): void {
  session.work = work;
  session.since = session.pool.clock.now();
  session.move(SessionPhase.WAITING);
  if (session.backend !== null) submitOrReplay(session, session.backend, 1);
  else seek(session);
}

/** Asks the pool for a backend; true if there was one at once. */
function seek(session: Session): boolean {
  const backend = session.pool.checkout(session);
  if (backend === null) return false;
  granted(session, backend);
  return true;
}

function granted(session: Session, backend: Backend): void {
  session.backend = backend;
  submitOrReplay(session, backend, 1);
}

function submitOrReplay(session: Session, backend: Backend, attempt: number): void {
  const work = session.work!;
  if (isEqual(session, backend, work)) return submit(session, backend, work);
  session.move(SessionPhase.REPLAYING);
  replay(session, backend, work)
    .then(
      () => {
        if (backend.state === BackendState.CLOSED) return replayFailed(session, backend, ended(backend), attempt);
        if (session.closed) return abandon(session, backend);
        submit(session, backend, work);
      },
      (error: ProxyError) => replayFailed(session, backend, error, attempt),
    )
    .catch((error: Error) => session.crashed(error));
}

function submit(session: Session, backend: Backend, work: Work): void {
  session.move(SessionPhase.RUNNING);
  session.reply.start();
  if (work.grammar === null) {
    work.write(session, backend);
    work.done?.(session, backend, NO_REPLY, true);
    if (!backend.isFull) return boundary(session, backend);
    backend.onceDrained(() => {
      if (session.backend !== backend) return;
      if (session.closed) abandon(session, backend);
      else boundary(session, backend);
    });
    return;
  }
  backend.expect(work.grammar, session.reply);
  work.write(session, backend);
}

/** The client has the whole reply. */
function replyComplete(session: Session, tracker: ReplyTracker): void {
  const backend = session.backend!;
  const work = session.work!;
  observe(session, backend, work, tracker);
  work.done?.(session, backend, tracker, tracker.errorCode === 0);
  if (session.closed) return abandon(session, backend);
  if (!needsSettling(session)) return boundary(session, backend);
  session.move(SessionPhase.SETTLING);
  answered(session, backend, settle(session, backend), () => boundary(session, backend));
}

/** After a question of our own, while the session is SETTLING; `goOn` finds it open and on its backend. */
function answered(session: Session, backend: Backend, question: Promise<void>, goOn: () => void): void {
  question
    .then(
      () => {
        if (session.backend !== backend) return; // the server ended the connection right behind its answer
        if (session.closed) abandon(session, backend);
        else goOn();
      },
      (error: ProxyError) => {
        if (session.backend !== backend) return;
        dismiss(backend, error);
        session.backendLost(error.message);
      },
    )
    .catch((error: Error) => session.crashed(error));
}

/** Between two commands: the session keeps its backend only if it must. */
function boundary(session: Session, backend: Backend): void {
  const keeps = session.keepsBackend;
  session.work = null;
  session.move(SessionPhase.IDLE);
  if (session.ending !== null) {
    const told = session.reply.replaced ? null : session.ending;
    session.ending = null;
    if (keeps) giveUp(session, backend, told);
  }
  if (!keeps) {
    if (session.weakPins.size > 0 && session.pool.holding) session.pool.endWeakPins(session);
    else if (backend.pool.isAwaited) session.endWeakPins();
    if (session.weakPins.size === 0) settleAndRelease(session, backend);
  } else if (session.mayBeginAgain && (session.pool.holding || backend.pool.isAwaited)) unbegin(session, backend);
  session.next();
}

/** Gives the backend back of a session that keeps it for a transaction in which nothing was done. */
function unbegin(session: Session, backend: Backend): void {
  session.move(SessionPhase.SETTLING);
  answered(session, backend, takeBack(session, backend), () => {
    session.move(SessionPhase.IDLE);
    settleAndRelease(session, backend);
    session.next();
  });
}

/** The server forgets the transaction; the session remembers how it was begun, and is free to move. */
async function takeBack(session: Session, backend: Backend): Promise<void> {
  const { begun, inTransaction } = session;
  // characteristics alone last until a transaction has had them
  const ending = inTransaction ? ['ROLLBACK'] : ['BEGIN', 'ROLLBACK'];
  await Promise.all(ending.map((sql) => query(backend, sql)));
  if (session.backend !== backend || begun === null) return;
  backend.knows = NOTHING;
  session.begun = null;
  session.unbegun = { statements: begun, inTransaction };
  session.pins.end(Pin.TRANSACTION_CHARACTERISTICS);
  session.status &= ~ServerStatus.IN_TRANS;
}

/** Gives the backend back as it is: it means what the session means. */
function release(session: Session, backend: Backend): void {
  session.backend = null;
  session.lastBackend = backend;
  session.letGo();
  session.pool.checkin(backend);
}

/** Ends the backend of a session that rests, which is told with its next command. The server rolls back. */
function giveUp(session: Session, backend: Backend, told: ClientError | null): void {
  session.connectionEnded();
  session.backend = null;
  session.doomed = told;
  session.letGo();
  backend.holder = null;
  backend.destroy('ended for a switch');
  session.pool.lost();
}

/**
 * Reads back what is still open, then gives the backend back, unless what was read pins: for a session whose weak pins end
 * between two commands.
 */
function settleAndRelease(session: Session, backend: Backend): void {
  if (!needsSettling(session)) return release(session, backend);
  session.move(SessionPhase.SETTLING);
  answered(session, backend, settle(session, backend), () => boundary(session, backend));
}

/** The client went away in a transaction or with pins: the server forgets the session, then others may have the backend. */
function recycle(session: Session, backend: Backend): void {
  wipe(backend).then(
    () => {
      if (session.backend === backend) release(session, backend);
    },
    (error: ProxyError) => {
      if (session.backend !== backend) return;
      dismiss(backend, error);
      session.backend = null;
      session.pool.lost();
    },
  );
}

/** Nobody knows what it means any more. Its session is told by who calls. */
function dismiss(backend: Backend, error: ProxyError): void {
  backend.holder = null;
  backend.destroy(error.message);
}

function ended(backend: Backend): ProxyError {
  return new ProxyError('BACKEND_LOST', `the connection to ${backend.pool.node.name} had ended`);
}

/** A session that closed while its backend was busy for it. */
function abandon(session: Session, backend: Backend): void {
  if (session.backend === null) return;
  if (session.keepsBackend) recycle(session, backend);
  else release(session, backend);
}

function replayFailed(session: Session, backend: Backend, error: ProxyError, attempt: number): void {
  const gone = backend.state === BackendState.CLOSED;
  const keeps = session.keepsBackend || (gone && session.touched.size > 0);
  if (gone) {
    if (keeps) session.connectionEnded();
    session.backend = null;
    session.pool.lost();
  }
  if (session.closed) return abandon(session, backend);
  if (gone && !keeps && error.code !== 'SERVER' && attempt < MAX_ATTEMPTS) {
    session.move(SessionPhase.WAITING);
    const next = session.pool.checkout(session);
    if (next !== null) {
      session.backend = next;
      submitOrReplay(session, next, attempt + 1);
    }
    return;
  }
  session.move(SessionPhase.IDLE);
  session.fail(clientError(error));
  if (!gone && !keeps && !session.closed) settleAndRelease(session, backend);
  session.next();
}

/** The backend's connection ended before the reply did. What may have been committed is never run again. */
function replyLost(session: Session, reason: string): void {
  const { work, ending } = session;
  const place = session.backend?.nextSequence ?? null;
  const unknown = work !== null && mayHaveCommitted(session, work);
  const wasOpen = session.keepsBackend;
  session.connectionEnded();
  session.backend = null;
  session.work = null;
  session.pool.lost();
  if (session.closed) return;
  session.ending = null;
  session.move(SessionPhase.IDLE);
  const lostState = wasOpen ? '; the open transaction and what was bound to it are lost' : '';
  const error = (unknown ? null : ending) ?? {
    code: 1105,
    sqlState: unknown ? '08007' : 'HY000',
    message: unknown
      ? `MySwitch: outcome unknown: ${reason} before it answered${lostState}`
      : `MySwitch: not completed: ${reason} before it answered${lostState}`,
  };
  if (!session.reply.started) {
    session.sendError(error);
  } else if (place !== null) {
    session.reply.finishDefinitions();
    session.replySequence = place;
    session.sendError(error);
  } else {
    session.end(null); // in the middle of a row there is no place for an error
  }
  session.next();
}

/** In a transaction these commit nothing of their own. */
const OF_TRANSACTION: ReadonlySet<StatementKind> = new Set([
  StatementKind.SELECT,
  StatementKind.INSERT,
  StatementKind.REPLACE,
  StatementKind.UPDATE,
  StatementKind.DELETE,
]);

function mayHaveCommitted(session: Session, { statement }: Work): boolean {
  return statement.mayCommit && !(session.inTransaction && statement.plain && OF_TRANSACTION.has(statement.kind));
}

const NO_REPLY = { errorCode: 0, status: 0, warnings: 0 } as ReplyTracker;

export const road: Road = Object.freeze({
  receive,
  run,
  seek,
  granted,
  replyComplete,
  replyLost,
  release,
  giveUp,
  settleAndRelease,
  unbegin,
  recycle,
});
