import type { Clock } from '../src/clock';

interface Due {
  readonly at: number;
  readonly action: () => void;
}

/** Time that is turned by hand. */
export class FakeClock implements Clock {
  #now = 0;
  #due: Due[] = [];

  now(): number {
    return this.#now;
  }

  timer(action: () => void, ms: number): { cancel(): void } {
    const due = { at: this.#now + ms, action };
    this.#due.push(due);
    return { cancel: () => (this.#due = this.#due.filter((other) => other !== due)) };
  }

  get timers(): number {
    return this.#due.length;
  }

  /** Lets time pass; what becomes due runs in its order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#due.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#due = this.#due.filter((other) => other !== next);
      this.#now = next.at;
      next.action();
    }
    this.#now = end;
  }
}
