import { formatDuration } from '../admin/duration';
import type { Activation, DrainResult } from '../data-plane';
import { messageOf, OrchestratorError, RefusedError } from '../errors';
import { EventKind } from '../report';
import type { Bench } from '../switch/context';

/** Of hold.max, after which those who wait get an error: whoever waited first must be served before. */
const SHARE = 0.9;

const PauseState = Object.freeze({
  OFF: 'OFF',
  ON: 'ON',
  /** The gate is being opened. */
  ENDING: 'ENDING',
} as const);
type PauseState = (typeof PauseState)[keyof typeof PauseState];

const MOVES: Readonly<Record<PauseState, readonly PauseState[]>> = Object.freeze({
  OFF: [PauseState.ON],
  ON: [PauseState.ENDING],
  ENDING: [PauseState.OFF],
});

/** New work of a pool waits until an operator says otherwise, or until the deadline: nobody's client waits for a person who forgot. */
export class Pause {
  readonly #bench: Bench;
  /** Where work goes afterwards; null: no node is ACTIVE. */
  readonly #towards: () => Activation | null;
  #state: PauseState = PauseState.OFF;
  #untilMs = 0;
  #cancel: () => void = () => undefined;
  #holding: Promise<void> = Promise.resolve();
  #ending: Promise<void> = Promise.resolve();

  constructor(bench: Bench, towards: () => Activation | null) {
    this.#bench = bench;
    this.#towards = towards;
  }

  /** ISO 8601; null: there is none. */
  get until(): string | null {
    return this.#state === PauseState.OFF ? null : new Date(this.#untilMs).toISOString();
  }

  /** The gate is ours to open. */
  get holds(): boolean {
    return this.#state === PauseState.ON;
  }

  /** As a sentence; null: there is none. */
  get sentence(): string | null {
    const { until } = this;
    return until === null ? null : `the pool is paused until ${until}: npx myswitch resume ${this.#bench.pool.name}`;
  }

  /** Resolves with what is true then: that nothing runs any more, or who still does. */
  async begin(forMs: number | null): Promise<string> {
    const { pool, plane, clock } = this.#bench;
    const ms = this.#allowed(forMs);
    if (this.sentence !== null) throw new RefusedError('PAUSED', this.sentence);
    if (this.#towards() === null) throw new RefusedError('NO_ACTIVE', 'no node is ACTIVE: clients wait already');
    this.#move(PauseState.ON);
    this.#untilMs = clock.now() + ms;
    const until = this.until ?? '';
    this.#cancel = clock.timer(ms, () => void this.#expire());
    this.#holding = plane.hold(pool.name);
    try {
      await this.#holding;
    } catch (error) {
      await this.end();
      throw error;
    }
    const drained = await plane.drained(pool.name, Math.min(pool.switch.drainMs, ms));
    if (this.until !== until) return `the pause of ${pool.name} is over already`;
    return `${pool.name} is paused until ${until}: ${running(drained)}`;
  }

  #allowed(forMs: number | null): number {
    const { maxMs } = this.#bench.pool.hold;
    const most = Math.floor(maxMs * SHARE);
    if (forMs === null || (forMs > 0 && forMs <= most)) return forMs ?? most;
    const reason = `${formatDuration(most)}, nine tenths of hold.max (${formatDuration(maxMs)})`;
    throw new RefusedError('TOO_LONG', `a pause of ${formatDuration(forMs)}: it may be 1ms to ${reason}`);
  }

  /** Resolves when who waited goes on. Without a pause it does nothing. */
  end(): Promise<void> {
    if (this.#state === PauseState.ON) {
      this.#move(PauseState.ENDING);
      this.#cancel();
      this.#ending = this.#open().finally(() => this.#move(PauseState.OFF));
    }
    return this.#ending;
  }

  /** Never rejects: where it can't be opened from here, the data plane opens it by itself after hold.max. */
  async #open(): Promise<void> {
    const { pool, plane, log } = this.#bench;
    try {
      await this.#holding.catch(() => undefined);
      const towards = this.#towards();
      if (towards !== null) await plane.release(pool.name, towards);
    } catch (error) {
      log('error', 'the gate could not be opened after a pause', { pool: pool.name, reason: messageOf(error) });
    }
  }

  async #expire(): Promise<void> {
    const message = 'the pause was over before anybody resumed the pool';
    await this.end();
    this.#bench.events.add({ kind: EventKind.RESUMED, node: null, by: 'automatic', message, facts: {} });
  }

  #move(to: PauseState): void {
    if (!MOVES[this.#state].includes(to)) {
      throw new OrchestratorError('INTERNAL', `illegal move of a pause: ${this.#state} to ${to}`);
    }
    this.#state = to;
  }
}

function running(result: DrainResult): string {
  if (result.drained) return 'new work waits, and nothing runs';
  const who = result.blocking
    .slice(0, 5)
    .map(({ session, user, reason }) => `session ${session} of ${user} (${reason})`);
  return `new work waits; still running: ${who.join(', ')}`;
}
