import { Command, Diagnostic, encodePacket, ReplyTracker } from '@myswitch/protocol';
import type { ReplyGrammar } from '@myswitch/protocol';
import type { Capabilities } from '../capabilities';
import type { Log } from '../errors';
import type { SessionContext } from '../session/context';
import type { NodeBaseline } from './node-baseline';
import type { Holder } from './holder';
import type { ReplyReceiver } from './reply';
import type { Wire } from './wire';
import { StatementCache } from './statement-cache';

/** What a backend is doing; the connection pool alone moves it. */
export const BackendState = Object.freeze({
  /** logged in, in the idle list */
  IDLE: 'IDLE',
  /** checked out to a session */
  HELD: 'HELD',
  CLOSED: 'CLOSED',
} as const);
export type BackendState = (typeof BackendState)[keyof typeof BackendState];

/** The connection pool that a backend belongs to, as far as the backend and its holder need to know it. */
export interface Home {
  readonly node: { readonly name: string; readonly baseline: NodeBaseline | null };
  /** What SET ROLE takes to go back to the roles that the account logs in with. */
  readonly loginRole: string;
  /** Somebody waits for a backend. */
  readonly isAwaited: boolean;
  /** `now`: by the pool's clock, where the caller has just looked. */
  give(backend: Backend, now?: number): void;
  closed(backend: Backend): void;
  killOnServer(backend: Backend, what: 'QUERY' | 'CONNECTION'): Promise<void>;
  /** Ends its statement on the server, which nobody waits for any more; or not, when too many are being ended. */
  endOnServer(backend: Backend): void;
  /** Reads LAST_INSERT_ID() where only an idle backend knows it. Never rejects. */
  readInsertIds(): Promise<void>;
  /** `holder` keeps, or no longer keeps, a backend only for what its next statement may ask about the last one. */
  weaklyPinned(holder: Holder, pinned: boolean): void;
}

/** LAST_INSERT_ID() is another matter: see session/insert-id.ts. */
export const NOTHING: ReadonlySet<Diagnostic> = new Set();

export function withoutRowCount(knows: ReadonlySet<Diagnostic>): ReadonlySet<Diagnostic> {
  return new Set([...knows].filter((what) => what !== Diagnostic.ROW_COUNT));
}

/**
 * A logged-in connection to a node: a FIFO of expected replies, and what the server's session there now means.
 * Commands are answered in order, so bytes that arrive belong to the reply at the head of the FIFO.
 */
export class Backend {
  readonly pool: Home;
  readonly connectionId: number;
  /** Capabilities that change what statements mean; see capabilities.ts. */
  variant: number;
  /** Those of the connection: a variant may name more than the server has. */
  readonly negotiated: Capabilities;
  readonly generation: number;
  readonly statements = new StatementCache();
  /** What the server's session holds. */
  context: SessionContext;
  state: BackendState = BackendState.IDLE;
  holder: Holder | null = null;
  /** Whose LAST_INSERT_ID, FOUND_ROWS, ROW_COUNT and warnings the server holds. */
  lastHolder: Holder | null = null;
  /** What the server still tells of `lastHolder`'s last statement: questions of our own overwrite it. */
  knows: ReadonlySet<Diagnostic> = NOTHING;
  /** LAST_INSERT_ID() there; null: the last statement may have changed it. */
  lastInsertId: number | bigint | null = 0;
  heldSince = 0;
  idleSince = 0;
  readonly #wire: Wire;
  readonly #tracker: ReplyTracker;
  /** The FIFO: who gets each reply, and beside it what the reply looks like. */
  readonly #expected: ReplyReceiver[] = [];
  readonly #grammars: ReplyGrammar[] = [];
  readonly #log: Log;

  constructor(
    pool: Home,
    wire: Wire,
    login: {
      connectionId: number;
      variant: number;
      negotiated: Capabilities;
      generation: number;
      context: SessionContext;
    },
    log: Log,
  ) {
    this.pool = pool;
    this.connectionId = login.connectionId;
    this.variant = login.variant;
    this.negotiated = login.negotiated;
    this.#tracker = new ReplyTracker(login.negotiated.capabilities);
    this.generation = login.generation;
    this.context = login.context;
    this.#wire = wire;
    this.#log = log;
    const { socket } = wire;
    wire.receive = (chunk) => this.#receive(chunk);
    // clients read this: the code alone, since frameworks look for words of the text
    socket.on('error', ({ code, name }: NodeJS.ErrnoException) =>
      this.destroy(`the connection to ${pool.node.name} failed: ${code ?? name}`),
    );
    socket.on('close', () => this.destroy(`${pool.node.name} closed the connection`));
  }

  /** Announces a reply; call it before the command's bytes are written. */
  expect(grammar: ReplyGrammar, receiver: ReplyReceiver): void {
    if (this.state === BackendState.CLOSED) return receiver.lost(`the connection to ${this.pool.node.name} had ended`);
    this.#grammars.push(grammar);
    if (this.#expected.push(receiver) === 1) this.#tracker.start(grammar);
  }

  /** Writes whole packets; false when the socket's buffer is full. */
  write(bytes: Buffer): boolean {
    return this.#wire.socket.write(bytes);
  }

  send(command: number, argument: Buffer): void {
    const payload = Buffer.allocUnsafe(argument.length + 1);
    payload[0] = command;
    argument.copy(payload, 1);
    this.write(encodePacket(payload, 0));
  }

  has(capability: number): boolean {
    return (this.negotiated.capabilities & capability) !== 0;
  }

  /** The server does not keep up with what is written. */
  get isFull(): boolean {
    return this.#wire.socket.writableNeedDrain;
  }

  /** Runs `action` once the socket's buffer has room again. */
  onceDrained(action: () => void): void {
    this.#wire.socket.once('drain', action);
  }

  /** Backpressure: the client that the reply goes to does not keep up. */
  pause(): void {
    this.#wire.socket.pause();
  }

  /** The bytes that are being received are still needed afterwards. */
  keepChunk(): void {
    this.#wire.keep();
  }

  resume(): void {
    this.#wire.socket.resume();
  }

  /** Sequence id for an ERR put into the stream of the reply that is under way; null where it can't be. */
  get nextSequence(): number | null {
    return this.#tracker.nextSequence;
  }

  /** COM_QUIT, then the end of the connection. For one that nobody holds. */
  quit(): void {
    if (this.state === BackendState.CLOSED) return;
    this.send(Command.QUIT, Buffer.alloc(0));
    this.#wire.socket.end();
    this.destroy('closed');
  }

  /** Its node was given up. */
  cut(reason: string): void {
    if (this.state === BackendState.CLOSED) return;
    this.#wire.reset();
    this.destroy(reason);
  }

  destroy(reason: string): void {
    if (this.state === BackendState.CLOSED) return;
    const holder = this.holder;
    this.pool.closed(this);
    if (!this.#wire.socket.writableEnded) this.#wire.socket.destroy();
    else this.#wire.socket.setTimeout(1000, () => this.#wire.socket.destroy());
    const expected = this.#expected.splice(0);
    this.#grammars.length = 0;
    for (const receiver of expected) receiver.lost(reason);
    if (expected.length === 0) holder?.backendLost(reason);
  }

  #receive(chunk: Buffer): void {
    let at = 0;
    try {
      while (at < chunk.length) {
        const head = this.#expected[0];
        if (head === undefined) return this.#unasked();
        at = this.#tracker.push(chunk, at, head);
        head.flush();
        if (!this.#tracker.done) continue;
        this.#expected.shift();
        this.#grammars.shift();
        head.complete(this.#tracker);
        if (this.#grammars.length > 0) this.#tracker.start(this.#grammars[0]!);
      }
    } catch (error) {
      this.#log('error', 'a reply could not be understood', {
        node: this.pool.node.name,
        error: (error as Error).message,
      });
      this.destroy(`${this.pool.node.name} broke the protocol`);
    }
  }

  /** A server says something of its own only when it closes a connection (shutdown, KILL, wait_timeout). */
  #unasked(): void {
    this.destroy(`${this.pool.node.name} ended the connection`);
  }
}
