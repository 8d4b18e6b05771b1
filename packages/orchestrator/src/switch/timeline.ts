import type { Clock } from '../clock';
import { messageOf } from '../errors';
import type { StepEvent } from '../report';

export interface StepTime {
  readonly name: string;
  readonly ms: number;
  readonly ok: boolean;
}

/** Times the steps and tells the operator of each as it runs. */
export class Timeline {
  readonly steps: StepTime[] = [];
  readonly #clock: Clock;
  readonly #onStep: (event: StepEvent) => void;

  constructor(clock: Clock, onStep: (event: StepEvent) => void) {
    this.#clock = clock;
    this.#onStep = onStep;
  }

  async run(step: string, work: () => Promise<string>): Promise<void> {
    const start = this.#clock.monotonic();
    this.#emit({ step, state: 'start', ms: null, detail: '' });
    try {
      const detail = await work();
      const ms = this.#clock.monotonic() - start;
      this.steps.push({ name: step, ms: round(ms), ok: true });
      this.#emit({ step, state: 'ok', ms: round(ms), detail });
    } catch (error) {
      const ms = this.#clock.monotonic() - start;
      this.steps.push({ name: step, ms: round(ms), ok: false });
      this.#emit({ step, state: 'failed', ms: round(ms), detail: messageOf(error) });
      throw error;
    }
  }

  info(step: string, detail: string): void {
    this.#emit({ step, state: 'info', ms: null, detail });
  }

  /** An operator's terminal that went away must not stop a switch. */
  #emit(event: StepEvent): void {
    try {
      this.#onStep(event);
    } catch {
      // nobody listens
    }
  }
}

/** Hundredths of a millisecond. */
export const round = (ms: number): number => Math.round(ms * 100) / 100;
