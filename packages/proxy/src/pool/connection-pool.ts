import { Backend, BackendState } from '../backend/backend';
import type { Home } from '../backend/backend';
import { quoteIdentifier } from '@myswitch/protocol';
import { freshContext, isMariadb } from '../backend/node-baseline';
import type { NodeBaseline } from '../backend/node-baseline';
import type { Holder } from '../backend/holder';
import { connect, isUnable } from '../backend/connect';
import type { Abort, Connected } from '../backend/connect';
import { asBytes, query } from '../backend/exchange';
import type { Answer } from '../backend/exchange';
import type { Clock, Timer } from '../clock';
import { ProxyError } from '../errors';
import type { Log } from '../errors';
import type { Credential } from '@myswitch/protocol';
import type { Account } from '../accounts/account';
import { isOtherRow, requireRow, whyRefused } from '../accounts/other-row';
import type { RefusedAccounts } from '../accounts/refused-accounts';
import type { PoolClient } from './pool-client';
import { DeadlineQueue } from './deadline-queue';
import type { Node } from './node';
import { backendRestMs } from '../session/time-limits';
import { Repeated } from '../repeated';

/** Same as MySQL's default connect_timeout. */
const LOGIN_DEADLINE_MS = 10_000;
/** A KILL waits for nothing in a server. */
const KILL_DEADLINE_MS = 5000;
const RETRY_MS = 200;
/** Connections at a time that end statements of clients who are gone. */
const MAX_ENDING = 8;
/** A learned password that a server refused is not tried again for so long: some accounts lock themselves. */
const REFUSED_MS = 5000;

export interface ConnectionPoolLimits {
  readonly min: number;
  readonly max: number;
  /** ms that a session waits for a backend */
  readonly waitMs: number;
}

/**
 * The backends of one account on one node. Backends are in `idle` or held by a session, and only this class moves them.
 * A session gets the backend that it had last if that is idle (it then needs no replay), else the one idle longest.
 * `invalidate` bumps the generation: backends of an older one are closed as soon as nobody holds them.
 */
export class ConnectionPool implements Home {
  readonly node: Node;
  readonly account: Account;
  loginRole = 'DEFAULT';
  readonly #limits: ConnectionPoolLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #refused: RefusedAccounts;
  readonly #idle = new Set<Backend>();
  readonly #all = new Set<Backend>();
  readonly #waiting: DeadlineQueue<PoolClient>;
  /** Sessions that hold a backend only for what their next statement may ask about the last one, the oldest first. */
  readonly #weaklyPinned = new Set<Holder>();
  /** Connections that are being made. */
  readonly #attempts = new Set<Abort>();
  /** Connections that end a statement of another one. */
  readonly #killers = new Set<Backend>();
  #opening = 0;
  #ending = 0;
  #generation = 0;
  #confirmed: boolean;
  #refusal: { readonly error: ProxyError; readonly credential: Credential | null; readonly until: number } | null =
    null;
  readonly #failures: Repeated;
  #retryScheduled = false;
  /** Why the last attempt to open a backend failed; null: it did not. */
  #trouble: string | null = null;

  constructor(
    node: Node,
    account: Account,
    limits: ConnectionPoolLimits,
    clock: Clock,
    log: Log,
    refused: RefusedAccounts,
  ) {
    this.node = node;
    this.account = account;
    const { maxConnections } = account;
    this.#limits = maxConnections === 0 ? limits : { ...limits, max: Math.min(limits.max, maxConnections) };
    this.#confirmed = account.row === null;
    this.#clock = clock;
    this.#log = log;
    this.#failures = new Repeated(clock);
    this.#refused = refused;
    this.#waiting = new DeadlineQueue(limits.waitMs, clock, (session) =>
      session.refuse(`no connection to ${node.name} within ${limits.waitMs} ms (hold.max): ${this.#why}`),
    );
  }

  get backends(): ReadonlySet<Backend> {
    return this.#all;
  }

  get idleCount(): number {
    return this.#idle.size;
  }

  /** The server finds for us the very row that this account is: it has let a backend in. */
  get confirmed(): boolean {
    return this.#confirmed;
  }

  /** Nobody would miss it: a backend that is being opened would have no other home. */
  get isEmpty(): boolean {
    return this.#all.size === 0 && this.#opening === 0 && this.#waiting.size === 0;
  }

  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** An idle backend at once, or null: then the session is queued and gets `granted` (or `denied`) later. */
  take(session: PoolClient): Backend | null {
    // whatever is idle fits nobody who waits: no place in the queue is lost
    const backend = this.#pick(session);
    if (backend !== null) return this.#hold(backend, session, session.since);
    this.#waiting.add(session, session.since);
    this.#grow(session.variant);
    return null;
  }

  /** A session that waits goes away, or to the gate. */
  leave(session: PoolClient): boolean {
    return this.#waiting.delete(session);
  }

  takeWaiting(): PoolClient[] {
    return this.#waiting.takeAll().map(({ item }) => item);
  }

  /** The session is done with it. */
  give(backend: Backend, now = this.#clock.now()): void {
    if (backend.state !== BackendState.HELD) throw new Error('a backend that nobody holds was given back');
    backend.holder = null;
    backend.state = BackendState.IDLE;
    backend.idleSince = now;
    if (backend.generation !== this.#generation) return backend.quit();
    if (this.#waiting.size === 0) {
      this.#idle.add(backend);
      return;
    }
    for (const session of this.#waiting) {
      if (this.#fits(backend, session)) return this.#grant(backend, session);
    }
    this.#idle.add(backend);
    this.#growForWaiting();
  }

  /** Called by the backend itself when its connection ends, for whatever reason. */
  closed(backend: Backend): void {
    backend.state = BackendState.CLOSED;
    backend.holder = null;
    this.#idle.delete(backend);
    this.#all.delete(backend);
    if (this.#waiting.size > 0) this.#retryLater();
  }

  weaklyPinned(holder: Holder, pinned: boolean): void {
    if (pinned) this.#weaklyPinned.add(holder);
    else this.#weaklyPinned.delete(holder);
  }

  /** No new work goes to the backends there are; idle ones are closed. */
  invalidate(): void {
    this.#generation++;
    for (const backend of this.#idle) backend.quit();
  }

  /** Ends all connections at once, also those that are being made; returns how many. Nobody may wait here then. */
  cut(reason: string): number {
    this.#generation++;
    const backends = [...this.#all, ...this.#killers];
    const attempts = [...this.#attempts];
    for (const abort of attempts) abort(new Error(reason));
    for (const backend of backends) backend.cut(reason);
    return backends.length + attempts.length;
  }

  /** Opens what is missing to `count` backends of a variant. Rejects when one can't be opened. */
  async warm(variant: number, count: number): Promise<void> {
    const present = [...this.#all].filter((backend) => backend.variant === variant).length;
    const missing = Math.min(count - present, this.#limits.max - this.#all.size - this.#opening);
    const opened = Array.from({ length: Math.max(0, missing) }, () => this.#open(variant));
    await Promise.all(opened).catch((error: ProxyError) => {
      throw new ProxyError(error.code, `account ${this.account.name} on ${this.node.name}: ${error.message}`);
    });
  }

  /**
   * Closes backends idle for `ms` beyond the minimum; one that holds somebody's unread LAST_INSERT_ID stays. `min`: 0 where
   * nobody is left who could use them.
   */
  trim(ms: number, min = this.#limits.min): void {
    const before = this.#clock.now() - ms;
    for (const backend of this.#idle) {
      if (this.#all.size <= min) return;
      if (backend.idleSince <= before && !holdsUnreadId(backend)) backend.quit();
    }
  }

  /** Closes backends that their server is about to close. */
  closeRested(now: number): void {
    const { baseline } = this.node;
    if (baseline === null) return;
    for (const backend of this.#idle) {
      if (now - backend.idleSince < backendRestMs(backend.context, baseline)) continue;
      if (holdsUnreadId(backend)) void this.#readInsertId(backend);
      else backend.quit();
    }
  }

  /** Reads LAST_INSERT_ID() where only an idle backend knows it. Never rejects: what can't be read is lost with it. */
  async readInsertIds(): Promise<void> {
    await Promise.all([...this.#idle].filter(holdsUnreadId).map((backend) => this.#readInsertId(backend)));
  }

  async #readInsertId(backend: Backend): Promise<void> {
    this.#idle.delete(backend);
    backend.state = BackendState.HELD;
    try {
      const owner = backend.lastHolder;
      const answer = query(backend, `SELECT ${asBytes('LAST_INSERT_ID()')}`);
      const pending: Promise<void> = answer.then(
        ({ rows }) => {
          // unless it has inserted somewhere else meanwhile
          if (owner?.insertIdPending === pending) owner.insertIdRead(rows[0]?.[0] ?? null);
        },
        () => undefined, // its owner goes on without it
      );
      if (owner !== null) owner.insertIdPending = pending;
      await answer;
      await pending;
      backend.lastInsertId = owner?.insertIdPending === pending ? owner.lastInsertId : null;
      backend.lastHolder = null;
      this.give(backend);
    } catch (error) {
      this.#log('warn', 'LAST_INSERT_ID() could not be read', {
        node: this.node.name,
        error: (error as Error).message,
      });
      // the server refused it, by a limit that its last holder had set for instance: nobody would ever give it back
      backend.destroy('LAST_INSERT_ID() could not be read');
    }
  }

  endOnServer(victim: Backend): void {
    if (this.#ending >= MAX_ENDING) return;
    this.#ending++;
    this.killOnServer(victim, 'CONNECTION')
      .catch((error: Error) =>
        this.#log('debug', 'a statement of a lost client could not be ended', { error: error.message }),
      )
      .finally(() => this.#ending--);
  }

  /** KILL, over a connection of the same account, which needs no privilege. Rejects when the server does not answer. */
  async killOnServer(victim: Backend, what: 'QUERY' | 'CONNECTION'): Promise<void> {
    const { current } = this.account;
    const connected = await this.#connect(current, victim.variant);
    const login = {
      connectionId: connected.connectionId,
      variant: victim.variant,
      negotiated: connected.negotiated,
      generation: -1,
      context: this.node.freshContext,
    };
    const killer = new Backend(this, connected.wire, login, this.#log);
    this.#killers.add(killer);
    const deadline = this.#clock.timer(() => killer.destroy('no answer to a KILL'), KILL_DEADLINE_MS);
    try {
      await query(killer, `KILL ${what} ${victim.connectionId}`);
    } finally {
      deadline.cancel();
      this.#killers.delete(killer);
      killer.quit();
    }
  }

  #connect(account: Account, variant: number): Promise<Connected> {
    return connect(this.node.options, account, variant, LOGIN_DEADLINE_MS, this.#clock, this.#attempts);
  }

  /** For those who waited in vain. */
  get #why(): string {
    if (this.#trouble !== null) return this.#trouble;
    return this.#opening > 0 ? 'it does not answer' : 'all backends are in use (backend.max)';
  }

  #pick(session: PoolClient): Backend | null {
    const last = session.lastBackend;
    if (last !== null && last.pool === this && this.#fits(last, session)) return last;
    for (const backend of this.#idle) if (this.#fits(backend, session)) return backend;
    return null;
  }

  /** A server can't forget a schema, so a session without one needs a backend that never had one. */
  #fits(backend: Backend, session: PoolClient): boolean {
    return (
      backend.state === BackendState.IDLE &&
      backend.generation === this.#generation &&
      backend.variant === session.variant &&
      (!session.needsNoSchema || backend.context.schema === null)
    );
  }

  #hold(backend: Backend, session: PoolClient, since: number): Backend {
    this.#idle.delete(backend);
    backend.state = BackendState.HELD;
    backend.holder = session;
    backend.heldSince = since;
    return backend;
  }

  #grant(backend: Backend, session: PoolClient): void {
    this.#waiting.delete(session);
    session.granted(this.#hold(backend, session, this.#clock.now()));
  }

  #growForWaiting(): void {
    const [first] = this.#waiting;
    if (first !== undefined) this.#grow(first.variant);
  }

  #grow(variant: number): void {
    if (this.#opening >= this.#waiting.size) return;
    const refusal = this.#refusal;
    if (refusal !== null && refusal.credential === this.account.credential && this.#clock.now() < refusal.until) {
      return this.#denyWaiting(refusal.error);
    }
    if (this.#all.size + this.#opening >= this.#limits.max && !this.#makeRoom()) return;
    this.#open(variant).catch((error: Error) => this.#openFailed(error, variant));
  }

  /**
   * At the limit, an idle backend that does not fit those who wait makes room for one that does: now, or once it was read
   * what only it knows. When none is idle a weak pin ends.
   */
  #makeRoom(): boolean {
    for (const backend of this.#idle) {
      if (holdsUnreadId(backend)) continue;
      backend.quit();
      return true;
    }
    const [longestIdle] = this.#idle;
    if (longestIdle === undefined) this.#releaseWeakPin();
    else void this.#readInsertId(longestIdle);
    return false;
  }

  /** Somebody waits, so the oldest weak pin ends: its session is told if it asks for what is gone. */
  #releaseWeakPin(): void {
    for (const oldest of this.#weaklyPinned) if (oldest.releaseWeakPins()) return;
  }

  #openFailed(error: Error, variant: number): void {
    // as long as somebody waits it is tried again every 0.2 s
    const times = this.#failures.happened(error.message);
    if (times !== null) {
      this.#log('warn', 'a backend could not be opened', {
        node: this.node.name,
        user: this.account.name,
        error: error.message,
        times,
      });
    }
    this.#trouble = error.message;
    // what the server itself says of this account won't change by waiting
    this.#tellOperator(error);
    if (isUnable(error)) this.#denyVariant(variant, error as ProxyError);
    else if (error instanceof ProxyError && error.code === 'SERVER' && !PASSING.has(error.errno)) {
      const { row, credential } = this.account;
      if (row !== null) this.#refusal = { error, credential, until: this.#clock.now() + REFUSED_MS };
      this.#denyWaiting(error);
    }
    if (this.#waiting.size > 0) this.#retryLater();
  }

  /** Those who wait for another backend to be free may go on doing so, unless all that are there should not be. */
  #denyWaiting(error: ProxyError): void {
    if (this.#all.size > 0 && !isOtherRow(error)) return;
    for (const session of this.takeWaiting()) session.denied(error);
  }

  /** No backend that is there, or will be, can ever serve them. */
  #denyVariant(variant: number, error: ProxyError): void {
    const denied = [...this.#waiting].filter((session) => session.variant === variant);
    for (const session of denied) if (this.#waiting.delete(session)) session.denied(error);
  }

  #tellOperator(error: Error): void {
    const why = whyRefused(this.account, this.node.name, error);
    if (why === null) return;
    for (const { client } of this.#waiting) this.#refused.tell({ client, ...why }, this.#log);
  }

  /** Waiting sessions are refused by their own deadline, not by the first failure. */
  #retryLater(): void {
    if (this.#retryScheduled) return;
    this.#retryScheduled = true;
    this.#clock.timer(() => {
      this.#retryScheduled = false;
      this.#growForWaiting();
    }, RETRY_MS);
  }

  /** `answer`: to CURRENT_USER(); null: whoever we are will do. */
  async #confirm(answer: Promise<Answer> | null): Promise<void> {
    if (answer === null) return;
    const matched = (await answer).rows[0]?.[0]?.toString('utf8') ?? '';
    const { row } = this.account;
    this.#confirmed = false;
    requireRow(this.account, matched);
    this.#confirmed = true;
    if (row !== null) this.#refused.clear(row);
  }

  async #open(variant: number): Promise<void> {
    const generation = this.#generation;
    this.#opening++;
    let backend: Backend | null = null;
    let deadline: Timer | null = null;
    try {
      const connected = await this.#connect(this.account, variant);
      const { connectionId, negotiated } = connected;
      const login = { connectionId, variant, negotiated, generation, context: this.node.freshContext };
      backend = new Backend(this, connected.wire, login, this.#log);
      backend.state = BackendState.HELD;
      this.#all.add(backend);
      const silent = backend;
      deadline = this.#clock.timer(() => silent.destroy('no answer after the login'), LOGIN_DEADLINE_MS);
      const row = this.account.row === null ? null : query(backend, `SELECT ${asBytes('CURRENT_USER()')}`);
      const baseline = await this.node.learn(backend, connected);
      await Promise.all([query(backend, baseline.trackers), this.#learnRole(backend, baseline), this.#confirm(row)]);
      backend.context = freshContext(baseline, variant);
      this.#trouble = null;
    } catch (error) {
      backend?.destroy((error as Error).message);
      throw error;
    } finally {
      deadline?.cancel();
      this.#opening--;
    }
    this.give(backend);
  }

  /** MariaDB has no SET ROLE DEFAULT, so the role that the login brought is set by its name. */
  async #learnRole(backend: Backend, baseline: NodeBaseline): Promise<void> {
    if (!isMariadb(baseline)) return;
    const { rows } = await query(backend, `SELECT ${asBytes('CURRENT_ROLE()')}`);
    const role = rows[0]?.[0] ?? null;
    this.loginRole = role === null ? 'NONE' : quoteIdentifier(role.toString('latin1'));
  }
}

/**
 * Too many connections, of all, of a user or of an account: others will end. And what a server says to everybody while it
 * shuts down (1053), starts (3168) or is taken offline (3032): it or another one will be back.
 */
const PASSING: ReadonlySet<number | null> = new Set([1040, 1203, 1226, 1053, 3168, 3032]);

/** Whether only this backend knows the LAST_INSERT_ID() of a session that may still ask for it. */
function holdsUnreadId({ lastInsertId, lastHolder }: Backend): boolean {
  return lastInsertId === null && lastHolder?.closed === false;
}
