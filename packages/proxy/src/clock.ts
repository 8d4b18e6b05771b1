import { performance } from 'node:perf_hooks';

/** Time as it is injected: tests turn it by hand. */
export interface Clock {
  /** Monotonic ms. */
  now(): number;
  /** Runs `action` once after `ms`, without keeping the process alive. */
  timer(action: () => void, ms: number): Timer;
}

export interface Timer {
  cancel(): void;
}

/** The most that setTimeout takes: with more it fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  timer(action, ms) {
    const handle = setTimeout(action, Math.min(ms, LONGEST_MS));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
