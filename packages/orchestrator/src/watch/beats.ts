import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock';
import { text, type ControlConnection } from '../link/control-connection';
import { messageOf, ServerError } from '../errors';
import type { Heartbeat } from './heartbeat';
import type { NodeConnection, NodeLink } from '../link/node-link';

/** Why the ACTIVE does not take the heartbeat. */
export interface Trouble {
  /** Nobody's writes get through, for long enough that it is no mere delay. */
  readonly stopped: boolean;
  readonly reason: string;
}

/** What one poll finds of the heartbeat; null: not known, or nothing is wrong. */
export interface Pulse {
  /** How far the node's copy of it is behind the ACTIVE, at least. */
  readonly lagMs: number | null;
  readonly trouble: Trouble | null;
}

export const NO_PULSE: Pulse = Object.freeze({ lagMs: null, trouble: null });

/** How long a write may wait before it counts: longer than a semi-synchronous replica is waited for, or than a big transaction takes to commit. */
const PATIENCE_MS = 10_000;
/** One is waited for as long as it takes the server: ended, it would apply all the same. */
const FOREVER_MS = 2 ** 31 - 1;
/** Beats whose time is kept: an hour's at the default interval. A replica that lacks more is at least so far behind. */
const KEPT = 3600;

/** The disk is full, or failed: no ACTIVE can go on with that. https://dev.mysql.com/doc/mysql-errors/9.0/en/server-error-reference.html */
const DISK: ReadonlySet<number> = new Set([
  3, // EE_WRITE
  1021, // ER_DISK_FULL
  1026, // ER_ERROR_ON_WRITE
  1030, // ER_GET_ERRNO
  1114, // ER_RECORD_FILE_FULL
]);
/** It was made read-only since it was looked at: 1242 is what a beat of ours fails with then. */
const CLOSED: ReadonlySet<number> = new Set([1242, 1290, 1836]);
/** States in SHOW PROCESSLIST of one that waits for somebody, not for the disk: a backup's lock, an acknowledgement. */
const HELD_UP = /lock|flush|semi-sync|backup|stage/i;

interface Write {
  readonly node: NodeConnection;
  readonly since: number;
  /** It has come to an end. Never rejects. */
  over: Promise<void>;
}

/**
 * The pool's own heartbeat: a row that is written to the ACTIVE once a poll, and read on the others. How old a copy is goes by our own monotonic
 * clock alone: what was committed when, we know ourselves. Times before our own start are not known, so a lag is "at least".
 */
export class Beats {
  readonly #heartbeat: Heartbeat;
  readonly #clock: Clock;
  /** Tells our beats from those of another process. */
  readonly #own = randomBytes(4).toString('hex');
  #last = 0;
  /** Monotonic times at which beats were committed, the oldest first: of the node `#on` alone. */
  #committed: { readonly beat: number; readonly at: number }[] = [];
  #on: string | null = null;
  /** Not the monitor's own connection: a write that hangs must not keep the node from being looked at. */
  #connection: NodeConnection | null = null;
  /** The connection over which the table was seen. */
  #prepared: NodeConnection | null = null;
  #writing: Write | null = null;
  /** What the last write came to. */
  #trouble: Trouble | null = null;

  constructor(heartbeat: Heartbeat, clock: Clock) {
    this.#heartbeat = heartbeat;
    this.#clock = clock;
  }

  /** Writes the next one to the ACTIVE, unless the last one still waits there; `looking` is for asking what it waits for. */
  async write(link: NodeLink, looking: NodeConnection, epoch: number, deadlineMs: number): Promise<Trouble | null> {
    if (this.#on !== link.name) {
      this.#leave();
      this.#on = link.name;
    }
    try {
      if (this.#writing === null) await this.#begin(link, epoch, deadlineMs);
      this.#trouble = await this.#waitsFor(looking, deadlineMs);
    } catch (error) {
      this.#trouble = troubleOf(error);
    }
    return this.#trouble;
  }

  /** In place of `write` where nothing may be written now: what was found before is not mended by that. */
  async rest(link: NodeLink, looking: NodeConnection, deadlineMs: number): Promise<Trouble | null> {
    if (this.#on !== link.name) {
      return null;
    }
    return (await this.#waitsFor(looking, deadlineMs)) ?? this.#trouble;
  }

  /** How far the node's copy is behind `active`, at least; null: not known. */
  async read({ connection }: NodeConnection, active: string, deadlineMs: number): Promise<number | null> {
    const beat = await this.#heartbeat.readBeat(connection, deadlineMs);
    return beat === null || this.#on !== active ? null : this.#lagOf(beat);
  }

  /**
   * Nothing of ours is on its way to the ACTIVE any more: one that comes after the fence would be a transaction that nobody else has. False
   * after `deadlineMs`. Whoever asks sees to it that no new one begins.
   */
  async quiet(deadlineMs: number): Promise<boolean> {
    if (this.#writing !== null) await this.#atMost(this.#writing.over, deadlineMs);
    return this.#writing === null;
  }

  stop(): void {
    this.#leave();
  }

  #leave(): void {
    this.#connection?.connection.destroy();
    this.#connection = null;
    this.#writing = null;
    this.#committed = [];
    this.#trouble = null;
    this.#on = null;
  }

  #lagOf(read: string): number | null {
    const [own, number] = read.split(' ');
    const has = own === this.#own ? Number(number) : 0;
    // the first one that it lacks
    const lacks = this.#committed.find(({ beat }) => beat > has);
    return lacks === undefined ? (this.#committed.length === 0 ? null : 0) : this.#clock.monotonic() - lacks.at;
  }

  /** Resolves when it is committed, or still waits after `deadlineMs`. */
  async #begin(link: NodeLink, epoch: number, deadlineMs: number): Promise<void> {
    const node = await this.#connected(link, deadlineMs);
    const beat = (this.#last += 1);
    const write: Write = { node, since: this.#clock.monotonic(), over: Promise.resolve() };
    this.#writing = write;
    const committed = this.#commit(write, beat, epoch, deadlineMs);
    // it may end after the deadline, when nobody listens
    write.over = committed.catch(() => undefined);
    await this.#atMost(committed, deadlineMs);
  }

  async #commit(write: Write, beat: number, epoch: number, deadlineMs: number): Promise<void> {
    const { connection } = write.node;
    const told = `${this.#own} ${beat} ${new Date(this.#clock.now()).toISOString()}`;
    try {
      if (this.#prepared !== write.node) await this.#heartbeat.create(connection, deadlineMs);
      this.#prepared = write.node;
      await this.#heartbeat.writeBeat(connection, told, epoch, FOREVER_MS);
      if (this.#writing === write) {
        this.#trouble = null;
        this.#committed.push({ beat, at: this.#clock.monotonic() });
        if (this.#committed.length > KEPT) this.#committed.shift();
      }
    } catch (error) {
      this.#prepared = null; // it may have been dropped
      throw error;
    } finally {
      if (this.#writing === write) this.#writing = null;
    }
  }

  async #connected(link: NodeLink, deadlineMs: number): Promise<NodeConnection> {
    if (this.#connection?.connection.usable !== true) {
      const node = await link.connect(deadlineMs);
      if (this.#on !== link.name) {
        node.connection.destroy();
        throw new Error(`${link.name} is no longer ACTIVE`);
      }
      this.#connection = node;
    }
    return this.#connection;
  }

  #atMost(work: Promise<void>, ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.timer(ms, resolve);
      work.then(resolve, reject).finally(cancel);
    });
  }

  async #waitsFor({ connection }: NodeConnection, deadlineMs: number): Promise<Trouble | null> {
    const writing = this.#writing;
    if (writing === null) {
      return null;
    }
    const waited = this.#clock.monotonic() - writing.since;
    const state = await stateOf(connection, writing.node.connection.id, deadlineMs);
    if (this.#writing !== writing) {
      return null;
    }
    const long = waited >= PATIENCE_MS;
    // without the time itself: people are told anew when the text changes
    const told = `its heartbeat ${long ? `has waited for more than ${PATIENCE_MS / 1000} s` : 'waits'} to be written`;
    return { stopped: long && !HELD_UP.test(state), reason: state === '' ? told : `${told}: ${state}` };
  }
}

/** What it is doing, in the server's words. */
async function stateOf(c: ControlConnection, id: number, deadlineMs: number): Promise<string> {
  // not from information_schema: that needs a temporary table, and those are what a full disk has no room for
  const rows = await c.query('SHOW PROCESSLIST', deadlineMs);
  const row = rows.find((each) => Number(text(each, 'Id')) === id);
  return row === undefined ? '' : text(row, 'State');
}

function troubleOf(error: unknown): Trouble | null {
  const errno = error instanceof ServerError ? error.errno : 0;
  return CLOSED.has(errno)
    ? null
    : { stopped: DISK.has(errno), reason: `its heartbeat can't be written: ${messageOf(error)}` };
}
