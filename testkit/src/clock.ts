import { performance } from 'node:perf_hooks';
import { sleep } from './time';

/** Monotonic time in ms, injected so that pacing can be tested without waiting. */
export interface Clock {
  now(): number;
  /** Resolves at once when the moment has passed. */
  at(moment: number): Promise<void>;
}

export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  at: async (moment: number) => {
    const wait = moment - performance.now();
    if (wait > 0) await sleep(wait);
  },
});
