import type { AcceptedLogin, Found } from '@myswitch/protocol';
import { isMariadb } from '../backend/node-baseline';
import type { NodeBaseline } from '../backend/node-baseline';
import { accessDenied } from '../commands/access-denied';
import { ProxyError } from '../errors';
import type { Log } from '../errors';
import type { PoolOptions } from '../options';
import type { AccountRow } from '../plane/types';
import { clientError } from '../session/client-error';
import type { ClientError } from '../session/client-error';
import { Account } from './account';
import type { RowName } from './account';
import { AccountTable, type Candidate } from './account-table';
import { refusal, tooMany, type ClientFacts } from './admission';
import type { ClientHost } from './host-pattern';
import type { Peers, Proof } from '../pool/peers';
import { Permit } from './permit';
import { RefusedAccounts } from './refused-accounts';

/** What logins have to know of their pool. */
interface Surroundings {
  /** null: no server has answered yet. */
  readonly baseline: NodeBaseline | null;
  readonly peers: Peers;
}

/** A login that may come in, as this account. */
export interface Admission {
  readonly account: Account;
  /** null: the account may have any number of connections. */
  readonly permit: Permit | null;
}

/** Who may log in to a pool, and who was refused. */
export class Logins {
  readonly refused = new RefusedAccounts();
  readonly #pool: Surroundings;
  readonly #options: PoolOptions;
  readonly #log: Log;
  readonly #table: AccountTable;
  /** Told before it was known what kind of servers they are of. */
  #unread: readonly AccountRow[] | null = null;
  #known: boolean;

  constructor(options: PoolOptions, pool: Surroundings, log: Log) {
    this.#options = options;
    this.#pool = pool;
    this.#log = log;
    this.#table = new AccountTable(options.users);
    this.#known = options.users.length > 0;
  }

  /** False as long as nobody could be found, since nobody was told. */
  get known(): boolean {
    return this.#known;
  }

  get configured(): Account[] {
    return this.#table.configured;
  }

  /** All accounts of the servers, in place of those known before. */
  learn(rows: readonly AccountRow[]): void {
    this.#unread = rows;
    this.read();
  }

  /** A server has answered: now the rows can be read. */
  read(): void {
    if (this.#unread === null || this.#pool.baseline === null) return;
    const rows = this.#unread;
    this.#unread = null;
    this.#known = true;
    this.#table.replace(rows, this.#isMariadb);
    this.refused.keep(new Set(rows.map(({ user, host }) => `${user}@${host}`)));
  }

  find(user: string, host: ClientHost): Found<Candidate> {
    return this.#table.find(user, host);
  }

  /**
   * A client that knew its password: it may come in, or why not all the same. At once, unless the connections of its account
   * have to be counted; `wanted`: whether the client
   * is still there then; if not, nobody is admitted. `former`: what a client has that changes its user.
   */
  admit(
    login: AcceptedLogin<Candidate>,
    facts: ClientFacts,
    wanted: () => boolean,
    former: Permit | null = null,
  ): Admission | ClientError | Promise<Admission | ClientError> {
    const { account: candidate, user, usedPassword } = login;
    if (candidate instanceof Account) return { account: this.#at(candidate, facts), permit: null };
    const { row, name } = candidate;
    const error = refusal(row, { user, usedPassword }, facts, this.#isMariadb);
    if (error !== null) return error;
    if (row.maxUserConnections === 0) return this.#prove(login, name, facts, null);
    const key = `${this.#options.name}\u0000${name}`;
    // MySQL counts the new one before it gives up the former one
    if (this.#isMariadb && former?.key === key) return this.#prove(login, name, facts, former);
    const { peers } = this.#pool;
    const admitted = peers.takePermit({ key, max: row.maxUserConnections }).then((taken) => {
      if (!taken) return tooMany(row);
      const permit = new Permit(peers, key);
      const proved = this.#prove(login, name, facts, permit);
      if (!('account' in proved)) permit.release();
      return proved;
    });
    // nothing can come between this and what the caller does with the answer
    void admitted.then((answer) => {
      if ('account' in answer && !wanted()) answer.permit?.release();
    });
    return admitted;
  }

  #prove(
    login: AcceptedLogin<Candidate>,
    row: RowName,
    facts: ClientFacts,
    permit: Permit | null,
  ): Admission | ClientError {
    const { credential, user, usedPassword } = login;
    if (credential === null) this.#refuse(user, facts, row, 'its password can not be learned from a login');
    const { stored } = login;
    const isNews = credential?.kind === 'clear' && stored !== null && !this.#table.knows(row, stored);
    const account = this.#table.proved(login);
    if (account !== null && isNews) {
      this.#pool.peers.proved({ pool: this.#options.name, row, stored, password: credential.password });
    }
    if (account === null) return accessDenied(user, facts.client, usedPassword);
    return { account: this.#at(account, facts), permit };
  }

  /** Of a login in another process. */
  learnPassword({ row, stored, password }: Proof): void {
    this.#table.learnPassword(row, stored, { kind: 'clear', password });
  }

  /** Where servers are told where clients are, backends are for clients from there alone. */
  #at(account: Account, { address }: ClientFacts): Account {
    return this.#options.nodes.some(({ proxyProtocol }) => proxyProtocol) ? account.at(address) : account;
  }

  /** A login that failed, for the operator: perhaps nobody could have come in. */
  failed(user: string, facts: ClientFacts): void {
    this.#log('info', 'login refused', { pool: this.#options.name, user: user.slice(0, 64), client: facts.client });
    const row = this.#table.rowWithoutMethods(user, facts);
    if (row !== null) this.#refuse(user, facts, row.name, `only a server can check its plugin (${row.row.plugin})`);
  }

  /** It is not known whether a password is right: what the client is told. */
  notChecked(error: Error, { client }: ClientFacts): ClientError {
    const { name: pool } = this.#options;
    this.#log('error', 'a password could not be checked', { pool, client, error: error.message });
    return clientError(error instanceof ProxyError ? error : new Error('its password could not be checked'));
  }

  /** Accounts that nobody uses need not be kept. */
  forget(used: ReadonlySet<Account>): void {
    this.#table.forget(used);
  }

  get #isMariadb(): boolean {
    return isMariadb(this.#pool.baseline);
  }

  #refuse(user: string, { client }: ClientFacts, row: string, why: string): void {
    const reason = `${why}: name the account in users`;
    this.refused.tell({ user, client, row, matched: null, reason }, this.#log);
  }
}
