import type { Socket } from 'node:net';

/** How often clients are looked at, ms. */
export const WATCH_MS = 1000;

/**
 * How long a client has neither sent anything nor taken what it was sent. Nothing is written down as bytes come and go: each look
 * compares the socket's own counters with those of the look before, and so is up to WATCH_MS late.
 */
export class ClientWatch {
  readonly #socket: Socket;
  /** Bytes from the client at the last look; NaN: it did not rest then. */
  #received = Number.NaN;
  #restsSince = 0;
  /** Bytes that the client had taken at the last look; NaN: there was nothing to take. */
  #taken = Number.NaN;
  #stallsSince = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** ms since nothing comes from a client of whom something is awaited (`resting`). */
  restedMs(now: number, resting: boolean): number {
    const received = resting ? this.#socket.bytesRead : Number.NaN;
    if (received !== this.#received) {
      this.#received = received;
      this.#restsSince = now;
    }
    return now - this.#restsSince;
  }

  /** ms since there is something for the client and it takes none of it. */
  stalledMs(now: number): number {
    const unsent = this.#socket.writableLength;
    const taken = unsent > 0 ? this.#socket.bytesWritten - unsent : Number.NaN;
    if (taken !== this.#taken) {
      this.#taken = taken;
      this.#stallsSince = now;
    }
    return now - this.#stallsSince;
  }
}
