import { createHash } from 'node:crypto';

/** Kept of each. */
const MOST_WRITES = 1000;
const MOST_ACKNOWLEDGED = 16_384;
/** Longer texts have no print: nobody waits for a hash of megabytes. */
const MOST_CHARACTERS = 64 * 1024;

/** A write of which nobody here knows whether it was committed: its client was told 08007. */
interface UnknownWrite {
  readonly session: number;
  readonly user: string;
  readonly node: string;
  /** The server's id of the connection. */
  readonly connectionId: number;
  /** What it was, without a word of it: INSERT, COMMIT … */
  readonly kind: string;
  readonly epoch: number;
  /** How long ago it was sent, and its connection lost; ms. */
  readonly beganMs: number;
  readonly agoMs: number;
  /** Of the text as a server logs it, of a COMMIT that of the last write before it; null: there is none that is sure. Never to be stored: it may be guessed from. */
  readonly print: string | null;
}

/** By the proxy's own clock. */
type Entry = Omit<UnknownWrite, 'beganMs' | 'agoMs'> & { readonly since: number; readonly lostAt: number };

export interface UnknownWrites {
  /** The oldest first. */
  readonly writes: readonly UnknownWrite[];
  /** GTIDs of the last transactions that clients were told are committed, in that order. */
  readonly acknowledged: readonly string[];
  /** There were more than are kept. */
  readonly forgot: boolean;
}

/** What is needed to tell later what became of them, from the binary log of the server that they were sent to. */
export class UnknownWriteLog {
  readonly #writes: Entry[] = [];
  readonly #acknowledged: string[] = [];
  #count = 0;

  /** For each transaction of a client that was committed: no more than a place in a ring. */
  acknowledged(gtid: string): void {
    this.#acknowledged[this.#count++ % MOST_ACKNOWLEDGED] = gtid;
  }

  add(entry: Entry): void {
    if (this.#writes.push(entry) > MOST_WRITES) this.#writes.shift();
  }

  list(now: number): UnknownWrites {
    const at = this.#count % MOST_ACKNOWLEDGED;
    const forgot = this.#count > MOST_ACKNOWLEDGED;
    return {
      writes: this.#writes.map(({ since, lostAt, ...write }) => ({
        ...write,
        beganMs: now - since,
        agoMs: now - lostAt,
      })),
      acknowledged: [...this.#acknowledged.slice(at), ...this.#acknowledged.slice(0, at)],
      forgot,
    };
  }
}

/** `sql`: bytes as latin1. Where they are not ASCII the server may log others. */
export function printOf(sql: string | undefined): string | null {
  if (sql === undefined || sql.length > MOST_CHARACTERS || !/^[\s\x20-\x7e]*$/.test(sql)) return null;
  return createHash('sha256')
    .update(sql.replace(/^\s+|[\s;]+$/g, ''))
    .digest('base64');
}
