import { Command, ServerStatus, StatementKind } from '@myswitch/protocol';
import type { Packet, ReplyTracker } from '@myswitch/protocol';
import { BackendState, NOTHING } from '../backend/backend';
import type { Backend } from '../backend/backend';
import { query } from '../backend/exchange';
import { textOf } from '../commands/query';
import { decodeCommand } from '../commands/table';
import { rollsBack } from '../commands/text';
import { ProxyError } from '../errors';
import { Fate, lossOf } from './loss';
import type { Loss } from './loss';
import { observe } from './observe';
import { SessionPhase } from './phase';
import { Pin } from './pins';
import { isEqual, replay } from './replay';
import type { Road, Session } from './session';
import type { Work } from './work';
import { clientError, SERVER_SHUTDOWN } from './client-error';
import type { ClientError } from './client-error';
import { needsSettling, settle, wipe } from './settle';
import { printOf } from './unknown-writes';

/*
 * The road of a command, top to bottom:
 *
 *   receive -> (decode, classify) -> run -> seek (checkout; the gate is there) -> granted -> (replay) -> submit
 *   replyComplete -> (observe) -> (settle) -> boundary -> release, or the backend stays with the session
 *
 * Everything up to `submit` is synchronous when a backend is idle and means what the session means. What follows when the
 * backend is lost on the way is decided in loss.ts.
 */

/** When a backend is lost so are others, as a rule: by then it is known which. */
const AGAIN_MS = 100;

/** A whole command from the client. */
function receive(session: Session, packet: Packet): void {
  const { doomed } = session;
  if (doomed !== null) {
    const code = packet.payload[0] ?? -1;
    // the client awaits no reply to these
    if (code === Command.STMT_SEND_LONG_DATA) return;
    if (code !== Command.STMT_CLOSE && code !== Command.QUIT) {
      session.doomed = null;
      if (doomed.error !== null && !givesUp(session, packet, doomed.fate)) return session.sendError(doomed.error);
    }
  }
  const work = decodeCommand(session, packet);
  if (work !== null) run(session, work);
}

/** A command that asks for no more than what has happened already. */
function givesUp(session: Session, packet: Packet, fate: Fate): boolean {
  switch (packet.code) {
    case Command.RESET_CONNECTION:
    case Command.CHANGE_USER:
      return true;
    case Command.QUERY:
      return fate === Fate.ROLLED_BACK && rollsBack(session, textOf(session, packet).sql);
    default:
      return false;
  }
}

/** Runs a command on the session's backend, or on one that it waits for. */
function run(session: Session, work: Work): void {
  session.work = work;
  session.reruns = 0;
  session.readsEarly = false;
  session.since = session.pool.clock.now();
  session.move(SessionPhase.WAITING);
  if (session.backend !== null) submitOrReplay(session, session.backend);
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
  submitOrReplay(session, backend);
}

function submitOrReplay(session: Session, backend: Backend): void {
  const work = session.work!;
  if (isEqual(session, backend, work)) return submit(session, backend, work);
  session.move(SessionPhase.REPLAYING);
  replay(session, backend, work)
    .then(
      () => {
        if (backend.state === BackendState.CLOSED) return replayLost(session, backend, ended(backend));
        if (session.closed) return abandon(session, backend);
        submit(session, backend, work);
      },
      (error: ProxyError) => replayFailed(session, backend, error),
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
  if (session.reply.refused) {
    const error = session.readsEarly ? notOpen(backend) : shutDown(backend);
    dismiss(backend, error);
    return replyLost(session, error.message);
  }
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
  session.doomed = told === null ? null : { fate: Fate.STATE_LOST, error: told };
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

function shutDown(backend: Backend): ProxyError {
  return new ProxyError('BACKEND_LOST', `${backend.pool.node.name} shuts down`);
}

function notOpen(backend: Backend): ProxyError {
  return new ProxyError('BACKEND_LOST', `${backend.pool.node.name} takes no writes yet`);
}

/** The client is gone. */
function abandon(session: Session, backend: Backend): void {
  if (session.backend === null) return;
  // what it has set and nobody has read back yet would be the next session's
  if (session.keepsBackend || needsSettling(session)) recycle(session, backend);
  else release(session, backend);
}

function replayFailed(session: Session, backend: Backend, error: ProxyError): void {
  if (backend.state === BackendState.CLOSED) return replayLost(session, backend, error);
  if (error.errno === SERVER_SHUTDOWN) {
    dismiss(backend, error);
    return replayLost(session, backend, shutDown(backend));
  }
  if (session.closed) return abandon(session, backend);
  const keeps = session.keepsBackend;
  session.move(SessionPhase.IDLE);
  session.fail(clientError(error));
  if (!keeps && !session.closed) settleAndRelease(session, backend);
  session.next();
}

// ---- a backend is lost ------------------------------------------------------------------------------------------

/** Takes leave of the backend. `sent`: the command under way was; null: none is under way. */
function lose(session: Session, sent: boolean | null, reason: string): Loss {
  const { ending, beginning } = session;
  const loss = lossOf(session, sent === null ? null : session.work, sent === true, reason);
  if (loss.fate === Fate.UNKNOWN) rememberUnknown(session);
  session.connectionEnded();
  session.backend = null;
  session.ending = null;
  session.letGo();
  session.pool.lost();
  // somebody ended it for a switch, and it may be that this was how
  const killed = ending !== null && sent !== null && loss.fate !== Fate.UNKNOWN && loss.fate !== Fate.DONE;
  if (killed) return { fate: Fate.STATE_LOST, error: ending };
  if (loss.error === null) session.unbegun = beginning;
  return loss;
}

/** For whoever finds out what became of it. */
function rememberUnknown({ pool, work, backend, lastWrite, id, account, since }: Session): void {
  if (work === null || backend === null) return;
  const { kind } = work.statement;
  pool.unknownWrites.add({
    session: id,
    user: account.name,
    node: backend.pool.node.name,
    connectionId: backend.connectionId,
    kind,
    epoch: pool.epoch,
    print: printOf((kind === StatementKind.COMMIT ? lastWrite : work)?.sql),
    since,
    lostAt: pool.clock.now(),
  });
}

/** Looks for another backend for the command under way. */
function again(session: Session, reason: string): void {
  const { work, pool } = session;
  const { maxMs } = pool.options.hold;
  session.move(SessionPhase.WAITING);
  if (pool.clock.now() - session.since > maxMs)
    return session.refuse(
      `not completed: ${reason} before it answered, more than ${maxMs} ms (hold.max) after it began`,
    );
  pool.clock.timer(() => {
    if (session.work === work && session.phase === SessionPhase.WAITING) seek(session);
  }, AGAIN_MS);
}

/** It held one without a reply being due: it rests, or what it changed is read back. */
function backendLost(session: Session, reason: string): void {
  const loss = lose(session, null, reason);
  if (loss.error !== null) session.doomed ??= loss;
  if (session.phase !== SessionPhase.SETTLING && session.phase !== SessionPhase.RUNNING) return;
  session.work = null;
  session.move(SessionPhase.IDLE);
  session.next();
}

/** The command had not been sent. `error`: BACKEND_LOST, or what the server said before the backend was given up. */
function replayLost(session: Session, backend: Backend, error: ProxyError): void {
  const { work } = session;
  const loss = lose(session, false, error.message);
  if (session.closed) return;
  if (loss.fate === Fate.RUN_AGAIN && error.code !== 'SERVER') return again(session, error.message);
  session.move(SessionPhase.IDLE);
  if (loss.fate === Fate.DONE) {
    session.work = null;
    work!.done?.(session, backend, NO_REPLY, true);
  } else {
    session.fail(loss.error ?? clientError(error));
  }
  session.next();
}

/** The command was sent, and its reply is not complete. */
function replyLost(session: Session, reason: string): void {
  const place = session.backend?.nextSequence ?? null;
  const loss = lose(session, true, reason);
  if (session.closed) return;
  if (loss.fate === Fate.RUN_AGAIN) {
    session.reruns++;
    return again(session, reason);
  }
  const answer = (sequence: number | null): void => {
    session.move(SessionPhase.IDLE);
    session.work = null;
    if (!session.reply.started) {
      session.sendError(loss.error!);
    } else if (sequence !== null) {
      session.reply.finishDefinitions();
      session.replySequence = sequence;
      session.sendError(loss.error!);
    } else {
      session.end(null); // in the middle of a row there is no place for an error
    }
    session.next();
  };
  if (!session.stream.swallowFile(answer)) answer(place);
}

const NO_REPLY = { errorCode: 0, status: 0, warnings: 0 } as ReplyTracker;

export const road: Road = Object.freeze({
  receive,
  run,
  seek,
  granted,
  replyComplete,
  replyLost,
  backendLost,
  release,
  giveUp,
  settleAndRelease,
  unbegin,
  abandon,
});
