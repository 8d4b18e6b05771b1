import type { Clock, Timer } from '../clock';

/** The pool's valve. */
export const GateState = Object.freeze({
  OPEN: 'OPEN',
  HOLDING: 'HOLDING',
  HELD: 'HELD',
  RELEASING: 'RELEASING',
} as const);
export type GateState = (typeof GateState)[keyof typeof GateState];

/** A hold that is undone goes from HOLDING or HELD to RELEASING too, towards the old node. */
const MOVES: Readonly<Record<GateState, readonly GateState[]>> = {
  OPEN: ['HOLDING'],
  HOLDING: ['HELD', 'RELEASING'],
  HELD: ['RELEASING'],
  RELEASING: ['OPEN', 'HOLDING'],
};

/** What waits at the gate. */
export interface Waiting {
  /** Bytes that it keeps while it waits. */
  readonly waitingBytes: number;
  /** The wait is over and nothing came of it. */
  refuse(reason: string): void;
}

interface Entry<W> {
  readonly waiting: W;
  readonly since: number;
  readonly bytes: number;
}

export interface GateLimits {
  /** ms that anything may wait */
  readonly maxMs: number;
  readonly clients: number;
  readonly bytes: number;
}

/**
 * State and bounded queue of the gate. Insertion order is kept; whoever leaves (client gone) is deleted.
 * Everybody waits at most `maxMs`, so the first in the queue always expires first and one timer is enough.
 */
export class Gate<W extends Waiting> {
  readonly #limits: GateLimits;
  readonly #clock: Clock;
  readonly #queue = new Map<W, Entry<W>>();
  #state: GateState = GateState.OPEN;
  #bytes = 0;
  #timer: Timer | null = null;
  /** Said to those whose wait ends without a result. */
  reason = 'the pool is held';

  constructor(limits: GateLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get state(): GateState {
    return this.#state;
  }

  get length(): number {
    return this.#queue.size;
  }

  move(to: GateState): void {
    if (!MOVES[this.#state].includes(to)) throw new Error(`the gate can't go from ${this.#state} to ${to}`);
    this.#state = to;
  }

  /** Queues, or says why not. */
  enqueue(waiting: W): string | null {
    if (this.#queue.size >= this.#limits.clients) {
      return `the hold queue is full (hold.clients: ${this.#limits.clients})`;
    }
    if (this.#bytes + waiting.waitingBytes > this.#limits.bytes) {
      return `the hold queue is full (hold.bytes: ${this.#limits.bytes})`;
    }
    const entry = { waiting, since: this.#clock.now(), bytes: waiting.waitingBytes };
    this.#queue.set(waiting, entry);
    this.#bytes += entry.bytes;
    this.#timer ??= this.#clock.timer(() => this.#expire(), this.#limits.maxMs);
    return null;
  }

  /** Takes one out of the queue; true if it was there. */
  leave(waiting: W): boolean {
    const entry = this.#queue.get(waiting);
    if (entry === undefined) return false;
    this.#bytes -= entry.bytes;
    return this.#queue.delete(waiting);
  }

  /** Empties the queue in its order. */
  takeAll(): { waiting: W; since: number }[] {
    const all = [...this.#queue.values()];
    this.#queue.clear();
    this.#bytes = 0;
    this.#timer?.cancel();
    this.#timer = null;
    return all;
  }

  #expire(): void {
    this.#timer = null;
    const now = this.#clock.now();
    for (const [waiting, entry] of this.#queue) {
      const left = entry.since + this.#limits.maxMs - now;
      if (left > 0) {
        this.#timer = this.#clock.timer(() => this.#expire(), left);
        return;
      }
      this.leave(waiting);
      waiting.refuse(`${this.reason}, longer than ${this.#limits.maxMs} ms (hold.max)`);
    }
  }
}
