import type { WorkMs } from '../plane/types';

const KEPT = 512;

/** How long the last statements and transactions held a backend (ms): a ring, so that adding costs next to nothing. */
export class WorkTimes {
  readonly #ring = new Float64Array(KEPT);
  #count = 0;

  add(ms: number): void {
    this.#ring[this.#count++ % KEPT] = ms;
  }

  /** The samples that are kept, in no order. */
  samples(): number[] {
    return [...this.#ring.subarray(0, Math.min(this.#count, KEPT))];
  }
}

/** null: no samples. */
export function workMs(samples: readonly number[]): WorkMs | null {
  if (samples.length === 0) return null;
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1)! };
}
