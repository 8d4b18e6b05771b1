const SMALLEST_MS = 0.01;
const GROWTH = 1.02;
const BUCKETS = 1000;

/** Durations in ms in buckets that each are 2 % wider than the one before, up to hours: bounded, however many are recorded. */
export class Histogram {
  private readonly counts = new Uint32Array(BUCKETS);
  private largest = 0;
  private total = 0;

  get count(): number {
    return this.total;
  }

  /** Exact; 0 when nothing was recorded. */
  get max(): number {
    return this.largest;
  }

  record(ms: number): void {
    const bucket = ms <= SMALLEST_MS ? 0 : Math.ceil(Math.log(ms / SMALLEST_MS) / Math.log(GROWTH));
    const index = Math.min(bucket, BUCKETS - 1);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.largest = Math.max(this.largest, ms);
    this.total += 1;
  }

  add(other: Histogram): void {
    for (const [index, count] of other.counts.entries()) this.counts[index] = (this.counts[index] ?? 0) + count;
    this.largest = Math.max(this.largest, other.largest);
    this.total += other.total;
  }

  /** Upper end of the bucket that holds the quantile (0 to 1), at most 2 % too much; 0 when nothing was recorded. */
  quantile(q: number): number {
    let left = Math.ceil(q * this.total);
    for (const [index, count] of this.counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(SMALLEST_MS * GROWTH ** index, this.largest);
    }
    return this.largest;
  }
}
