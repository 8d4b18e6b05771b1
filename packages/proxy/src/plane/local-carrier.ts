import type { Proxy } from '../proxy';
import type { CallName, Calls, Carrier } from './messages';

/** The proxy in this process, asked like one in another. */
export class LocalCarrier implements Carrier {
  readonly #proxy: Proxy;

  constructor(proxy: Proxy) {
    this.#proxy = proxy;
  }

  async call<N extends CallName>(name: N, ...args: Calls[N]['args']): Promise<Calls[N]['answer']> {
    const method = this.#proxy[name] as (...args: unknown[]) => Calls[N]['answer'] | Promise<Calls[N]['answer']>;
    return method.apply(this.#proxy, args);
  }
}
