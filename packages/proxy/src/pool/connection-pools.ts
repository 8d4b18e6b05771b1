import type { Account } from '../accounts/account';
import type { RefusedAccounts } from '../accounts/refused-accounts';
import type { Clock } from '../clock';
import type { Log } from '../errors';
import { ConnectionPool, type ConnectionPoolLimits } from './connection-pool';
import type { Node } from './node';

const IDLE_MS = 60_000;

/** The connection pools of a pool: one for each account that is in use on a node. */
export class ConnectionPools {
  readonly #limits: ConnectionPoolLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #refused: RefusedAccounts;
  readonly #byNode = new Map<Node, Map<Account, ConnectionPool>>();

  constructor(limits: ConnectionPoolLimits, clock: Clock, log: Log, refused: RefusedAccounts) {
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    this.#refused = refused;
  }

  of(node: Node, formerOrCurrent: Account): ConnectionPool {
    const account = formerOrCurrent.current;
    let ofNode = this.#byNode.get(node);
    if (ofNode === undefined) this.#byNode.set(node, (ofNode = new Map()));
    let connectionPool = ofNode.get(account);
    if (connectionPool === undefined) ofNode.set(account, (connectionPool = this.single(node, account)));
    return connectionPool;
  }

  /** One that is not among these: for a question of our own. */
  single(node: Node, account: Account, limits: Partial<ConnectionPoolLimits> = {}): ConnectionPool {
    return new ConnectionPool(node, account, { ...this.#limits, ...limits }, this.#clock, this.#log, this.#refused);
  }

  *[Symbol.iterator](): Generator<ConnectionPool> {
    for (const ofNode of this.#byNode.values()) yield* ofNode.values();
  }

  on(node: Node): ConnectionPool[] {
    return [...(this.#byNode.get(node)?.values() ?? [])];
  }

  /**
   * Closes what was idle for long, and forgets learned accounts that nobody uses any more. `accounts`: of the clients there
   * are. Returns those that are still of use.
   */
  trim(accounts: Iterable<Account>): ReadonlySet<Account> {
    const used = new Set<Account>();
    for (const account of accounts) for (const each of [account, account.current]) used.add(each).add(each.origin);
    for (const ofNode of this.#byNode.values()) {
      for (const [account, connectionPool] of ofNode) {
        const isLearned = account.row !== null || account.address !== null;
        const unused = isLearned && !used.has(account);
        if (unused && account.maxConnections > 0) connectionPool.trim(0, 0);
        else connectionPool.trim(IDLE_MS, unused ? 0 : undefined);
        if (!unused) continue;
        if (connectionPool.isEmpty) ofNode.delete(account);
        else used.add(account).add(account.origin);
      }
    }
    for (const account of used) account.forget(used);
    return used;
  }
}
