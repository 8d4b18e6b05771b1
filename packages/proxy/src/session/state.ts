import { Capability, Diagnostic, ServerStatus } from '@myswitch/protocol';
import type { Tracker } from '@myswitch/protocol';
import type { Account } from '../accounts/account';
import { withoutRowCount } from '../backend/backend';
import type { Backend } from '../backend/backend';
import type { Holder } from '../backend/holder';
import { variantOf } from '../capabilities';
import type { Clock } from '../clock';
import type { SessionContext } from './context';
import { PinSet } from './pin-set';
import type { Pin, WeakPin } from './pins';
import { PreparedStatements } from './prepared-statements';
import { ShownTrackers } from './shown-trackers';
import type { Work } from './work';

/** Status bits that tell of the session, not of the last reply. */
const OF_THE_SESSION =
  ServerStatus.IN_TRANS |
  ServerStatus.IN_TRANS_READONLY |
  ServerStatus.AUTOCOMMIT |
  ServerStatus.NO_BACKSLASH_ESCAPES |
  ServerStatus.ANSI_QUOTES;

export interface Unbegun {
  readonly statements: readonly string[];
  /** false: its characteristics are set, and it will begin with the next statement. */
  readonly inTransaction: boolean;
}

/** What the client asked of the last statement's outcome, counted by us, for when its backend went to somebody else. */
export interface Diagnostics {
  /** null: the server alone knows. */
  rowCount: number | bigint | null;
  /** null: the server alone knows. */
  foundRows: number | null;
  /** Above 0: there may be some, of the last statement or of one before it. */
  warnings: number;
}

/** What a login makes of a session. */
export interface InitialState {
  readonly account: Account;
  readonly capabilities: number;
  readonly mariadbCapabilities: number;
  readonly context: SessionContext;
  readonly resetContext: SessionContext;
}

/** What a client's connection means: account, context, prepared statements, transaction, pins, and the backend that it holds. */
export abstract class SessionState implements Holder {
  abstract readonly id: number;
  abstract readonly closed: boolean;
  readonly statements = new PreparedStatements();
  readonly trackers = new ShownTrackers();
  readonly pins = new PinSet();
  readonly weakPins = new Set<WeakPin>();
  /** Names to read back before the backend is shared: system variables, and user variables with @ before them. */
  readonly touched = new Set<string>();
  /** System variables of a SET that failed: it may have set some of them. */
  readonly doubted = new Set<string>();
  /** A named lock was taken or given back, or not: the server is asked. */
  locksTouched = false;
  #begun: readonly string[] | null = null;
  /** A transaction that was taken back before anything was done in it: it is begun again with the next command. */
  unbegun: Unbegun | null = null;
  readonly diagnostics: Diagnostics = { rowCount: 0, foundRows: 0, warnings: 0 };
  account: Account;
  capabilities: number;
  readonly mariadbCapabilities: number;
  variant: number;
  context: SessionContext;
  /** What COM_RESET_CONNECTION goes back to. */
  resetContext: SessionContext;
  backend: Backend | null = null;
  lastBackend: Backend | null = null;
  /** The last write of the open transaction. */
  lastWrite: Work | null = null;
  /** LAST_INSERT_ID(); null: only `lastBackend` knows. */
  lastInsertId: number | bigint | null = 0;
  /** The backend that knows it is being asked. */
  insertIdPending: Promise<void> | null = null;
  /** COM_CHANGE_USERs that came to nothing. */
  failedChanges = 0;
  /** Status bits of the last OK. */
  status: number = ServerStatus.AUTOCOMMIT;
  /** An ERR says nothing of the transaction: asked for before the backend is shared. */
  statusUnknown = false;
  /** A KILL QUERY of its statement that may not have reached the server yet. Never rejects. */
  interrupting: Promise<unknown> | null = null;
  /** Client ids of statements with an open cursor, and of those with long data under way. */
  readonly cursors = new Set<number>();
  readonly longData = new Set<number>();
  readonly #clock: Clock;

  constructor(initial: InitialState, clock: Clock) {
    this.account = initial.account;
    this.capabilities = initial.capabilities;
    this.mariadbCapabilities = initial.mariadbCapabilities;
    this.variant = variantOf(initial);
    this.context = initial.context;
    this.resetContext = initial.resetContext;
    this.#clock = clock;
  }

  abstract releaseWeakPins(): boolean;
  abstract backendLost(reason: string): void;

  get inTransaction(): boolean {
    return (this.status & ServerStatus.IN_TRANS) !== 0;
  }

  /** It can't move before that is over. */
  get keepsBackend(): boolean {
    return this.inTransaction || this.pins.size > 0;
  }

  get deprecateEof(): boolean {
    return (this.capabilities & Capability.DEPRECATE_EOF) !== 0;
  }

  /** Status for packets of our own. */
  get plainStatus(): number {
    const status = this.unbegun?.inTransaction === true ? this.status | ServerStatus.IN_TRANS : this.status;
    return status & OF_THE_SESSION;
  }

  shownTrackers(told: readonly Tracker[]): readonly Tracker[] {
    return this.trackers.shown(told);
  }

  /** How the transaction would be begun again in which nothing was done; null: none is, or something was. */
  get beginning(): Unbegun | null {
    const { begun, inTransaction } = this;
    return begun === null ? this.unbegun : { statements: begun, inTransaction };
  }

  /** What was bound to the backend is gone with it. */
  connectionEnded(): void {
    this.endWeakPins();
    this.pins.clear();
    this.touched.clear();
    this.doubted.clear();
    this.locksTouched = false;
    this.begun = this.unbegun = this.lastWrite = null;
    this.cursors.clear();
    this.longData.clear();
    this.statusUnknown = false;
    this.interrupting = null;
    this.status &= ~ServerStatus.IN_TRANS;
    // what it would have told of the last statement is gone, not unasked for
    this.lastBackend = this.backend ?? this.lastBackend;
  }

  /** COM_RESET_CONNECTION: everything but account and schema is as after login. */
  forget(): void {
    const { schema } = this.context;
    const backend = this.backend ?? this.lastBackend;
    if (backend?.lastHolder === this) backend.lastHolder = null;
    this.connectionEnded();
    this.lastBackend = null;
    this.statements.clear();
    this.trackers.reset();
    this.context = this.resetContext.withSchema(schema).withRole(this.context.role); // which a reset leaves as it is
    this.lastInsertId = 0;
    this.insertIdPending = null;
    this.status = ServerStatus.AUTOCOMMIT;
    const { foundRows } = this.diagnostics; // which outlives a reset
    Object.assign(this.diagnostics, { rowCount: 0, foundRows: foundRows ?? 0, warnings: 0 });
  }

  /** Whether the server still has this of the session's last statement. */
  serverKnows(what: Diagnostic): boolean {
    const backend = this.backend ?? this.lastBackend;
    return backend !== null && backend.lastHolder === this && backend.state !== 'CLOSED' && backend.knows.has(what);
  }

  /** ROW_COUNT() after something that the server was not asked. */
  rowCountIs(count: number): void {
    this.diagnostics.rowCount = count;
    const backend = this.backend ?? this.lastBackend;
    if (backend?.lastHolder !== this || !backend.knows.has(Diagnostic.ROW_COUNT)) return;
    backend.knows = withoutRowCount(backend.knows);
  }

  /** The former backend told its LAST_INSERT_ID() before it went to somebody else. */
  insertIdRead(value: Buffer | null): void {
    if (this.lastInsertId !== null) return;
    const id = BigInt(value?.toString('latin1') ?? '0');
    this.lastInsertId = id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : id;
  }

  /** The statements that opened the transaction, as long as nothing else was done in it; as latin1. */
  get begun(): readonly string[] | null {
    return this.#begun;
  }

  set begun(statements: readonly string[] | null) {
    if (statements === null && this.#begun === null) return;
    this.#begun = statements;
    this.backend?.pool.weaklyPinned(this, statements !== null || this.weakPins.size > 0);
  }

  /** `cause`: what of that kind, where it has a name by which it ends. */
  pin(reason: Pin, cause: string | null = null): void {
    this.pins.add(reason, this.#clock.now(), cause);
  }

  weakPin(reason: WeakPin): void {
    this.weakPins.add(reason);
    this.backend?.pool.weaklyPinned(this, true);
  }

  endWeakPins(): void {
    if (this.weakPins.size === 0) return;
    this.weakPins.clear();
    if (this.#begun === null) (this.backend ?? this.lastBackend)?.pool.weaklyPinned(this, false);
  }
}
