import type { Clock } from '../clock';
import { Note } from '../ladder/moves';
import { standingOf, typeOf, type NodeView } from '../watch/topology';

/** A PRIMARY that can't be switched to yet, because it lags for example, is tried again after this long. */
const AGAIN_MS = 10_000;

/** `failback: on-recover`: which PRIMARY was recovered and is to get ACTIVE back. */
export class Failback {
  readonly #clock: Clock;
  #node: string | null = null;
  #notBefore = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** At each poll of a node, as it was and as it is: whether it is time to try. */
  isDue(before: NodeView, now: NodeView): boolean {
    const { state, message } = standingOf(now);
    if (
      before.standing.state === 'UNKNOWN' &&
      state === 'STANDBY' &&
      message === Note.RECOVERED &&
      typeOf(now) === 'PRIMARY'
    ) {
      this.#node = now.name;
      this.#notBefore = -Infinity;
    }
    if (this.#node !== now.name) {
      return false;
    }
    if (state !== 'STANDBY') {
      this.#node = null;
      return false;
    }
    return now.error === null && this.#clock.monotonic() >= this.#notBefore;
  }

  /** Another attempt counts from its end. */
  tried(): void {
    this.#notBefore = this.#clock.monotonic() + AGAIN_MS;
  }

  /** It is ACTIVE again, or somebody decided otherwise. */
  forget(): void {
    this.#node = null;
  }
}
