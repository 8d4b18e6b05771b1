import { authMethod } from '@myswitch/protocol';
import type { AuthMethod, Credential } from '@myswitch/protocol';
import type { AccountRow } from '../plane/types';
import { Account } from './account';
import { HostPattern } from './host-pattern';

/** Stands for the password of a row that has none. */
const NONE = '';
/** More names under an anonymous row than this have to wait until others are gone. */
const MAX_NAMES = 1000;

/** A row of the servers' accounts, and what was learned of its passwords by logins. In memory only. */
export class LearnedRow {
  readonly user: string;
  readonly host: HostPattern;
  #row: AccountRow;
  #methods: readonly AuthMethod[];
  /** What was proved, by the stored password that it fits. */
  readonly #proofs = new Map<string, Credential>();
  /** By the client's name for itself: one, but under an anonymous row. */
  readonly #accounts = new Map<string, Account>();
  /** Of a former password; their sessions go on with the next Account of the same name. */
  #former: Account[] = [];

  constructor(row: AccountRow, cidr: boolean) {
    this.user = row.user;
    this.host = new HostPattern(row.host, cidr);
    this.#row = row;
    this.#methods = methodsOf(row);
  }

  get row(): AccountRow {
    return this.#row;
  }

  /** Those that can be checked here. */
  get methods(): readonly AuthMethod[] {
    return this.#methods;
  }

  /** As CURRENT_USER() says it. */
  get name(): string {
    return `${this.#row.user}@${this.#row.host}`;
  }

  readonly passwordOf = (stored: string): Buffer | null => {
    const proof = this.#proofs.get(stored);
    return proof?.kind === 'clear' ? proof.password : null;
  };

  /** The server says something new of it. What no longer fits is forgotten. */
  update(row: AccountRow): void {
    this.#row = row;
    this.#methods = methodsOf(row);
    const before = this.#proofs.size;
    for (const stored of this.#proofs.keys()) if (!this.#accepts(stored)) this.#proofs.delete(stored);
    if (this.#proofs.size === before) return;
    const [proof] = this.#proofs.values();
    if (proof === undefined) return this.retire();
    for (const account of this.#accounts.values()) account.renew(proof);
  }

  /** Nobody logs in any more with what was known. */
  retire(): void {
    this.#proofs.clear();
    for (const account of this.#accounts.values()) {
      account.retire();
      this.#former.push(account);
    }
    this.#accounts.clear();
  }

  /** A login as `name` proved itself. null: not by what the row says now, or there are too many names. */
  proved(name: string, stored: string | null, credential: Credential): Account | null {
    const key = stored ?? NONE;
    if (!this.#accepts(key)) return null;
    this.#proofs.set(key, credential);
    const known = this.#accounts.get(name);
    if (known !== undefined) return known;
    if (this.#accounts.size >= MAX_NAMES) return null;
    const account = new Account(name, this.name, credential, this.#row.maxUserConnections);
    this.#accounts.set(name, account);
    for (const former of this.#former) if (former.name === name) former.succeededBy(account);
    this.#former = this.#former.filter((former) => former.name !== name);
    return account;
  }

  /** What was proved in another process, as long as it fits. */
  learnPassword(stored: string, credential: Credential): void {
    if (this.#accepts(stored) && !this.#proofs.has(stored)) this.#proofs.set(stored, credential);
  }

  /** Accounts that nobody uses are forgotten, apart from those in `used`; the passwords stay known. */
  forget(used: ReadonlySet<Account>): void {
    for (const [name, account] of this.#accounts) if (!used.has(account)) this.#accounts.delete(name);
    this.#former = this.#former.filter((account) => used.has(account));
  }

  #accepts(stored: string): boolean {
    return this.#methods.some((method) => {
      if (method.kind === 'password') return false;
      return method.kind === 'empty' ? stored === NONE : method.hashes.some((hash) => hash.stored === stored);
    });
  }
}

/** The row's own plugin may or may not be among its alternatives. */
function methodsOf({ plugin, authentication, second, alternatives }: AccountRow): AuthMethod[] {
  const own = alternatives.some((other) => other.plugin === plugin && other.authentication === authentication);
  const ways = own ? alternatives : [{ plugin, authentication }, ...alternatives];
  return ways.flatMap((way) => {
    const isOwn = way.plugin === plugin && way.authentication === authentication;
    return authMethod(way.plugin, way.authentication, isOwn ? second : null) ?? [];
  });
}
