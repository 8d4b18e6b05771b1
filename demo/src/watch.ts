import type { Workload } from '@myswitch/testkit';
import { count, ms } from './words';

const RATE_WINDOW_MS = 1000;

/** Looks at a workload while it runs. Latencies can be taken from it once only, so nobody else may. */
export class Watch {
  private readonly workload: Workload;
  private longest = 0;
  private longestSinceMark = 0;
  private window = { at: Date.now(), statements: 0 };
  private rate: number | null = null;

  constructor(workload: Workload) {
    this.workload = workload;
  }

  /** From now on `sinceMark` counts anew. */
  mark(): void {
    this.look();
    this.longestSinceMark = 0;
  }

  /** Slowest statement since the last mark, in ms. */
  sinceMark(): number {
    this.look();
    return this.longestSinceMark;
  }

  /** One line about what the clients see. */
  line(doing: string): string {
    this.look();
    const { statements, failed, unknown } = this.workload.report();
    const passed = Date.now() - this.window.at;
    if (passed >= RATE_WINDOW_MS) {
      this.rate = ((statements - this.window.statements) * 1000) / passed;
      this.window = { at: Date.now(), statements };
    }
    const speed = this.rate === null ? '' : ` ${count(Math.round(this.rate))}/s,`;
    const sum = `${count(statements)} statements,${speed} failed ${failed + unknown}, longest pause ${ms(this.longest)}`;
    return `${doing}: ${sum}`;
  }

  private look(): void {
    const { max } = this.workload.takeLatency();
    this.longest = Math.max(this.longest, max);
    this.longestSinceMark = Math.max(this.longestSinceMark, max);
  }
}
