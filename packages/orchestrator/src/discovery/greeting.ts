import { connect } from 'node:net';
import { decodeHandshake } from '@myswitch/protocol';
import type { Address } from '../link/address';
import type { Clock } from '../clock';
import { Kind } from '../dialects/dialect';

/** Of a packet's header; far more than any greeting has. */
const HEADER = 4;
const MOST_BYTES = 4096;

/** What a server says of itself before anybody has logged in. */
export interface Greeting {
  readonly kind: Kind;
  readonly version: string;
}

/** Null where nothing greets within the time. The server counts it as one connection that was given up. Never rejects. */
export function greetingOf({ host, port }: Address, timeoutMs: number, clock: Clock): Promise<Greeting | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (greeting: Greeting | null): void => {
      cancel();
      socket.destroy();
      resolve(greeting);
    };
    const cancel = clock.timer(timeoutMs, () => end(null));
    let read = Buffer.alloc(0);
    socket.on('error', () => end(null));
    socket.on('close', () => end(null));
    socket.on('data', (chunk: Buffer) => {
      read = Buffer.concat([read, chunk]);
      const length = read.length < HEADER ? MOST_BYTES : read.readUIntLE(0, 3);
      if (read.length >= HEADER + length) end(decoded(read.subarray(HEADER, HEADER + length)));
      else if (read.length > MOST_BYTES) end(null);
    });
  });
}

function decoded(payload: Buffer): Greeting | null {
  try {
    const { serverVersion: version } = decodeHandshake(payload);
    return { kind: /mariadb/i.test(version) ? Kind.MARIADB : Kind.MYSQL, version };
  } catch {
    return null; // an error instead of a greeting, or no database server
  }
}
