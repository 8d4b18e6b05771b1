import { LRUCache } from 'lru-cache';

/** Prepared statements that a backend keeps open for all sessions; the server allows max_prepared_stmt_count of them in all. */
const MAX_OPEN = 128;

/** A statement prepared on one backend. */
export interface OpenStatement {
  readonly id: number;
  /** Parameter types that the server knows from the last EXECUTE; null: none yet. */
  types: Buffer | null;
}

/** Statements open on one backend, by text and the context they were prepared in. The least recently used go first. */
export class StatementCache {
  readonly #open: LRUCache<string, OpenStatement>;
  /** Server ids that nobody uses any more and that COM_STMT_CLOSE has yet to be sent for. */
  readonly #dropped: number[] = [];

  constructor() {
    this.#open = new LRUCache<string, OpenStatement>({
      max: MAX_OPEN,
      dispose: (statement) => this.#dropped.push(statement.id),
    });
  }

  get size(): number {
    return this.#open.size;
  }

  get(key: string): OpenStatement | undefined {
    return this.#open.get(key);
  }

  set(key: string, statement: OpenStatement): void {
    this.#open.set(key, statement);
  }

  delete(key: string): void {
    this.#open.delete(key);
  }

  /** The server forgot all of them. */
  clear(): void {
    this.#open.clear();
    this.#dropped.length = 0;
  }

  /** Ids to close now; a backend may be asked only when no EXECUTE of them is under way. */
  takeDropped(): number[] {
    return this.#dropped.length === 0 ? NONE : this.#dropped.splice(0);
  }
}

const NONE: number[] = [];
