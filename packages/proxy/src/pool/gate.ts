import type { Clock } from '../clock';
import { DeadlineQueue } from './deadline-queue';

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

export interface GateLimits {
  /** ms that anything may wait */
  readonly maxMs: number;
  readonly clients: number;
  readonly bytes: number;
}

/** State and bounded queue of the gate. */
export class Gate<W extends Waiting> {
  readonly #limits: GateLimits;
  readonly #queue: DeadlineQueue<W>;
  /** What each keeps while it waits. */
  readonly #bytesOf = new Map<W, number>();
  #state: GateState = GateState.OPEN;
  #bytes = 0;
  /** Said to those whose wait ends without a result. */
  reason = 'the pool is held';

  constructor(limits: GateLimits, clock: Clock) {
    this.#limits = limits;
    this.#queue = new DeadlineQueue(limits.maxMs, clock, (waiting) => {
      this.#forget(waiting);
      waiting.refuse(`${this.reason}, longer than ${limits.maxMs} ms (hold.max)`);
    });
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

  /** Queues, or says why not. `since`: it has waited already, for something else. */
  enqueue(waiting: W, since?: number): string | null {
    if (this.#queue.size >= this.#limits.clients) {
      return `the hold queue is full (hold.clients: ${this.#limits.clients})`;
    }
    const bytes = waiting.waitingBytes;
    if (this.#bytes + bytes > this.#limits.bytes) {
      return `the hold queue is full (hold.bytes: ${this.#limits.bytes})`;
    }
    this.#queue.add(waiting, since);
    this.#bytesOf.set(waiting, bytes);
    this.#bytes += bytes;
    return null;
  }

  /** Takes one out of the queue; true if it was there. */
  leave(waiting: W): boolean {
    this.#forget(waiting);
    return this.#queue.delete(waiting);
  }

  /** Empties the queue in its order. */
  takeAll(): { waiting: W; since: number }[] {
    this.#bytesOf.clear();
    this.#bytes = 0;
    return this.#queue.takeAll().map(({ item, since }) => ({ waiting: item, since }));
  }

  #forget(waiting: W): void {
    this.#bytes -= this.#bytesOf.get(waiting) ?? 0;
    this.#bytesOf.delete(waiting);
  }
}
