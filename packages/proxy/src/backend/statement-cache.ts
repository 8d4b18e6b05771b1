import { LRUCache } from 'lru-cache';

/** Prepared statements that a backend keeps open for all sessions; the server allows max_prepared_stmt_count of them in all. */
const MAX_OPEN = 128;
/** Characters of their keys: nearly all of that is their texts, which a client may make as long as it likes. */
const MAX_KEYS = 4 << 20;

/** A statement prepared on one backend. */
export interface OpenStatement {
  readonly id: number;
  /** Parameter types that the server knows from the last EXECUTE; null: none yet. */
  types: Buffer | null;
}

/**
 * Statements open on one backend, by text, the context they were prepared in and their parameters' types. The least
 * recently used go first, but never one whose cursor is open or whose parameters are under way.
 */
export class StatementCache {
  readonly #open: LRUCache<string, OpenStatement>;
  readonly #kept = new Map<string, OpenStatement>();
  /** Server ids that nobody uses any more and that COM_STMT_CLOSE has yet to be sent for. */
  readonly #dropped: number[] = [];
  /** Length of the keys in the list. */
  #keys = 0;
  /** Leaves the list for another place in it. */
  #moving: OpenStatement | null = null;

  constructor() {
    this.#open = new LRUCache<string, OpenStatement>({
      max: MAX_OPEN,
      dispose: (statement, key) => {
        this.#keys -= key.length;
        if (statement !== this.#moving) this.#dropped.push(statement.id);
      },
    });
  }

  get size(): number {
    return this.#open.size + this.#kept.size;
  }

  get(key: string): OpenStatement | undefined {
    return this.#open.get(key) ?? this.#kept.get(key);
  }

  set(key: string, statement: OpenStatement): void {
    this.#open.set(key, statement);
    this.#keys += key.length;
    while (this.#keys > MAX_KEYS && this.#open.size > 1) this.#open.pop();
  }

  /** A statement that was prepared and never executed becomes the one that `to` names. */
  claim(from: string, to: string): OpenStatement | undefined {
    const statement = this.#open.get(from);
    if (statement === undefined || statement.types !== null) return undefined;
    this.#take(from, statement);
    this.set(to, statement);
    return statement;
  }

  /** Whether it has a state of its own for now: then it stays open. */
  keep(key: string, inUse: boolean): void {
    const statement = this.get(key);
    if (statement === undefined) return;
    if (!inUse) {
      if (this.#kept.delete(key)) this.set(key, statement);
    } else if (!this.#kept.has(key)) {
      this.#take(key, statement);
      this.#kept.set(key, statement);
    }
  }

  delete(key: string): void {
    this.keep(key, false);
    this.#open.delete(key);
  }

  /** The server forgot all of them. */
  clear(): void {
    this.#kept.clear();
    this.#open.clear();
    this.#dropped.length = 0;
  }

  /** Ids to close now; a backend may be asked only when no EXECUTE of them is under way. */
  takeDropped(): number[] {
    return this.#dropped.length === 0 ? NONE : this.#dropped.splice(0);
  }

  #take(key: string, statement: OpenStatement): void {
    this.#moving = statement;
    this.#open.delete(key);
    this.#moving = null;
  }
}

const NONE: number[] = [];
