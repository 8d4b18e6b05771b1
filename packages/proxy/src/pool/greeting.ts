import { Account } from '../accounts/account';
import type { Logins } from '../accounts/logins';
import type { NodeBaseline } from '../backend/node-baseline';
import { COMMON_VARIANT } from '../capabilities';
import type { Clock } from '../clock';
import type { Log } from '../errors';
import type { PoolOptions } from '../options';
import type { ConnectionPool } from './connection-pool';
import type { ConnectionPools } from './connection-pools';
import type { Node } from './node';

const AGAIN_MS = 500;

interface GreetingParts {
  readonly options: PoolOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly logins: Logins;
  readonly connectionPools: ConnectionPools;
  readonly active: () => Node | null;
  /** There is an active node, and it was not given up since. */
  readonly isServing: () => boolean;
}

/** What clients are greeted with: what a server here says of itself, and who may log in. Asked of the active node until it answers. */
export class Greeting {
  readonly #parts: GreetingParts;
  readonly #waiting = new Set<() => void>();
  #last: NodeBaseline | null = null;
  #retrying = false;
  /** Asks a node what sessions there are like. */
  #asking: ConnectionPool | null = null;

  constructor(parts: GreetingParts) {
    this.#parts = parts;
  }

  /** Of the active node, or the last one known. */
  get baseline(): NodeBaseline | null {
    this.#last = this.#parts.active()?.baseline ?? this.#last;
    return this.#last;
  }

  get isKnown(): boolean {
    return this.baseline !== null && this.#parts.logins.known;
  }

  /** Accounts that can log in before any client has; none to a node that asks where a client is. */
  keptReady(node: Node): readonly Account[] {
    return node.options.proxyProtocol ? [] : this.#parts.logins.configured;
  }

  /** Calls back once it is known; the returned function calls it off. */
  whenKnown(action: () => void): () => void {
    if (this.isKnown) action();
    else this.#waiting.add(action);
    return () => this.#waiting.delete(action);
  }

  /** Something was learned: those who wait for it may be greeted now. */
  learned(): void {
    this.#parts.logins.read();
    if (!this.isKnown) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const action of waiting) action();
  }

  /** The one that asks `node`, if one does. */
  asking(node: Node): ConnectionPool[] {
    return this.#asking?.node === node ? [this.#asking] : [];
  }

  /** The node is active: opens backends to it, and asks as the control account where no password is known. */
  begin(node: Node): void {
    const { options, connectionPools, log } = this.#parts;
    this.#ask(node);
    // one at least, since clients are greeted with what it says
    const count = Math.max(1, options.backend.min);
    for (const account of this.keptReady(node)) {
      const opened = connectionPools.of(node, account).warm(COMMON_VARIANT, count);
      opened.then(
        () => this.learned(),
        (error: Error) => {
          const facts = { node: node.name, user: account.name, error: error.message };
          log('warn', 'no backend could be kept ready', facts);
          this.#againLater();
        },
      );
    }
  }

  #ask(node: Node): void {
    const { options, connectionPools, log } = this.#parts;
    const { control, users } = options;
    if (control === undefined || node.baseline !== null) return;
    if (users.length > 0 && !node.options.proxyProtocol) return;
    const asking = connectionPools.single(node, Account.configured(control), { min: 0, max: 1 });
    this.#asking = asking;
    asking.warm(COMMON_VARIANT, 1).then(
      () => {
        asking.invalidate();
        this.learned();
      },
      (error: Error) => {
        log('warn', 'a node could not be asked what sessions there are like', { error: error.message });
        this.#againLater();
      },
    );
  }

  /** Once for all accounts: each attempt tries them all again. */
  #againLater(): void {
    if (this.#retrying) return;
    this.#retrying = true;
    this.#parts.clock.timer(() => {
      this.#retrying = false;
      const node = this.#parts.active();
      if (node !== null && this.#parts.isServing() && this.baseline === null) this.begin(node);
    }, AGAIN_MS);
  }
}
