import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

/** The RSA key pair that clients without TLS encrypt their passwords with. PEM texts: it goes to worker processes. */
export interface PasswordKey {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Same as what servers generate for themselves. */
const BITS = 2048;

/** Takes about 200 ms of another thread. */
export async function createPasswordKey(): Promise<PasswordKey> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}
