import type { RefusedAccount } from '../plane/types';

const MAX_KEPT = 100;

/**
 * Accounts whose clients gave the right password and were refused all the same, for the operator: the last ones, each once.
 */
export class RefusedAccounts {
  readonly #rows = new Map<string, RefusedAccount>();

  /** True when it is new here, so that it is logged once. */
  add(refused: RefusedAccount): boolean {
    const { user, client, row, matched, reason } = refused;
    const host = client.replace(/:\d+$/, '');
    const key = [user, host, row, matched, reason].join('\u0000');
    const isNew = !this.#rows.delete(key);
    this.#rows.set(key, { ...refused, client: host });
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= MAX_KEPT) break;
      this.#rows.delete(oldest);
    }
    return isNew;
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
