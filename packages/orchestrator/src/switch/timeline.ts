import type { Clock } from '../clock';
import { messageOf } from '../errors';
import type { StepEvent } from '../report';

export interface StepTime {
  readonly name: string;
  readonly ms: number;
  readonly ok: boolean;
}

interface Surroundings {
  readonly clock: Clock;
  readonly atStep: AtStep;
}

/** Most holds are over in less: telling an operator's terminal of their steps meanwhile would make them longer. */
const HUSH_MS = 200;

/** Called around each step of an operation: tests make a step fail, or end the process, at an exact place. */
export type AtStep = (step: string, when: 'before' | 'after') => Promise<void>;

/** Times the steps and tells the operator of each as it runs. */
export class Timeline {
  readonly steps: StepTime[] = [];
  readonly #untold: StepEvent[] = [];
  readonly #clock: Clock;
  readonly #atStep: AtStep;
  readonly #onStep: (event: StepEvent) => void;
  #hushed = false;

  constructor({ clock, atStep }: Surroundings, onStep: (event: StepEvent) => void) {
    this.#clock = clock;
    this.#atStep = atStep;
    this.#onStep = onStep;
  }

  async run(step: string, work: () => Promise<string>): Promise<void> {
    const start = this.#clock.monotonic();
    this.#emit({ step, state: 'start', ms: null, detail: '' });
    try {
      await this.#atStep(step, 'before');
      const detail = await work();
      await this.#atStep(step, 'after');
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

  /** Keeps what happens from now on to itself for a moment. */
  hush(): void {
    this.#hushed = true;
    this.#clock.timer(HUSH_MS, () => this.tellAll());
  }

  /** Tells what it kept to itself; at the latest when the switch is over. */
  tellAll(): void {
    this.#hushed = false;
    for (const event of this.#untold.splice(0)) {
      try {
        this.#onStep(event);
      } catch {
        // an operator's terminal that went away must not stop a switch
      }
    }
  }

  #emit(event: StepEvent): void {
    this.#untold.push(event);
    if (!this.#hushed) {
      this.tellAll();
    }
  }
}

/** Hundredths of a millisecond. */
export const round = (ms: number): number => Math.round(ms * 100) / 100;

/** What those waited who were held; null when nobody was. */
export function stallOf(waitsMs: readonly number[]): { p50: number | null; p99: number | null; max: number | null } {
  const waits = [...waitsMs].sort((a, b) => a - b);
  const percentile = (share: number): number | null => {
    const value = waits[Math.min(waits.length - 1, Math.ceil(share * waits.length) - 1)];
    return value === undefined ? null : round(value);
  };
  return { p50: percentile(0.5), p99: percentile(0.99), max: percentile(1) };
}
