import { createHash } from 'node:crypto';
import { foundByPassword } from '@myswitch/protocol';
import type { AcceptedLogin, Credential, Found } from '@myswitch/protocol';
import type { UserOptions } from '../options';
import type { AccountRow } from '../plane/types';
import { Account } from './account';
import type { ClientHost } from './host-pattern';
import { LearnedRow } from './learned-row';
import { mariadbOrder, mysqlOrder } from './row-order';

interface Placed {
  readonly row: LearnedRow;
  readonly place: number;
}

/** Who a login would be: an account of the configuration, or a row of the servers'. */
export type Candidate = Account | LearnedRow;

/**
 * Who may log in to a pool. Accounts of the configuration win over the servers' rows of the same name: their passwords are
 * known, from wherever the client comes.
 */
export class AccountTable {
  readonly #configured: ReadonlyMap<string, { account: Account; password: Buffer }>;
  #rows = new Map<string, LearnedRow>();
  /** Rows by user, each list as the server sorts it, with its place among all. */
  #byUser: ReadonlyMap<string, readonly Placed[]> = new Map();
  /** Those that stand in for users that do not exist. */
  #decoys: readonly LearnedRow[] = [];
  #mariadb = false;

  constructor(users: readonly UserOptions[]) {
    this.#configured = new Map(
      users.map((user) => {
        return [user.name, { account: Account.configured(user), password: Buffer.from(user.password, 'utf8') }];
      }),
    );
  }

  get configured(): Account[] {
    return [...this.#configured.values()].map(({ account }) => account);
  }

  /** The servers' accounts, all of them: what is missing is gone. `mariadb`: they are read as that kind reads them. */
  replace(rows: readonly AccountRow[], mariadb: boolean): void {
    const before = mariadb === this.#mariadb ? this.#rows : new Map<string, LearnedRow>();
    const after = new Map<string, LearnedRow>();
    for (const row of rows) {
      const key = `${row.user}\u0000${row.host}`;
      const known = before.get(key);
      known?.update(row);
      after.set(key, known ?? new LearnedRow(row, !mariadb));
    }
    for (const [key, row] of this.#rows) if (after.get(key) !== row) row.retire();
    this.#rows = after;
    this.#mariadb = mariadb;
    const sorted = [...after.values()].sort(mariadb ? mariadbOrder : mysqlOrder);
    this.#byUser = byUser(sorted);
    this.#decoys = sorted.filter(({ methods }) => methods.length > 0);
  }

  /** Whom a client means. For nobody the methods are those of some other account, always the same for the same name. */
  find(user: string, host: ClientHost): Found<Candidate> {
    const configured = this.#configured.get(user);
    if (configured !== undefined) return foundByPassword<Candidate>(configured.account, configured.password);
    const row = this.#row(user, host);
    if (row !== null && row.methods.length > 0)
      return { account: row, methods: row.methods, passwordOf: row.passwordOf };
    return this.#nobody(user);
  }

  /** The row that is meant, though it may have no way in that can be checked here; null: there is none. */
  rowWithoutMethods(user: string, host: ClientHost): LearnedRow | null {
    if (this.#configured.has(user)) return null;
    const row = this.#row(user, host);
    return row !== null && row.methods.length === 0 ? row : null;
  }

  /** The account of a login that proved itself; null: its row has changed or gone meanwhile. */
  proved(login: AcceptedLogin<Candidate>): Account | null {
    const { account: candidate, user, stored, credential } = login;
    if (candidate instanceof Account) return candidate;
    if (credential === null || !this.holds(candidate)) return null;
    return candidate.proved(user, stored, credential);
  }

  /** `row`: user@host. Whether a password that fits what the server stores is known. */
  knows(row: string, stored: string): boolean {
    return this.#named(row)?.passwordOf(stored) !== null;
  }

  /** A password that was proved elsewhere; it counts as long as the row says the same. */
  learnPassword(row: string, stored: string, credential: Credential): void {
    this.#named(row)?.learnPassword(stored, credential);
  }

  #named(name: string): LearnedRow | undefined {
    for (const row of this.#rows.values()) if (row.name === name) return row;
    return undefined;
  }

  /** False once the row is gone. */
  holds(row: LearnedRow): boolean {
    return this.#rows.get(`${row.user}\u0000${row.row.host}`) === row;
  }

  /** Accounts that nobody uses need not be kept. */
  forget(used: ReadonlySet<Account>): void {
    for (const row of this.#rows.values()) row.forget(used);
  }

  #row(user: string, host: ClientHost): LearnedRow | null {
    const first = (name: string): Placed | undefined =>
      this.#byUser.get(name)?.find(({ row }) => row.host.matches(host));
    const [named, anonymous] = [first(user), first('')];
    if (named === undefined || anonymous === undefined) return (named ?? anonymous)?.row ?? null;
    return named.place < anonymous.place ? named.row : anonymous.row;
  }

  #nobody(user: string): Found<Candidate> {
    const looks = this.#decoys.length + this.#configured.size;
    const decoy = this.#decoys[createHash('sha256').update(user).digest().readUInt32LE(0) % Math.max(1, looks)];
    if (decoy === undefined) return foundByPassword<Candidate>(null, NOTHING);
    return { account: null, methods: decoy.methods, passwordOf: decoy.passwordOf };
  }
}

function byUser(sorted: readonly LearnedRow[]): Map<string, Placed[]> {
  const lists = new Map<string, Placed[]>();
  for (const [place, row] of sorted.entries()) {
    const list = lists.get(row.user);
    if (list === undefined) lists.set(row.user, [{ row, place }]);
    else list.push({ row, place });
  }
  return lists;
}

const NOTHING = Buffer.alloc(0);
