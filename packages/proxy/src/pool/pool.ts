import { Account } from '../accounts/account';
import { Logins } from '../accounts/logins';
import type { PasswordChecks } from '../accounts/password-checks';
import type { Backend, Home } from '../backend/backend';
import type { NodeBaseline } from '../backend/node-baseline';
import { COMMON_VARIANT } from '../capabilities';
import type { Clock, Timer } from '../clock';
import { ProxyError } from '../errors';
import type { Log } from '../errors';
import type { PoolOptions } from '../options';
import type { AccountRow, Activation, Blocking, DrainResult, ReleaseReport } from '../plane/types';
import type { Peers } from './peers';
import type { PoolClient } from './pool-client';
import { ConnectionPool } from './connection-pool';
import { Gate, GateState } from './gate';
import { Node } from './node';
import { WATCH_MS } from '../session/client-watch';
import { MessageBudget } from '../session/message-budget';
import { UnknownWriteLog } from '../session/unknown-writes';
import { WorkTimes } from './work-times';

const TRIM_EVERY_MS = 10_000;
const IDLE_MS = 60_000;
const LEARN_AGAIN_MS = 500;

/**
 * One pool as a worker holds it: nodes, sessions, the gate, and the connection pools behind it. A session gets a backend
 * here and nowhere else, so this is where a switch stops and starts the world.
 */
export class Pool {
  readonly options: PoolOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly peers: Peers;
  readonly sessions = new Set<PoolClient>();
  readonly workTimes = new WorkTimes();
  readonly messages: MessageBudget;
  readonly unknownWrites = new UnknownWriteLog();
  readonly gate: Gate<PoolClient>;
  readonly passwordChecks: PasswordChecks;
  readonly logins: Logins;
  readonly #nodes: ReadonlyMap<string, Node>;
  /** By node. */
  readonly #connectionPools = new Map<string, Map<Account, ConnectionPool>>();
  #active: Activation | null = null;
  #epoch = 0;
  #working = 0;
  #drained: (() => void) | null = null;
  readonly #greeters = new Set<() => void>();
  #lastBaseline: NodeBaseline | null = null;
  #released = 0;
  #killed = 0;
  #reading = 0;
  #holdTimer: Timer | null = null;
  #learning = false;
  /** Asks a node what sessions there are like. */
  #asking: ConnectionPool | null = null;
  /** Nodes given up as dead: no connection goes there until the control plane names them again. */
  readonly #cut = new Set<string>();
  /** Who answers reads during a hold. */
  #readsFrom: string | null = null;
  #settling: { waits: number[]; left: Set<PoolClient>; done: () => void } | null = null;

  constructor(options: PoolOptions, clock: Clock, log: Log, peers: Peers, passwordChecks: PasswordChecks) {
    this.options = options;
    this.clock = clock;
    this.log = log;
    this.peers = peers;
    this.passwordChecks = passwordChecks;
    this.messages = new MessageBudget(clock);
    this.gate = new Gate<PoolClient>(
      { maxMs: options.hold.maxMs, clients: options.hold.clients, bytes: options.hold.bytes },
      clock,
    );
    this.#nodes = new Map(options.nodes.map((node) => [node.name, new Node(node)]));
    this.logins = new Logins(options, this, log);
    this.#tellWhy();
    this.#trimLater();
    this.#watchLater();
  }

  get active(): Activation | null {
    return this.#active;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Sessions that hold a backend. */
  get working(): number {
    return this.#working;
  }

  get connectionPools(): Iterable<ConnectionPool> {
    return eachOf(this.#connectionPools);
  }

  /** Whether the active node is known to find the very row for us that this account is. */
  isConfirmed(account: Account): boolean {
    if (account.row === null) return true;
    return this.#active !== null && this.connectionPool(this.#active.node, account).confirmed;
  }

  /** By the id that its client knows, or by that of the connection to the active node that it holds. */
  sessionOf(id: number): PoolClient | null {
    let holder = id;
    for (const { node, backends } of this.connectionPools) {
      if (node.name !== this.#active?.node) continue;
      for (const backend of backends) if (backend.connectionId === id) holder = backend.holder?.id ?? id;
    }
    for (const session of this.sessions) if (session.id === holder) return session;
    return null;
  }

  /** Of the active node, or the last one known. */
  get baseline(): NodeBaseline | null {
    const current = this.#active === null ? null : (this.#nodes.get(this.#active.node)?.baseline ?? null);
    this.#lastBaseline = current ?? this.#lastBaseline;
    return this.#lastBaseline;
  }

  /** What a client is greeted with, and who may log in. */
  get #isKnown(): boolean {
    return this.baseline !== null && this.logins.known;
  }

  /** Calls back once it is known what a server here says of itself, and who may log in; the returned function calls it off. */
  whenKnown(action: () => void): () => void {
    if (this.#isKnown) action();
    else this.#greeters.add(action);
    return () => this.#greeters.delete(action);
  }

  /** What a client is told that has waited too long. */
  waitReason(): string {
    if (this.#active === null || !this.#isServing) return this.#whyNobody();
    const unknown = this.baseline !== null && !this.#isKnown;
    return unknown ? 'the accounts of the servers are not known yet' : `node ${this.#active.node} has no free backend`;
  }

  /** A session is over. Where an account has few connections, the ones it leaves are for other workers' clients. */
  ended(session: PoolClient): void {
    this.sessions.delete(session);
    if (session.account.maxConnections > 0) this.clock.timer(() => this.#trim(), 0);
  }

  // ---- the data path ------------------------------------------------------------------------------------------

  /** A backend at once; or null, and the session waits for `granted` or `denied`. */
  checkout(session: PoolClient): Backend | null {
    const from =
      this.#active === null || this.holding || !this.#isServing ? this.#readsFor(session) : this.#active.node;
    if (from === null) {
      this.#enqueue(session);
      return null;
    }
    const backend = this.connectionPool(from, session.account).take(session);
    if (backend !== null) this.#working++;
    return backend;
  }

  /** The node that a command may read from though the gate is closed; null: it waits. */
  #readsFor(session: PoolClient): string | null {
    return this.holding && this.#readsFrom !== null && session.readEarly() ? this.#readsFrom : null;
  }

  /** A connection pool granted a backend to a session that waited. */
  grantedLater(session: PoolClient): void {
    this.#working++;
    this.#settled(session);
  }

  checkin(backend: Backend): void {
    const now = this.clock.now();
    this.workTimes.add(now - backend.heldSince);
    backend.pool.give(backend, now);
    if (this.holding) this.#readInsertIds(backend.pool);
    this.#ended();
  }

  /** A session's backend is gone: it was lost, or destroyed. */
  lost(): void {
    this.#ended();
  }

  /** A session that waits goes away. */
  leave(session: PoolClient): void {
    this.gate.leave(session);
    for (const connectionPool of this.connectionPools) connectionPool.leave(session);
    this.#settled(session);
  }

  connectionPool(nodeName: string, formerOrCurrent: Account): ConnectionPool {
    const account = formerOrCurrent.current;
    let ofNode = this.#connectionPools.get(nodeName);
    if (ofNode === undefined) this.#connectionPools.set(nodeName, (ofNode = new Map()));
    let connectionPool = ofNode.get(account);
    if (connectionPool === undefined) {
      const limits = { ...this.options.backend, waitMs: this.options.hold.maxMs };
      connectionPool = new ConnectionPool(
        this.#node(nodeName),
        account,
        limits,
        this.clock,
        this.log,
        this.logins.refused,
      );
      ofNode.set(account, connectionPool);
    }
    return connectionPool;
  }

  // ---- the control plane --------------------------------------------------------------------------------------

  activate(active: Activation | null): void {
    this.#setActive(active);
    if (active !== null) this.#cut.delete(active.node);
    this.#tellWhy();
    if (active !== null) this.#beginServing(active);
  }

  #beginServing(active: Activation): void {
    this.#learnNode(active.node);
    for (const account of this.#keptReady(active.node)) {
      const connectionPool = this.connectionPool(active.node, account);
      // one at least, since clients are greeted with what it says
      connectionPool.warm(COMMON_VARIANT, Math.max(1, this.options.backend.min)).then(
        () => this.#greet(),
        (error: Error) => {
          this.log('warn', 'no backend could be kept ready', {
            node: active.node,
            user: account.name,
            error: error.message,
          });
          this.#learnLater();
        },
      );
    }
    if (this.gate.state === GateState.OPEN) this.#dispatch();
  }

  /** Logged-in backends to a node for each account and variant in use, as many as the present node has in work. */
  async warm(nodeName: string): Promise<number> {
    const wanted = new Map<Account, Map<number, number>>();
    for (const account of this.#keptReady(nodeName))
      wanted.set(account, new Map([[COMMON_VARIANT, this.options.backend.min]]));
    // one at least of each account in use, so that a row that is another one there shows before anybody is held
    for (const { account, variant } of this.sessions) {
      const { current } = account;
      if (current.credential !== null && !wanted.has(current)) wanted.set(current, new Map([[variant, 1]]));
    }
    for (const { node, account, backends } of this.connectionPools) {
      const variants = wanted.get(account);
      if (node.name !== this.#active?.node || variants === undefined) continue;
      for (const { variant } of backends) variants.set(variant, (variants.get(variant) ?? 0) + 1);
    }
    this.#node(nodeName);
    if (this.#cut.delete(nodeName) && this.gate.state === GateState.OPEN && this.#active?.node === nodeName)
      this.#dispatch();
    const warmed: ConnectionPool[] = [];
    const opening: Promise<void>[] = [];
    for (const [account, variants] of wanted) {
      const connectionPool = this.connectionPool(nodeName, account);
      warmed.push(connectionPool);
      for (const [variant, count] of variants) opening.push(connectionPool.warm(variant, count));
    }
    await Promise.all(opening);
    return warmed.reduce((sum, { backends }) => sum + backends.size, 0);
  }

  /** Accounts that can log in before any client has; none to a node that asks where a client is. */
  #keptReady(nodeName: string): readonly Account[] {
    return this.#node(nodeName).options.proxyProtocol ? [] : this.logins.configured;
  }

  hold(): void {
    this.gate.move(GateState.HOLDING);
    this.#readsFrom = null;
    this.#tellWhy();
    this.#released = this.#killed = 0;
    for (const connectionPool of this.connectionPools) this.#toGate(connectionPool);
    for (const session of this.sessions) if (session.releaseWeakPins()) this.#released++;
    for (const connectionPool of this.connectionPools) this.#readInsertIds(connectionPool);
    this.#holdTimer = this.clock.timer(() => this.#holdExpired(), this.options.hold.maxMs);
    this.#checkHeld();
  }

  /**
   * Gives a node up as dead: its backends end at once, also those that are being opened, and what they do for a session
   * comes to what session/loss.ts says. Returns how many those were.
   */
  cut(nodeName: string): number {
    const node = this.#node(nodeName);
    this.#cut.add(nodeName);
    this.#tellWhy();
    const reason = `MySwitch gave ${node.name} up as dead`;
    const there = [...this.connectionPools].filter((connectionPool) => connectionPool.node === node);
    // before any of them is cut: whose command is run again must not wait there either
    for (const connectionPool of there) this.#toGate(connectionPool);
    if (this.#asking?.node === node) there.push(this.#asking);
    return there.reduce((sum, connectionPool) => sum + connectionPool.cut(reason), 0);
  }

  /** While the pool is held: what only reads, outside of transactions, goes to this node, which is about to be the active one. */
  serveReads(nodeName: string): void {
    if (!this.holding) return;
    this.#readsFrom = this.#node(nodeName).name;
    for (const session of this.sessions) if (session.readEarly() && this.gate.leave(session)) session.retry();
  }

  /** New work waits. */
  get holding(): boolean {
    return this.gate.state === GateState.HOLDING || this.gate.state === GateState.HELD;
  }

  /** A hold meets a session between two commands that has weak pins. */
  endWeakPins(session: PoolClient): void {
    session.endWeakPins();
    this.#released++;
  }

  /** Resolves once nothing runs, or after `deadlineMs` with what does. */
  drained(deadlineMs: number): Promise<DrainResult> {
    if (this.gate.state === GateState.HELD) return Promise.resolve({ drained: true });
    return new Promise((resolve) => {
      // a switch that was aborted waits no more: its deadline must not end the waiting of the next one
      const settle = (result: DrainResult): void => {
        if (this.#drained === drained) this.#drained = null;
        timer.cancel();
        resolve(result);
      };
      const drained = (): void => settle({ drained: true });
      const timer = this.clock.timer(() => settle({ drained: false, blocking: this.blocking() }), deadlineMs);
      this.#drained = drained;
    });
  }

  async kill(kinds: readonly ('busy' | 'pinned')[]): Promise<number> {
    const doomed = [...this.sessions].filter((session) => {
      const blocking = session.blocking();
      return blocking !== null && kinds.includes(blocking.kind);
    });
    await Promise.all(doomed.map((session) => session.killForSwitch()));
    this.#killed += doomed.length;
    return doomed.length;
  }

  /** Resolves once everybody who was held has a backend, or is gone. */
  release(active: Activation): Promise<ReleaseReport> {
    // an earlier one has nothing more to wait for: who is left goes on with this one
    this.#settling?.done();
    const moved = this.#active?.node === active.node ? 0 : this.sessions.size;
    const report = { moved, pinned: this.#released, killed: this.#killed };
    this.#setActive(active);
    this.#cut.delete(active.node);
    this.#holdTimer?.cancel();
    // a process that was started during the hold has asked nobody yet what to greet its clients with
    if (this.baseline === null) this.#beginServing(active);
    if (this.holding) this.gate.move(GateState.RELEASING);
    this.#tellWhy();
    return new Promise((resolve) => {
      const waits: number[] = [];
      const done = (): void => {
        this.#settling = null;
        if (this.gate.state === GateState.RELEASING) this.gate.move(GateState.OPEN);
        resolve({ ...report, held: waits.length, waitsMs: waits });
      };
      this.#settling = { waits, left: new Set(), done };
      this.#dispatch();
      if (this.#settling?.left.size === 0) done();
    });
  }

  /** All accounts of the servers, in place of those known before. */
  learnAccounts(rows: readonly AccountRow[]): void {
    this.logins.learn(rows);
    this.#greet();
  }

  blocking(): Blocking[] {
    return [...this.sessions].map((session) => session.blocking()).filter((blocking) => blocking !== null);
  }

  // -------------------------------------------------------------------------------------------------------------

  #setActive(active: Activation | null): void {
    this.#readsFrom = null;
    const old = this.#active;
    if (active !== null) {
      this.#node(active.node);
      if (active.epoch < this.#epoch)
        throw new ProxyError('ILLEGAL_STATE', `epoch ${active.epoch} after ${this.#epoch}`);
      this.#epoch = active.epoch;
    }
    this.#active = active;
    if (old === null || old.node === active?.node) return;
    for (const connectionPool of this.connectionPools) {
      if (connectionPool.node.name !== old.node) continue;
      this.#toGate(connectionPool);
      connectionPool.invalidate();
    }
  }

  /** Those who wait for a backend have not begun: they wait at the gate instead. */
  #toGate(connectionPool: ConnectionPool): void {
    for (const session of connectionPool.takeWaiting()) this.#enqueue(session);
  }

  #enqueue(session: PoolClient): void {
    const full = this.gate.enqueue(session, session.since);
    if (full !== null) session.denied(new ProxyError('DEADLINE', full));
  }

  /** Everybody who waits at the gate asks again, in order. */
  #dispatch(): void {
    const waiting = this.gate.takeAll();
    const now = this.clock.now();
    for (const { waiting: session, since } of waiting) {
      this.#settling?.waits.push(now - since);
      this.#settling?.left.add(session);
    }
    for (const { waiting: session } of waiting) if (session.retry()) this.#settled(session);
  }

  #settled(session: PoolClient): void {
    if (this.#settling === null || !this.#settling.left.delete(session)) return;
    if (this.#settling.left.size === 0) this.#settling.done();
  }

  #ended(): void {
    this.#working--;
    this.#checkHeld();
  }

  #checkHeld(): void {
    if (this.gate.state !== GateState.HOLDING || this.#working > 0) return;
    if (this.#reading > 0) return;
    this.gate.move(GateState.HELD);
    this.#drained?.();
  }

  /** LAST_INSERT_ID() that only an idle backend knows has to be read before a switch closes it. */
  #readInsertIds(connectionPool: Home): void {
    this.#reading++;
    void connectionPool.readInsertIds().then(() => {
      this.#reading--;
      this.#checkHeld();
    });
  }

  /**
   * Nobody ended the hold in time: the data plane opens the gate by itself, towards the node that it knows as active. Where
   * there is none, or it was given up as dead, who waits goes on waiting, up to its own deadline.
   */
  #holdExpired(): void {
    if (!this.holding) return;
    this.log('error', 'the hold was not ended in time', { pool: this.options.name, maxMs: this.options.hold.maxMs });
    this.gate.move(GateState.RELEASING);
    this.gate.move(GateState.OPEN);
    this.#tellWhy();
    if (this.#active !== null && this.#isServing) this.#dispatch();
  }

  #greet(): void {
    this.logins.read();
    if (!this.#isKnown) return;
    const greeters = [...this.#greeters];
    this.#greeters.clear();
    for (const action of greeters) action();
  }

  /** Where no account is known whose password is, the control account asks. */
  #learnNode(nodeName: string): void {
    const { control, users } = this.options;
    const node = this.#node(nodeName);
    if (control === undefined || node.baseline !== null) return;
    if (users.length > 0 && !node.options.proxyProtocol) return;
    const limits = { min: 0, max: 1, waitMs: this.options.hold.maxMs };
    const account = Account.configured(control);
    const asking = new ConnectionPool(node, account, limits, this.clock, this.log, this.logins.refused);
    this.#asking = asking;
    asking.warm(COMMON_VARIANT, 1).then(
      () => {
        asking.invalidate();
        this.#greet();
      },
      (error: Error) => {
        this.log('warn', 'a node could not be asked what sessions there are like', { error: error.message });
        this.#learnLater();
      },
    );
  }

  /** Clients are greeted with what the active node says of itself, so that is asked until it answers. */
  #learnLater(): void {
    if (this.#learning) return; // once for all accounts: each attempt tries them all again
    this.#learning = true;
    this.clock.timer(() => {
      this.#learning = false;
      if (this.#active !== null && this.#isServing && this.baseline === null) this.#beginServing(this.#active);
    }, LEARN_AGAIN_MS);
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new ProxyError('ILLEGAL_STATE', `pool ${this.options.name} has no node ${name}`);
    return node;
  }

  /** The active node was not given up since. */
  get #isServing(): boolean {
    return this.#cut.size === 0 || this.#active === null || !this.#cut.has(this.#active.node);
  }

  /** For those whose wait at the gate ends without a result. */
  #tellWhy(): void {
    this.gate.reason = this.holding ? 'a switch or a failover holds the pool' : this.#whyNobody();
  }

  #whyNobody(): string {
    if (this.#active === null) return this.#noActiveReason();
    return `node ${this.#active.node} was given up as dead, and no other one is active`;
  }

  #noActiveReason(): string {
    const names = this.options.nodes.map((node) => `${node.name} (${node.host}:${node.port})`).join(', ');
    return `pool ${this.options.name} has no ACTIVE node among ${names}`;
  }

  #trimLater(): void {
    this.clock.timer(() => {
      this.#trim();
      this.#trimLater();
    }, TRIM_EVERY_MS);
  }

  /** One timer for all clients, and nothing to do for a command. */
  #watchLater(): void {
    this.clock.timer(() => {
      const now = this.clock.now();
      for (const session of this.sessions) session.watch(now);
      for (const connectionPool of this.connectionPools) connectionPool.closeRested(now);
      this.#watchLater();
    }, WATCH_MS);
  }

  #trim(): void {
    const used = new Set<Account>();
    for (const { account } of this.sessions) {
      for (const each of [account, account.current]) used.add(each).add(each.origin);
    }
    for (const [, ofNode] of this.#connectionPools) {
      for (const [account, connectionPool] of ofNode) {
        const isLearned = account.row !== null || account.address !== null;
        const unused = isLearned && !used.has(account);
        if (unused && account.maxConnections > 0) connectionPool.trim(0, 0);
        else connectionPool.trim(IDLE_MS, unused ? 0 : undefined);
        if (!unused) continue;
        if (connectionPool.isEmpty) ofNode.delete(account);
        else used.add(account).add(account.origin);
      }
    }
    for (const account of used) account.forget(used);
    this.logins.forget(used);
  }
}

function* eachOf(byNode: ReadonlyMap<string, ReadonlyMap<Account, ConnectionPool>>): Generator<ConnectionPool> {
  for (const ofNode of byNode.values()) yield* ofNode.values();
}
