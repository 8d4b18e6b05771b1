import type { Clock } from '../clock';
import type { DataPlane } from '../data-plane';
import { messageOf } from '../errors';
import type { NodeConnection, NodeLink } from '../link/node-link';
import type { PoolOptions } from '../options';
import type { Log } from '../log';
import { caveatsOf, type Caveat } from './caveats';

const ASK_MS = 5000;
/** A monitor may look less often; a change of an account is to count within seconds all the same. */
const MAX_INTERVAL_MS = 2000;
/** A table of more accounts is read in part: it is kept in the memory of every process. */
const MAX_ACCOUNTS = 10_000;

/** What is known of the accounts, without anything secret. */
export interface AccountsReport {
  /** Whose they are; null: none were read yet. */
  readonly node: string | null;
  readonly learned: number;
  /** The table has more than were read. */
  readonly more: boolean;
  readonly caveats: readonly Caveat[];
  /** Why the last attempt failed. */
  readonly error: string | null;
}

export interface AccountWatchParts {
  readonly pool: PoolOptions;
  readonly plane: Pick<DataPlane, 'accounts'>;
  readonly links: ReadonlyMap<string, Pick<NodeLink, 'connect'>>;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests. */
  readonly maxAccounts?: number;
}

/** Looking at one node; another node is another turn, and what an older turn still waits for does not count. */
interface Turn {
  readonly node: string;
  connection: NodeConnection | null;
}

/**
 * Keeps the data plane's accounts equal to those of one node, the ACTIVE. It looks as often as the monitor does, or more, over a connection
 * of its own, so that a large table never makes a node look slow; what was learned stays while a node does not answer.
 */
export class AccountWatch {
  readonly #parts: AccountWatchParts;
  readonly #limit: number;
  #turn: Turn | null = null;
  /** Of the table that the data plane has: the node, and the mark that was read just before the table. */
  #known = '';
  #report: AccountsReport = { node: null, learned: 0, more: false, caveats: [], error: null };
  #running: Promise<void> = Promise.resolve();
  #cancel: () => void = () => undefined;

  constructor(parts: AccountWatchParts) {
    this.#parts = parts;
    this.#limit = parts.maxAccounts ?? MAX_ACCOUNTS;
  }

  get report(): AccountsReport {
    return this.#report;
  }

  /** Looks at `node` from now on, and nowhere else. Resolves after the first look, good or bad. */
  follow(node: string): Promise<void> {
    if (node !== this.#turn?.node) {
      this.#disconnect();
      this.#turn = { node, connection: null };
      this.#cancel();
      this.#running = this.#look(this.#turn);
    }
    return this.#running;
  }

  stop(): void {
    this.#cancel();
    this.#disconnect();
    this.#turn = null;
  }

  async #look(turn: Turn): Promise<void> {
    const { clock, log, pool } = this.#parts;
    try {
      await this.#learn(turn);
      if (turn === this.#turn) {
        this.#report = { ...this.#report, error: null };
      }
    } catch (error) {
      if (turn === this.#turn) {
        this.#disconnect();
        const reason = messageOf(error);
        if (this.#report.error === null) {
          log('warn', 'the accounts could not be read', { pool: pool.name, node: turn.node, reason });
        }
        this.#report = { ...this.#report, error: reason };
      }
    }
    if (turn === this.#turn) {
      this.#cancel = clock.timer(Math.min(pool.monitor.intervalMs, MAX_INTERVAL_MS), () => {
        this.#running = this.#look(turn);
      });
    }
  }

  async #learn(turn: Turn): Promise<void> {
    const { plane, pool, log } = this.#parts;
    const { node } = turn;
    const { connection, dialect } = await this.#connect(turn);
    // the mark first: a change between the two reads shows at the next look
    const known = `${node} ${await dialect.accountsMark(connection, ASK_MS)}`;
    if (known === this.#known) {
      return;
    }
    const read = await dialect.accounts(connection, this.#limit + 1, ASK_MS);
    if (turn !== this.#turn) {
      return;
    }
    const accounts = read.slice(0, this.#limit);
    this.#known = '';
    await plane.accounts(
      pool.name,
      accounts.map(({ row }) => row),
    );
    if (turn !== this.#turn) {
      return;
    }
    this.#known = known;
    const more = read.length > accounts.length;
    if (more && !this.#report.more) {
      log('warn', `there are more than ${this.#limit} accounts: the others can't log in`, { pool: pool.name, node });
    }
    this.#report = { node, learned: accounts.length, more, caveats: caveatsOf(accounts, pool), error: null };
    log('info', 'accounts were learned', { pool: pool.name, node, accounts: accounts.length });
  }

  async #connect(turn: Turn): Promise<NodeConnection> {
    if (turn.connection?.connection.usable !== true) {
      const link = this.#parts.links.get(turn.node);
      if (link === undefined) {
        throw new Error(`${turn.node} has no address`);
      }
      const opened = await link.connect(ASK_MS);
      if (turn !== this.#turn) {
        opened.connection.destroy();
      }
      turn.connection = opened;
    }
    return turn.connection;
  }

  #disconnect(): void {
    this.#turn?.connection?.connection.destroy();
  }
}
