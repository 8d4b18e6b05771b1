import type { KillOutcome, KillRequest, Peers, PermitRequest, Proof } from '../pool/peers';
import type { PermitHolder, Permits } from './permits';

/** What one process may ask about the clients of all, until it has ended. */
export class ProcessPeers implements Peers {
  readonly #all: Pick<Peers, 'killSession' | 'proved'>;
  readonly #permits: PermitHolder;

  constructor(all: Pick<Peers, 'killSession' | 'proved'>, permits: Permits) {
    this.#all = all;
    this.#permits = permits.holder();
  }

  killSession(request: KillRequest): Promise<KillOutcome> {
    return this.#all.killSession(request);
  }

  takePermit({ key, max }: PermitRequest): Promise<boolean> {
    return this.#permits.take(key, max);
  }

  proved(proof: Proof): void {
    this.#all.proved(proof);
  }

  givePermit(key: string): void {
    this.#permits.give(key);
  }

  ended(): void {
    this.#permits.end();
  }
}
