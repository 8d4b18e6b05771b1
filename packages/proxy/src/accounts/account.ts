import type { Credential } from '@myswitch/protocol';
import type { UserOptions } from '../options';
import { clearCredential } from '@myswitch/protocol';

/** `user@host` of the row that a server is to find for us, as CURRENT_USER() says it. */
export type RowName = string;

/**
 * Whose backends a session may have: connection pools are keyed by it. One of the configuration is valid for ever; a
 * learned one until the password that was proved is no longer that of its row, and then new logins get another Account.
 */
export class Account {
  /** As sent to servers. */
  readonly name: string;
  /** null: whichever row a server finds for it. */
  readonly row: RowName | null;
  /** Of a server's row: connections that it may have at a time; 0: no limit. */
  readonly maxConnections: number;
  /** What servers are told of where the client is, so that nobody from elsewhere may use these backends; null: nothing. */
  readonly address: string | null;
  /** The same account for clients from wherever. */
  #origin: Account | null = null;
  readonly #byAddress = new Map<string, Account>();
  #credential: Credential | null;
  #successor: Account | null = null;

  constructor(
    name: string,
    row: RowName | null,
    credential: Credential,
    maxConnections = 0,
    address: string | null = null,
  ) {
    this.address = address;
    this.name = name;
    this.row = row;
    this.#credential = credential;
    this.maxConnections = maxConnections;
  }

  static configured({ name, password }: UserOptions): Account {
    return new Account(name, null, clearCredential(password));
  }

  /** null: it is no longer valid. */
  get credential(): Credential | null {
    return this.#origin === null ? this.#credential : this.#origin.credential;
  }

  get origin(): Account {
    return this.#origin ?? this;
  }

  /** The account for clients at `address` alone; null, for a Unix-domain socket: there is nothing to tell. */
  at(address: string | null): Account {
    if (address === null || this.#credential === null) return this;
    let account = this.#byAddress.get(address);
    if (account === undefined) {
      account = new Account(this.name, this.row, this.#credential, this.maxConnections, address);
      account.#origin = this;
      this.#byAddress.set(address, account);
    }
    return account;
  }

  /** Addresses whose accounts are not in `used` are forgotten. */
  forget(used: ReadonlySet<Account>): void {
    for (const [address, account] of this.#byAddress) if (!used.has(account)) this.#byAddress.delete(address);
  }

  /** What sessions of this account use now: the same row, with the password that it has since. */
  get current(): Account {
    if (this.#origin !== null) {
      const { current } = this.#origin;
      return current === this.#origin ? this : current.at(this.address);
    }
    return this.#successor === null ? this : this.#successor.current;
  }

  /** Backends log in with another password from now on, which is as good. */
  renew(credential: Credential): void {
    this.#credential = credential;
  }

  /** Its password is no longer the row's. Backends that are logged in stay for its sessions, as a server keeps them. */
  retire(): void {
    this.#credential = null;
  }

  /** A login proved the row's new password. */
  succeededBy(account: Account): void {
    this.#successor = account;
  }
}
