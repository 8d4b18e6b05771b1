import type { Clock } from './clock';

/** How long the same is not told again. */
const QUIET_MS = 10_000;
/** Reasons that differ each time are told each time: forgetting is only a bound. */
const KEPT = 16;

/** What goes wrong again and again, several times a second: a reason is told when it is new, and then at most every 10 s. */
export class Repeated {
  readonly #clock: Clock;
  readonly #told = new Map<string, { readonly until: number; untold: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How often it has happened since it was told last, this time included; null: now is not the time to tell it. */
  happened(reason: string): number | null {
    const now = this.#clock.now();
    const last = this.#told.get(reason);
    if (last !== undefined && now < last.until) {
      last.untold++;
      return null;
    }
    if (this.#told.size >= KEPT) this.#told.clear();
    this.#told.set(reason, { until: now + QUIET_MS, untold: 0 });
    return (last?.untold ?? 0) + 1;
  }
}
