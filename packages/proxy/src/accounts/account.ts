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
  #credential: Credential | null;
  #successor: Account | null = null;

  constructor(name: string, row: RowName | null, credential: Credential, maxConnections = 0) {
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
    return this.#credential;
  }

  /** What sessions of this account use now: the same row, with the password that it has since. */
  get current(): Account {
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
