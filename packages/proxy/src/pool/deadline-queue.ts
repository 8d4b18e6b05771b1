import type { Clock, Timer } from '../clock';

/**
 * A queue in which everybody waits equally long at most, counted from `since`: from when it came, as a rule. Whoever
 * leaves is simply deleted.
 */
export class DeadlineQueue<T> {
  readonly #maxMs: number;
  readonly #clock: Clock;
  readonly #expired: (item: T) => void;
  /** What each one's wait is counted from, in the order in which they came. */
  readonly #since = new Map<T, number>();
  #timer: Timer | null = null;
  /** When the timer is due. */
  #due = 0;

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

  /** `since`: it has waited already, somewhere else. */
  add(item: T, since = this.#clock.now()): void {
    this.#since.set(item, since);
    if (this.#timer === null || since + this.#maxMs < this.#due) this.#wake(since + this.#maxMs);
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

  #wake(at: number): void {
    this.#timer?.cancel();
    this.#due = at;
    this.#timer = this.#clock.timer(() => this.#expire(), Math.max(0, at - this.#clock.now()));
  }

  #expire(): void {
    this.#timer = null;
    const now = this.#clock.now();
    const over: T[] = [];
    let next = Infinity;
    for (const [item, since] of this.#since) {
      if (since + this.#maxMs <= now) over.push(item);
      else next = Math.min(next, since + this.#maxMs);
    }
    if (next !== Infinity) this.#wake(next);
    // each may bring others in, or take them out
    for (const item of over) if (this.#since.delete(item)) this.#expired(item);
  }
}
