import { readBaseline } from '../backend/baseline';
import type { Greeting, NodeBaseline } from '../backend/node-baseline';
import type { Backend } from '../backend/backend';
import type { NodeOptions } from '../options';
import { SessionContext } from '../session/context';

/** A server of the pool, as the data plane sees it: where it is and what a fresh session there is like. */
export class Node {
  readonly options: NodeOptions;
  #baseline: Promise<NodeBaseline> | null = null;
  #known: NodeBaseline | null = null;

  constructor(options: NodeOptions) {
    this.options = options;
  }

  get name(): string {
    return this.options.name;
  }

  /** null until the first backend logged in. */
  get baseline(): NodeBaseline | null {
    return this.#known;
  }

  get freshContext(): SessionContext {
    return this.#known?.context ?? NOTHING;
  }

  /** Reads the baseline over the first backend of each server version. */
  async learn(backend: Backend, greeting: Greeting): Promise<NodeBaseline> {
    if (this.#known?.serverVersion === greeting.serverVersion) return this.#known;
    this.#baseline ??= readBaseline(backend, greeting);
    try {
      this.#known = await this.#baseline;
      return this.#known;
    } finally {
      this.#baseline = null;
    }
  }
}

const NOTHING = new SessionContext(null, new Map(), new Map());
