import type { Clock, Timer } from '../clock';

/** Of all messages of a pool's clients that are longer than SMALL_MESSAGE. One that is longer than this waits until it is alone. */
const TOTAL = 256 << 20;
/** A message up to this length needs no room of the budget: `maxClients` bounds their sum. */
export const SMALL_MESSAGE = 1 << 20;
/** Same as the default of net_read_timeout: so long an unfinished message may keep others waiting. */
const PATIENCE_MS = 30_000;

export interface Claimant {
  /** There is room now. */
  granted(): void;
  /** Others have waited long enough for its message. */
  expired(): void;
}

/**
 * Room for long messages: whoever announces one gets room for all of it before it is read any further, in turn. So a client
 * can't hold more than a small message by announcing much and sending little, and two that are half done never wait for
 * each other: who does not finish while others wait is ended.
 */
export class MessageBudget {
  readonly #clock: Clock;
  readonly #total: number;
  #used = 0;
  /** Those that hold room, the oldest first. */
  readonly #holding = new Set<Claim>();
  readonly #waiting = new Set<Claim>();
  #timer: Timer | null = null;

  constructor(clock: Clock, total = TOTAL) {
    this.#clock = clock;
    this.#total = total;
  }

  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  claim(claimant: Claimant): Claim {
    return new Claim(this, claimant);
  }

  /** For Claim alone: true if the claim may have `bytes` now. */
  take(claim: Claim, bytes: number): boolean {
    if (this.#waiting.size > 0 || !this.#fits(claim, bytes)) {
      this.#waiting.add(claim);
      this.#watch();
      return false;
    }
    this.#grant(claim, bytes);
    return true;
  }

  /** For Claim alone. */
  give(claim: Claim, kept: number): void {
    this.#used -= claim.held - kept;
    claim.held = kept;
    if (kept === 0) {
      this.#holding.delete(claim);
      this.#waiting.delete(claim);
    }
    for (const next of this.#waiting) {
      if (!this.#fits(next, next.wanted)) break;
      this.#waiting.delete(next);
      this.#grant(next, next.wanted);
      next.claimant.granted();
    }
    if (this.#waiting.size === 0) this.#timer?.cancel();
    if (this.#waiting.size === 0) this.#timer = null;
  }

  #fits(claim: Claim, bytes: number): boolean {
    const others = this.#used - claim.held;
    return others === 0 || others + bytes <= this.#total;
  }

  #grant(claim: Claim, bytes: number): void {
    this.#used += bytes - claim.held;
    claim.held = bytes;
    claim.since = this.#clock.now();
    this.#holding.add(claim);
  }

  /** As long as somebody waits. */
  #watch(): void {
    if (this.#timer !== null) return;
    this.#timer = this.#clock.timer(() => {
      this.#timer = null;
      const before = this.#clock.now() - PATIENCE_MS;
      const late = [...this.#holding].filter(({ complete, since }) => !complete && since <= before);
      for (const claim of late) claim.claimant.expired();
      if (this.#waiting.size > 0) this.#watch();
    }, PATIENCE_MS / 4);
  }
}

/** What one client has of the budget. */
export class Claim {
  readonly claimant: Claimant;
  /** Bytes that it has, and that it asked for. */
  held = 0;
  wanted = 0;
  since = 0;
  /** Its message is there: others wait for the server, not for this client. */
  complete = false;
  readonly #budget: MessageBudget;

  constructor(budget: MessageBudget, claimant: Claimant) {
    this.#budget = budget;
    this.claimant = claimant;
  }

  /** Room for `bytes` in all; false: not yet, `granted` will be called. */
  want(bytes: number): boolean {
    if (bytes <= this.held) return true;
    const waits = this.wanted > this.held;
    this.wanted = Math.max(bytes, this.wanted);
    if (waits) return false;
    this.complete = false;
    return this.#budget.take(this, bytes);
  }

  /** The message is there, and has this length. */
  completed(bytes: number): void {
    if (this.held === 0) return;
    this.complete = true;
    this.wanted = Math.min(bytes, this.held);
    this.#budget.give(this, this.wanted);
  }

  release(): void {
    if (this.held === 0 && this.wanted === 0) return;
    this.wanted = 0;
    this.#budget.give(this, 0);
  }
}
