import type { Peers } from '../pool/peers';

/** Counts as a connection of its account, wherever its processes are, until it is released. */
export class Permit {
  /** Names pool and account. */
  readonly key: string;
  readonly #peers: Peers;
  #released = false;

  constructor(peers: Peers, key: string) {
    this.#peers = peers;
    this.key = key;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#peers.givePermit(this.key);
  }
}
