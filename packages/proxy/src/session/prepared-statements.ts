import type { Cause, Statement } from '@myswitch/protocol';
import type { SessionContext } from './context';

/** A statement that the client prepared: its id towards the client never changes, whichever backend runs it. */
export interface PreparedStatement {
  readonly id: number;
  readonly sql: Buffer;
  readonly statement: Statement;
  readonly causes: readonly Cause[];
  /** What the session was like at PREPARE: names are resolved in that schema, under that sql_mode. */
  readonly context: SessionContext;
  readonly paramCount: number;
  /** Key in a backend's StatementCache; sessions with equal context share what is prepared there. */
  readonly sharedKey: string;
  /** Two bytes for each parameter, as the last EXECUTE bound them; null: none did. */
  types: Buffer | null;
  /** The shared key with those types: what a server derives from the first ones it sees stays with its statement. */
  typedKey: string;
  /** Whether long data was sent, or a cursor opened: then the server's statement has state of its own and can't be shared. */
  use: 'SHARED' | 'EXCLUSIVE';
}

/** Same as max_prepared_stmt_count's default, here for each session. */
const MAX_PREPARED = 16_382;
/** Of all their texts, beyond a first one: a server counts statements of all clients together, we keep them for each. */
const MAX_TEXT_BYTES = 32 << 20;

/** The prepared statements of one client. */
export class PreparedStatements {
  readonly #byId = new Map<number, PreparedStatement>();
  #lastId = 0;
  #last: PreparedStatement | undefined;
  #textBytes = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** Whether a text of so many bytes may be added. */
  hasRoomFor(bytes: number): boolean {
    if (this.#byId.size === 0) return true;
    return this.#byId.size < MAX_PREPARED && this.#textBytes + bytes <= MAX_TEXT_BYTES;
  }

  get(id: number): PreparedStatement | undefined {
    return this.#byId.get(id);
  }

  /** The one that was prepared last, if that worked and it is still there. */
  get last(): PreparedStatement | undefined {
    return this.#last;
  }

  /** The latest attempt to prepare one failed. */
  forgetLast(): void {
    this.#last = undefined;
  }

  add(
    sql: Buffer,
    statement: Statement,
    causes: readonly Cause[],
    context: SessionContext,
    paramCount: number,
  ): PreparedStatement {
    const id = ++this.#lastId;
    const sharedKey = `${context.statementKey}\u0000${sql.toString('latin1')}`;
    const prepared: PreparedStatement = {
      id,
      sql,
      statement,
      causes,
      context,
      paramCount,
      sharedKey,
      types: null,
      typedKey: sharedKey,
      use: 'SHARED',
    };
    this.#byId.set(id, prepared);
    this.#last = prepared;
    this.#textBytes += sql.length;
    return prepared;
  }

  delete(id: number): void {
    if (this.#last?.id === id) this.forgetLast();
    this.#textBytes -= this.#byId.get(id)?.sql.length ?? 0;
    this.#byId.delete(id);
  }

  clear(): void {
    this.#textBytes = 0;
    this.#byId.clear();
    this.forgetLast();
  }
}
