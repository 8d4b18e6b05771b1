import type { Log } from '../errors';
import type { RefusedAccount } from '../plane/types';

const MAX_KEPT = 100;
const MAX_NAME = 80;

/**
 * Accounts whose clients gave the right password and were refused all the same, for the operator: the last ones, each once.
 */
export class RefusedAccounts {
  readonly #rows = new Map<string, RefusedAccount>();

  /** One that is new here is logged. */
  tell({ user, client, row, matched, reason }: RefusedAccount, log: Log): void {
    const refused = { user: user.slice(0, MAX_NAME), client: client.replace(/:\d+$/, ''), row, matched, reason };
    const key = Object.values(refused).join('\u0000');
    const isNew = !this.#rows.delete(key);
    this.#rows.set(key, refused);
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= MAX_KEPT) break;
      this.#rows.delete(oldest);
    }
    if (isNew) log('warn', 'an account can not be served', { ...refused });
  }

  /** It is served meanwhile. */
  clear(row: string): void {
    for (const [key, refused] of this.#rows) if (refused.row === row) this.#rows.delete(key);
  }

  /** Rows that are gone need nothing any more. */
  keep(rows: ReadonlySet<string>): void {
    for (const [key, { row }] of this.#rows) if (!rows.has(row)) this.#rows.delete(key);
  }

  list(): RefusedAccount[] {
    return [...this.#rows.values()];
  }
}
