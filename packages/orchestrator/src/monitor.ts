import type { Clock } from './clock';
import type { Observation } from './dialect';
import { messageOf } from './errors';
import type { NodeConnection, NodeLink } from './node-link';
import type { PollResult } from './topology';

/** How soon a node that does not answer is tried again: one that comes back writable is met at once. A refused connection costs little. */
const RETRY_MS = 25;

/** What is done with each observation before it counts, over the connection that made it; resolves with what is true afterwards. */
export type Inspect = (node: NodeConnection, observation: Observation) => Promise<Observation>;

/** Polls one node on its own clock, over a connection of its own, so that a node that hangs delays nobody else. */
export class Monitor {
  readonly #link: NodeLink;
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #inspect: Inspect;
  readonly #onPoll: (poll: PollResult) => void;
  #node: NodeConnection | null = null;
  #cancel: () => void = () => undefined;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(link: NodeLink, intervalMs: number, clock: Clock, inspect: Inspect, onPoll: (poll: PollResult) => void) {
    this.#link = link;
    this.#intervalMs = intervalMs;
    this.#clock = clock;
    this.#inspect = inspect;
    this.#onPoll = onPoll;
  }

  /** Resolves after the first poll, good or bad; then polls by itself. */
  async start(): Promise<void> {
    await this.poll();
  }

  /** Polls now; the poll that is running counts. */
  poll(): Promise<void> {
    this.#running ??= this.#pollOnce().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** A poll that begins now, not one that may have looked before something changed. */
  async refresh(): Promise<void> {
    await this.#running;
    await this.poll();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#node?.connection.destroy();
    await this.#running;
  }

  async #pollOnce(): Promise<void> {
    this.#cancel();
    const deadline = Math.max(1000, this.#intervalMs);
    let good = false;
    try {
      if (this.#node?.connection.usable !== true) {
        this.#node = await this.#link.connect(deadline);
        this.#node.connection.onLost = () => this.#pollSoon();
      }
      const { connection, dialect } = this.#node;
      const observation = await this.#inspect(this.#node, await dialect.observe(connection, deadline));
      good = true;
      if (!this.#stopped) {
        this.#onPoll({ node: this.#link.name, at: this.#clock.now(), observation });
      }
    } catch (error) {
      this.#node?.connection.destroy();
      this.#node = null;
      if (!this.#stopped) {
        this.#onPoll({ node: this.#link.name, at: this.#clock.now(), error: messageOf(error) });
      }
    }
    if (this.#stopped) {
      this.#node?.connection.destroy();
    } else {
      this.#schedule(good ? this.#intervalMs : Math.min(RETRY_MS, this.#intervalMs));
    }
  }

  /** A server that shuts down says so by ending the connection: no need to wait for the next turn. */
  #pollSoon(): void {
    if (this.#running === null && !this.#stopped) {
      this.#schedule(0);
    }
  }

  #schedule(ms: number): void {
    this.#cancel();
    this.#cancel = this.#clock.timer(ms, () => {
      void this.poll();
    });
  }
}
