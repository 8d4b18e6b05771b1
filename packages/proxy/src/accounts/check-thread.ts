import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { parseStoredPassword, verifyCrypt } from '@myswitch/protocol';

/*
 * Entry point of a thread that compares passwords with stored ones, for as long as it takes: about 28 ms each. Its secrets
 * come over the process's own memory and are gone with the message.
 */

export interface CryptQuestion {
  readonly stored: string;
  readonly password: Uint8Array;
}

/** Of this thread alone, on Linux: whoever sends wrong passwords gets only what clients leave of the processor. */
const NICE = 10;
setPriority(0, NICE);

parentPort?.on('message', ({ stored, password }: CryptQuestion) => {
  const parsed = parseStoredPassword(stored);
  parentPort!.postMessage(parsed?.kind === 'crypt' && verifyCrypt(parsed, Buffer.from(password)), []);
});
