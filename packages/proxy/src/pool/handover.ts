import type { PoolClient } from './pool-client';

/** Those who were held, from the release on until each of them has a backend or is gone. */
export class Handover {
  /** How long each was held. */
  readonly waitsMs: number[] = [];
  readonly #left = new Set<PoolClient>();
  readonly #over: (waitsMs: number[]) => void;

  constructor(over: (waitsMs: number[]) => void) {
    this.#over = over;
  }

  get isEmpty(): boolean {
    return this.#left.size === 0;
  }

  add(session: PoolClient, waitedMs: number): void {
    this.waitsMs.push(waitedMs);
    this.#left.add(session);
  }

  settled(session: PoolClient): void {
    if (this.#left.delete(session) && this.isEmpty) this.end();
  }

  end(): void {
    this.#over(this.waitsMs);
  }
}
