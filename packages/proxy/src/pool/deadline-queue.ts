import type { Clock, Timer } from '../clock';

/**
 * A queue in which everybody waits equally long at most: the first in it always expires first, so one timer is enough.
 * Whoever leaves is simply deleted.
 */
export class DeadlineQueue<T> {
  readonly #maxMs: number;
  readonly #clock: Clock;
  readonly #expired: (item: T) => void;
  /** When each came, in that order. */
  readonly #since = new Map<T, number>();
  #timer: Timer | null = null;

  /** `expired` is called for each item that waited `maxMs`, after it has left the queue. */
  constructor(maxMs: number, clock: Clock, expired: (item: T) => void) {
    this.#maxMs = maxMs;
    this.#clock = clock;
    this.#expired = expired;
  }

  get size(): number {
    return this.#since.size;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#since.keys();
  }

  add(item: T): void {
    this.#since.set(item, this.#clock.now());
    this.#timer ??= this.#clock.timer(() => this.#expire(), this.#maxMs);
  }

  /** True if it was there. */
  delete(item: T): boolean {
    return this.#since.delete(item);
  }

  /** Empties the queue in its order. */
  takeAll(): { item: T; since: number }[] {
    const all = [...this.#since].map(([item, since]) => ({ item, since }));
    this.#since.clear();
    this.#timer?.cancel();
    this.#timer = null;
    return all;
  }

  #expire(): void {
    this.#timer = null;
    const now = this.#clock.now();
    for (const [item, since] of this.#since) {
      const left = since + this.#maxMs - now;
      if (left > 0) {
        this.#timer = this.#clock.timer(() => this.#expire(), left);
        return;
      }
      this.#since.delete(item);
      this.#expired(item);
    }
  }
}
