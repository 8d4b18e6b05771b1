/** Time as the control plane sees it; tests inject their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds with fractions, never going back: for durations. */
  monotonic(): number;
  /** Runs `action` once after `ms`; the returned function cancels it. */
  timer(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, action) {
    const handle = setTimeout(action, ms);
    return () => clearTimeout(handle);
  },
};

export const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.timer(ms, resolve);
  });

/**
 * By the monotonic clock, what happened at `at` (ISO 8601), perhaps before this process began. What is yet to come, as the wall clock has it after it
 * was set back, is now. Null: not known.
 */
export function monotonicAt(clock: Clock, at: string | undefined): number | null {
  const passed = at === undefined ? NaN : clock.now() - Date.parse(at);
  return Number.isNaN(passed) ? null : clock.monotonic() - Math.max(0, passed);
}

/** A point in time that several statements share. */
export class Deadline {
  readonly #clock: Clock;
  readonly #end: number;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#end = clock.monotonic() + ms;
  }

  /** Milliseconds left, at least 1 so that it can be handed to a timer. */
  get left(): number {
    return Math.max(1, this.#end - this.#clock.monotonic());
  }

  get passed(): boolean {
    return this.#clock.monotonic() >= this.#end;
  }
}
