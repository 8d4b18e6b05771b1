import { sleep } from '@myswitch/testkit';
import type { Connection } from 'mysql2/promise';
import { now } from './fault';

/** After an error; a statement that is held is simply waited for. */
const AGAIN_MS = 2;
const GIVE_UP_MS = 60_000;

export interface FirstWrite {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What the client was told until then. */
  readonly errors: readonly string[];
}

export const CREATE_TABLE = 'CREATE TABLE shop.first_write (id BIGINT AUTO_INCREMENT PRIMARY KEY, at DATETIME(6))';
export const WRITE = 'INSERT INTO shop.first_write (at) VALUES (NOW(6))';

/** A client that wants to write, and goes on until it was told that it has. */
export async function firstWrite(connection: Connection): Promise<FirstWrite> {
  const errors = new Set<string>();
  const begun = now();
  for (;;) {
    try {
      await connection.query(WRITE);
      return { at: now(), errors: [...errors] };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      errors.add(message);
      if (now() - begun > GIVE_UP_MS) throw new Error(`no write for a minute: ${message}`, { cause: error });
      await sleep(AGAIN_MS);
    }
  }
}
