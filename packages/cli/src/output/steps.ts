import type { Writable } from 'node:stream';
import { ms } from './numbers';

/** One row of a running switch. */
export interface StepRow {
  readonly step: string;
  readonly state: string;
  readonly ms: number | null;
  readonly detail: string;
}

const PROGRESS_AFTER_MS = 1_000;
const NAME_WIDTH = 10;
const CLEAR_LINE = '\r\u001B[2K';

/**
 * Writes one line for each step that ended. On a terminal a step that takes more than a second is shown while it runs.
 */
export class StepPrinter {
  readonly #out: Writable;
  readonly #terminal: boolean;
  #ticker: NodeJS.Timeout | null = null;
  #halfLine = false;

  constructor(out: Writable, terminal: boolean) {
    this.#out = out;
    this.#terminal = terminal;
  }

  print(row: StepRow): void {
    this.stop();
    if (row.state === 'start') {
      if (this.#terminal) this.#tick(row.step);
      return;
    }
    const took = row.ms === null ? '' : ms(row.ms);
    const outcome = row.state === 'failed' ? 'FAILED  ' : '';
    const line = `  ${row.step.padEnd(NAME_WIDTH)}  ${took.padStart(10)}  ${outcome}${row.detail}`;
    this.#out.write(`${line.trimEnd()}\n`);
  }

  /** Leaves no half line behind. */
  stop(): void {
    if (this.#ticker === null) return;
    clearInterval(this.#ticker);
    this.#ticker = null;
    if (this.#halfLine) this.#out.write(CLEAR_LINE);
    this.#halfLine = false;
  }

  #tick(step: string): void {
    let seconds = 0;
    this.#ticker = setInterval(() => {
      seconds += 1;
      this.#halfLine = true;
      this.#out.write(`${CLEAR_LINE}  ${step.padEnd(NAME_WIDTH)}  ${`${seconds} s …`.padStart(10)}`);
    }, PROGRESS_AFTER_MS);
  }
}
