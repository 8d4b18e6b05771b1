import type { Sight } from './sight';
import { Deadline, type Clock } from '../clock';
import type { Observation } from '../dialects/dialect';
import { codeOf, messageOf, ServerError, UnreachableError } from '../errors';
import type { NodeConnection, NodeLink } from '../link/node-link';
import type { PoolOptions } from '../options';
import { since } from './runs';
import type { Met, PollResult } from './topology';

/** How soon a node that does not answer is tried again: one that comes back writable is met at once. A refused connection costs little. */
const RETRY_MS = 25;
/** Of an interval, before each poll: the ACTIVE is asked for a sign of life. */
const ASKED_AT = 0.5;
/**
 * Of an interval: as long an answer is waited for. An ACTIVE that hangs was not asked for up to half an interval before: so it is found out one interval
 * after it began to hang, give or take a quarter.
 */
const DEADLINE = 0.75;
/** Shorter ones are for tests: a busy machine is no dead server. */
const MIN_DEADLINE_MS = 375;

/** As long as a poll may take. */
export const pollDeadlineMs = (intervalMs: number): number => Math.max(MIN_DEADLINE_MS, intervalMs * DEADLINE);

/** The server answers, and has no connection left for us. It may well work for everybody who is in. */
const FULL: ReadonlySet<number | null> = new Set([
  1040, // ER_CON_COUNT_ERROR
  1203, // ER_TOO_MANY_USER_CONNECTIONS
  1226, // ER_USER_LIMIT_REACHED
]);

/**
 * What is done with each observation before it counts, over the connection that made it; resolves with what is true afterwards. `met`: what that
 * connection leads to, once for each.
 */
export type Inspect = (
  node: NodeConnection,
  observation: Observation,
  met: Met | null,
  deadlineMs: number,
) => Promise<Sight>;

/**
 * Polls one node on its own clock, over a connection of its own, so that a node that hangs delays nobody else. One poll an interval counts;
 * between two of them a node that is away is only knocked at, and polled as soon as it lets us in.
 */
export class Monitor {
  readonly #link: NodeLink;
  readonly #intervalMs: number;
  readonly #schema: string;
  readonly #clock: Clock;
  readonly #inspect: Inspect;
  readonly #onPoll: (poll: PollResult) => void;
  readonly #matters: () => boolean;
  #node: NodeConnection | null = null;
  /** The connection of which a poll has told what it leads to. */
  #told: NodeConnection | null = null;
  #cancel: () => void = () => undefined;
  #cancelKnock: () => void = () => undefined;
  /** Monotonic time at which it was asked for a sign of life that it has not given yet. */
  #unanswered: number | null = null;
  #running: Promise<void> | null = null;
  /** When a poll was due while a node that had been away was looked at: that look counts then, however it ends. */
  #missedAt: number | null = null;
  #stopped = false;
  #late = 0;

  /** `matters`: whether it must be known to a fraction of an interval when it began to hang. */
  constructor(
    link: NodeLink,
    { intervalMs, schema }: Pick<PoolOptions['monitor'], 'intervalMs' | 'schema'>,
    clock: Clock,
    inspect: Inspect,
    onPoll: (poll: PollResult) => void,
    matters: () => boolean,
  ) {
    this.#matters = matters;
    this.#link = link;
    this.#intervalMs = intervalMs;
    this.#schema = schema;
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
    this.#cancelKnock();
    this.#node?.connection.destroy();
    await this.#running;
  }

  async #pollOnce(): Promise<void> {
    const begun = this.#unanswered ?? this.#clock.monotonic();
    const left = pollDeadlineMs(this.#intervalMs) - (this.#clock.monotonic() - begun);
    // not less than it is after a sign of life that was not given: it may be we who were late
    const deadline = new Deadline(this.#clock, Math.max(left, this.#intervalMs * (DEADLINE - ASKED_AT)));
    const known = this.#node?.connection.usable === true ? this.#node : null;
    this.#cancel();
    this.#cancelKnock();
    try {
      this.#tell(await this.#look(deadline));
    } catch (error) {
      if (known !== null && known === this.#node && !known.connection.usable && deadline.left > 1) {
        // it ended while it was looked at, as it might have between two polls
        this.#away();
        return;
      }
      this.#drop();
      this.#tell(this.#bad(error));
    }
    if (this.#stopped) {
      this.#node?.connection.destroy();
      return;
    }
    const took = this.#clock.monotonic() - begun;
    this.#late += Math.floor(took / this.#intervalMs);
    this.#pollAfter(this.#intervalMs - (took % this.#intervalMs));
    if (this.#node === null) {
      this.#knockLater();
    }
  }

  /** `first`: of what is asked over a connection that is open and known. A new one has the whole time for each of its steps. */
  async #look(first: Deadline): Promise<PollResult> {
    const ms = pollDeadlineMs(this.#intervalMs);
    if (this.#node?.connection.usable !== true) {
      this.#adopt(await this.#link.connect(ms));
    }
    const node = this.#node!;
    const met = this.#told === node ? null : await this.#meet(node, ms);
    const deadline = met === null ? first : new Deadline(this.#clock, ms);
    const seen = await node.dialect.observe(node.connection, deadline.left).catch(withGrants(met));
    const sight = await this.#inspect(node, seen, met, deadline.left);
    this.#told = node;
    return { ...this.#what(), ...sight, met };
  }

  async #meet({ connection, dialect }: NodeConnection, deadlineMs: number): Promise<Met> {
    const asked = this.#clock.monotonic();
    const { uptimeSeconds, ...met } = await dialect.meet(connection, this.#schema, deadlineMs);
    return { ...met, since: since(uptimeSeconds, asked, this.#clock.monotonic()) };
  }

  #what(): Pick<PollResult, 'node' | 'at' | 'late'> {
    return { node: this.#link.name, at: this.#clock.now(), late: this.#late };
  }

  #adopt(node: NodeConnection): void {
    this.#node = node;
    node.connection.onLost = () => this.#lost();
  }

  /** The server ended the connection, as one does that shuts down. It is polled an interval from now: that is the first bad poll. */
  #lost(): void {
    if (this.#running === null) {
      this.#away();
    }
  }

  #away(): void {
    this.#drop();
    if (!this.#stopped) {
      this.#pollAfter(this.#intervalMs);
      this.#knockLater();
    }
  }

  #drop(): void {
    this.#node?.connection.destroy();
    this.#node = null;
    this.#unanswered = null;
  }

  #tell(poll: PollResult): void {
    if (!this.#stopped) {
      this.#onPoll(poll);
    }
  }

  #bad(error: unknown): PollResult {
    const what = this.#what();
    const message = messageOf(error);
    if (codeOf(error) === 'UNRESOLVED') {
      return { ...what, unresolved: message };
    }
    return error instanceof UnreachableError && FULL.has(error.errno)
      ? { ...what, full: message }
      : { ...what, error: message };
  }

  #pollAfter(ms: number): void {
    this.#cancel();
    const cancelPoll = this.#clock.timer(ms, () => {
      if (this.#running === null) void this.poll();
      else this.#missedAt = this.#clock.monotonic();
    });
    const askAfter = ms - this.#intervalMs * ASKED_AT;
    const asks = this.#node !== null && askAfter > 0;
    const cancelAsk = asks ? this.#clock.timer(askAfter, () => this.#askForSign()) : () => undefined;
    this.#cancel = () => {
      cancelPoll();
      cancelAsk();
    };
  }

  /** Between two polls: the next one counts from here if this is not answered. */
  #askForSign(): void {
    const node = this.#node;
    if (node === null || this.#running !== null || this.#stopped || !this.#matters()) {
      return;
    }
    this.#unanswered = this.#clock.monotonic();
    node.connection.ping().then(
      () => {
        if (this.#node === node) this.#unanswered = null;
      },
      () => {
        if (this.#node === node) this.#lost();
      },
    );
  }

  #knockLater(): void {
    this.#cancelKnock();
    this.#cancelKnock = this.#clock.timer(Math.min(RETRY_MS, this.#intervalMs), () => void this.#knock());
  }

  /** Between two polls. That it is let in, and then not answered, counts for nothing either, unless a poll is due meanwhile. */
  async #knock(): Promise<void> {
    const allowed = (): boolean => this.#node === null && this.#running === null && !this.#stopped;
    if (!allowed()) {
      return;
    }
    const node = await this.#link.connect(this.#intervalMs).catch(() => null);
    if (!allowed()) {
      node?.connection.destroy();
      return;
    }
    if (node !== null) {
      this.#adopt(node);
      this.#running = this.#pollFound().finally(() => {
        this.#running = null;
      });
      await this.#running;
    }
    if (this.#node === null && !this.#stopped) {
      this.#knockLater();
    }
  }

  async #pollFound(): Promise<void> {
    try {
      this.#tell(await this.#look(new Deadline(this.#clock, pollDeadlineMs(this.#intervalMs))));
      this.#pollAfter(this.#intervalMs);
    } catch (error) {
      this.#drop();
      const missedAt = this.#missedAt;
      if (missedAt !== null) {
        this.#tell(this.#bad(error));
        this.#pollAfter(Math.max(0, this.#intervalMs - (this.#clock.monotonic() - missedAt)));
      }
    } finally {
      this.#missedAt = null;
    }
  }
}

/** What an account may not ask it is refused with a text that says little of the remedy. */
const withGrants =
  (met: Met | null) =>
  (error: unknown): never => {
    const lacks = met?.missingGrants ?? [];
    throw error instanceof ServerError && lacks.length > 0
      ? new ServerError(error.errno, `${error.message}; PRIVILEGES: the control account lacks: ${lacks.join('; ')}`)
      : error;
  };
