import type { Socket } from 'node:net';
import {
  encodeEof,
  encodeErr,
  encodeOk,
  encodePacket,
  encodeTrackers,
  ProtocolError,
  ServerStatus,
} from '@myswitch/protocol';
import type { ClientLogin, Packet, ReplyTracker, Tracker } from '@myswitch/protocol';
import type { Candidate } from '../accounts/account-table';
import type { ClientFacts } from '../accounts/admission';
import type { Permit } from '../accounts/permit';
import { BackendState } from '../backend/backend';
import type { Backend } from '../backend/backend';
import type { Timer } from '../clock';
import { ProxyError } from '../errors';
import type { Blocking, SessionRow } from '../plane/types';
import type { Pool } from '../pool/pool';
import type { PoolClient } from '../pool/pool-client';
import { clientError, INTERRUPTED, READ_ONLY, SERVER_SHUTDOWN } from './client-error';
import type { ClientError } from './client-error';
import { blocking, row } from './blocking';
import { killByClient, killForSwitch } from './kill';
import { ClientLink } from './client-link';
import { WATCH_MS } from './client-watch';
import { ClientStream } from './client-stream';
import { ClientReply } from './client-reply';
import type { ReplyTarget } from './client-reply';
import { outlivesShutdown } from './loss';
import type { Loss } from './loss';
import { MOVES, SessionPhase } from './phase';
import { Pin } from './pins';
import { inactivity, networkMs, waitMs } from './time-limits';
import { SessionState } from './state';
import type { InitialState } from './state';
import type { Work } from './work';

/** Commands that are answered at once, one after another; then other sessions have theirs. */
const MAX_TURN = 200;
/** As long as a login has: a backend that has not answered questions of our own by then is not worth waiting for. */
const ABANDONED_MS = 10_000;
const MALFORMED = { code: 1835, sqlState: 'HY000', message: 'Malformed communication packet.' };

/** What moves a session along: see road.ts. */
export interface Road {
  receive(session: Session, packet: Packet): void;
  run(session: Session, work: Work): void;
  /** Asks the pool for a backend; true if there was one at once. */
  seek(session: Session): boolean;
  granted(session: Session, backend: Backend): void;
  replyComplete(session: Session, tracker: ReplyTracker): void;
  replyLost(session: Session, reason: string): void;
  /** The backend that it held is gone, and no reply was due. */
  backendLost(session: Session, reason: string): void;
  release(session: Session, backend: Backend): void;
  settleAndRelease(session: Session, backend: Backend): void;
  /** The client is gone: the backend is for others, once it knows nothing of the session any more. */
  abandon(session: Session, backend: Backend): void;
  /** Takes back a transaction in which nothing was done, so that the session can move. */
  unbegin(session: Session, backend: Backend): void;
  /** Ends the backend of a session that rests, which is told with its next command. */
  giveUp(session: Session, backend: Backend, told: ClientError | null): void;
}

export interface Accepted extends InitialState {
  readonly permit: Permit | null;
  readonly login: ClientLogin<Candidate>;
}

/**
 * The life of a client's connection after login: from command to command, by the road. It holds a backend only while a
 * command or transaction runs, or as long as it is pinned.
 */
export class Session extends SessionState implements PoolClient, ReplyTarget {
  readonly id: number;
  readonly pool: Pool;
  readonly client: string;
  /** What a login of this client depends on besides its password. */
  readonly facts: ClientFacts;
  readonly road: Road;
  readonly reply = new ClientReply(this);
  readonly stream: ClientStream;
  /** null: its account may have any number of connections. */
  #permit: Permit | null;
  work: Work | null = null;
  /** What the next command is told in place of its reply. */
  doomed: Loss | null = null;
  /** A switch ends what it does: told as soon as that is over, if not by then. */
  ending: ClientError | null = null;
  /** Takes the PREPARE_OK that is under way. */
  onPrepared: ((payload: Buffer) => void) | null = null;
  /** Keeps the state of COM_CHANGE_USER; also takes the packets of its authentication. */
  readonly login: ClientLogin<Candidate>;
  takeOver: ((packet: Packet) => void) | null = null;
  /** Sequence id of the next packet that we ourselves send: above 1 in an authentication. */
  replySequence = 1;
  since: number;
  /** How often the command under way was sent again because its backend was lost. */
  reruns = 0;
  /** The command under way may have gone to a node that is not open yet. */
  readsEarly = false;
  #phase: SessionPhase = SessionPhase.IDLE;
  readonly #link: ClientLink;
  #taking = false;
  #queued: Work | null = null;
  /** With its backend's answers to questions of our own, once the client is gone. */
  #patience: Timer | null = null;

  constructor(id: number, pool: Pool, road: Road, socket: Socket, accepted: Accepted, facts: ClientFacts) {
    super(accepted, pool.clock);
    this.id = id;
    this.pool = pool;
    this.client = facts.client;
    this.facts = facts;
    this.since = pool.clock.now();
    this.login = accepted.login;
    this.#permit = accepted.permit;
    this.road = road;
    const { capabilities } = accepted;
    const limits = { capabilities, maxPayload: pool.baseline!.maxPayload, budget: pool.messages };
    this.#link = new ClientLink(socket, limits, {
      arrived: () => this.next(),
      broken: (error, sequence) => {
        this.replySequence = sequence;
        this.end(error);
      },
      closed: () => this.close(),
    });
    this.stream = new ClientStream(this, this.#link);
    pool.sessions.add(this);
  }

  get phase(): SessionPhase {
    return this.#phase;
  }

  get closed(): boolean {
    return this.#phase === SessionPhase.CLOSED;
  }

  /** Between two commands, all that keeps it is a transaction in which nothing was done. */
  get mayBeginAgain(): boolean {
    if (this.begun === null || this.#phase !== SessionPhase.IDLE) return false;
    return this.pins.size === 0 || (this.pins.size === 1 && this.pins.has(Pin.TRANSACTION_CHARACTERISTICS));
  }

  /** The command under way asked for a cursor. */
  get opensCursor(): boolean {
    return this.work?.opensCursor === true;
  }

  get needsNoSchema(): boolean {
    return this.context.schema === null && this.work?.entersSchema !== true;
  }

  /** Bytes that it keeps while it waits. */
  get waitingBytes(): number {
    return this.work?.bytes ?? 0;
  }

  move(to: SessionPhase): void {
    if (!MOVES[this.#phase].includes(to)) throw new Error(`a session can't go from ${this.#phase} to ${to}`);
    this.#phase = to;
  }

  // ---- towards the client -------------------------------------------------------------------------------------

  write(bytes: Buffer): void {
    this.#link.write(bytes, this.backend);
  }

  writeAll(parts: readonly Buffer[]): void {
    this.#link.writeAll(parts, this.backend);
  }

  /** `told`: of the session, as far as the client asked for it. */
  sendOk(told: readonly Tracker[] = []): void {
    const shown = this.shownTrackers(told);
    const trackers = shown.length === 0 ? null : encodeTrackers(shown);
    const ok = { header: 0 as const, affectedRows: 0, lastInsertId: 0n, warnings: 0, info: '', trackers };
    this.sendPayload(encodeOk({ ...ok, status: this.plainStatus }, this.capabilities));
    this.replySequence = 1;
  }

  /** As servers answer a few commands: an OK in the form of an EOF, or an EOF. */
  sendEof(): void {
    const status = this.plainStatus;
    const ok = { header: 0xfe as const, affectedRows: 0, lastInsertId: 0n, warnings: 0, info: '', trackers: null };
    const payload = this.deprecateEof
      ? encodeOk({ ...ok, status }, this.capabilities)
      : encodeEof({ warnings: 0, status });
    this.sendPayload(payload);
    this.replySequence = 1;
  }

  /** As after a server's own error, ROW_COUNT() is -1. */
  sendError(error: ClientError): void {
    this.rowCountIs(-1);
    this.sendPayload(encodeErr(error));
    this.replySequence = 1;
  }

  sendPayload(payload: Buffer): void {
    this.write(encodePacket(payload, this.replySequence++));
  }

  /** The command under way comes to nothing. */
  fail(error: ClientError): void {
    const { work } = this;
    this.work = null;
    if (work?.failed !== undefined) work.failed(this, error);
    else this.sendError(error);
  }

  /** The next message is part of an authentication: `take` gets it. */
  expectAuthentication(sequence: number, take: (packet: Packet) => void): void {
    this.takeOver = take;
    this.#link.expect(sequence);
  }

  // ---- towards pool and backend -------------------------------------------------------------------------------

  /** The pool has a backend for the command that waits. */
  granted(backend: Backend): void {
    this.pool.grantedLater(this);
    this.road.granted(this, backend);
  }

  /** The wait ended without a backend. */
  refuse(reason: string): void {
    this.denied(new ProxyError('DEADLINE', reason));
  }

  denied(error: ProxyError): void {
    this.pool.leave(this);
    this.move(SessionPhase.IDLE);
    this.fail(clientError(error));
    this.next();
  }

  /** The gate opened: asks for a backend again. True if it has one. */
  retry(): boolean {
    if (this.#phase !== SessionPhase.WAITING) return true;
    this.since = this.pool.clock.now();
    return this.road.seek(this);
  }

  readEarly(): boolean {
    if (this.#phase !== SessionPhase.WAITING) return false;
    const isIdle = this.backend === null && this.unbegun === null && !this.keepsBackend;
    const autocommit = (this.status & ServerStatus.AUTOCOMMIT) !== 0;
    // one that the node refused waits for it to open
    this.readsEarly = isIdle && autocommit && this.reruns === 0 && this.work?.statement.readOnly === true;
    return this.readsEarly;
  }

  /** The server ended the connection while this session held it between two commands. */
  backendLost(reason: string): void {
    if (this.#phase === SessionPhase.REPLAYING) return; // it is about to ask that backend something, and told then
    const rested = this.#mayHaveRestedTooLong();
    this.road.backendLost(this, reason);
    if (rested && this.doomed !== null && !this.closed) this.#endInactive();
  }

  fileRequested(request: number, shift: number): void {
    this.stream.fileRequested(request, shift);
  }

  statementPrepared(payload: Buffer): void {
    this.onPrepared?.(payload);
  }

  // ---- pins ---------------------------------------------------------------------------------------------------

  /** The last pin may have ended without a command of the server's. */
  leaveIfUnpinned(): void {
    if (this.backend === null || this.keepsBackend || this.weakPins.size > 0) return;
    this.road.settleAndRelease(this, this.backend);
  }

  /** Gives a backend back that is held for weak pins only, or for a transaction in which nothing was done; true if it did. */
  releaseWeakPins(): boolean {
    if (this.mayBeginAgain && this.backend !== null) {
      this.road.unbegin(this, this.backend);
      return true;
    }
    if (this.#phase !== SessionPhase.IDLE || this.weakPins.size === 0 || this.backend === null) return false;
    this.endWeakPins();
    if (this.keepsBackend) return false;
    this.road.settleAndRelease(this, this.backend);
    return true;
  }

  blocking(): Blocking | null {
    return blocking(this);
  }

  row(): SessionRow {
    return row(this);
  }

  killForSwitch(): Promise<void> {
    return killForSwitch(this);
  }

  errorInstead(errorCode: number): ClientError | null {
    return errorCode === INTERRUPTED.code ? this.ending : null;
  }

  isNoReply(errorCode: number): boolean {
    // a view may call a function that writes: that waits, as other writes do
    if (errorCode === READ_ONLY && this.readsEarly) return true;
    return (
      errorCode === SERVER_SHUTDOWN && this.work !== null && this.ending === null && outlivesShutdown(this, this.work)
    );
  }

  /** Its backend goes to somebody else, and must not wait for this client any more. */
  letGo(): void {
    this.#patience?.cancel();
    this.#link.letGo();
  }

  kill(what: 'query' | 'connection'): void {
    killByClient(this, what);
  }

  get permit(): Permit | null {
    return this.#permit;
  }

  /** By another permit than before: the former one is free. */
  set permit(permit: Permit | null) {
    if (this.#permit !== permit) this.#permit?.release();
    this.#permit = permit;
  }

  /** Waits for an answer that needs no backend, then goes on with the work that it leads to, or with the next command. */
  ask<T>(question: Promise<T>, answered: (answer: T) => Work | null): void {
    this.move(SessionPhase.ASKING);
    question
      .then((answer) => {
        if (this.closed) return;
        this.move(SessionPhase.IDLE);
        const work = answered(answer);
        if (work !== null) this.run(work);
        this.next();
      })
      .catch((error: Error) => this.crashed(error));
  }

  run(work: Work): void {
    this.road.run(this, work);
  }

  /** Runs `work` as soon as the command under way is over. */
  runNext(work: Work): void {
    this.#queued = work;
  }

  // ---- the client's side --------------------------------------------------------------------------------------

  /** Bytes that came with the login packet. */
  unread(chunk: Buffer): void {
    if (chunk.length > 0) this.#link.receive(chunk);
  }

  /** Takes up the next command, if one is there and none is under way. */
  next(): void {
    // commands that are answered at once come back here: they are taken up by the loop below, not one inside another
    if (this.#taking) return;
    this.#taking = true;
    try {
      let turn = 0;
      while (this.#phase === SessionPhase.IDLE && this.#takeNext()) {
        if (++turn < MAX_TURN) continue;
        setImmediate(() => this.next());
        return;
      }
    } catch (error) {
      this.crashed(error as Error);
    } finally {
      this.#taking = false;
    }
    this.#link.flow(this.#phase === SessionPhase.IDLE);
  }

  /** False when there is nothing to take. */
  #takeNext(): boolean {
    const queued = this.#queued;
    this.#queued = null;
    if (queued !== null) {
      this.road.run(this, queued);
      return true;
    }
    const packet = this.#link.next();
    if (packet === null) return false;
    const { takeOver } = this;
    this.takeOver = null;
    try {
      if (takeOver === null) this.road.receive(this, packet);
      else takeOver(packet);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (takeOver === null && this.#phase === SessionPhase.IDLE) this.sendError(MALFORMED);
      else this.end(MALFORMED);
    }
    return true;
  }

  // ---- a reply under way --------------------------------------------------------------------------------------

  replyComplete(tracker: ReplyTracker): void {
    if (!this.stream.replied()) return this.end(null);
    this.road.replyComplete(this, tracker);
  }

  replyLost(reason: string): void {
    // an error has no place in the middle of what a replica says
    if (this.stream.isReplication) this.end(null);
    this.road.replyLost(this, reason);
  }

  /** Something was not thought of: this connection ends, everybody else goes on. */
  crashed(error: Error): void {
    this.pool.log('error', 'a session failed', { session: this.id, error: error.stack ?? error.message });
    this.end({ code: 1105, sqlState: 'HY000', message: 'MySwitch: internal error' });
  }

  // ---- time limits --------------------------------------------------------------------------------------------

  /** A look at the client, each WATCH_MS: it is ended when it rests, or does not take its reply, longer than its session allows. */
  watch(now: number): void {
    const { context, pool } = this;
    const { watch, isAwaited } = this.#link;
    // no last word: it would not take that either
    if (watch.stalledMs(now) >= networkMs(context, pool.baseline!, 'net_write_timeout')) return this.close();
    const resting = this.#phase === SessionPhase.IDLE && isAwaited;
    if (watch.restedMs(now, resting) >= waitMs(context, pool.baseline!)) this.#endInactive();
  }

  /** The server, too, counts how long the session rests, on the backend that it holds: to the ms, where we are late. */
  #mayHaveRestedTooLong(): boolean {
    if (this.#phase !== SessionPhase.IDLE) return false;
    const now = this.pool.clock.now();
    const limit = waitMs(this.context, this.pool.baseline!);
    return now - this.since >= limit && this.#link.watch.restedMs(now, true) + 2 * WATCH_MS >= limit;
  }

  #endInactive(): void {
    const { hasBegun, answerSequence } = this.#link;
    this.replySequence = hasBegun ? answerSequence : 0;
    this.end(inactivity(this.pool.baseline!, hasBegun));
  }

  // ---- the end ------------------------------------------------------------------------------------------------

  /** Sends a last error and closes. */
  end(error: ClientError | null): void {
    if (this.closed) return;
    if (error !== null) this.sendError(error);
    this.#link.end(this.pool.clock);
    this.close();
  }

  close(): void {
    if (this.closed) return;
    const before = this.#phase;
    this.#phase = SessionPhase.CLOSED;
    this.#link.destroy();
    this.#permit?.release();
    this.pool.ended(this);
    if (before === SessionPhase.WAITING) this.pool.leave(this);
    const { backend } = this;
    this.endWeakPins();
    if (backend === null) return;
    if (before === SessionPhase.RUNNING) {
      // the server would go on with it for nobody, and a switch would find it there
      const ended = backend.state === BackendState.CLOSED;
      if (!ended && this.work?.statement.repeatable === true) backend.pool.endOnServer(backend);
      return backend.destroy('the client went away');
    }
    const isAsked = before === SessionPhase.REPLAYING || before === SessionPhase.SETTLING;
    if (!isAsked) this.road.abandon(this, backend);
    if (this.backend !== backend) return;
    const giveUp = (): void => {
      if (this.backend === backend) backend.destroy('no answer, and nobody waits for it');
    };
    this.#patience = this.pool.clock.timer(giveUp, ABANDONED_MS);
  }
}
