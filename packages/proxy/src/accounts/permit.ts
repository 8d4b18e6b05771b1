import type { Peers } from '../pool/peers';

/** Counts as a connection of its account, wherever its processes are, until it is released. */
export class Permit {
  readonly #peers: Peers;
  readonly #key: string;
  #released = false;

  constructor(peers: Peers, key: string) {
    this.#peers = peers;
    this.#key = key;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#peers.givePermit(this.#key);
  }
}
