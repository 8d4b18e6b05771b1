import { pbkdf2 } from 'node:crypto';
import { shaCrypt } from './sha-crypt';
import { sameResponse } from './scramble';

/** A password as caching_sha2_password or sha256_password stores it. To check one takes milliseconds on purpose. */
export type StoredPassword =
  | { readonly kind: 'crypt'; readonly rounds: number; readonly salt: Buffer; readonly digest: Buffer }
  | { readonly kind: 'pbkdf2'; readonly iterations: number; readonly salt: Buffer; readonly digest: Buffer };

/** Same as the servers': longer ones are refused unseen. */
export const MAX_PASSWORD_BYTES = 256;
const SHA256_ROUNDS = 5000;
const PBKDF2_DIGEST = 64;
/** Far above what servers can be told: a row must not keep a thread for minutes. */
const MAX_ROUNDS = 1 << 20;

/** Measured on MySQL 9.7: `$A$` rounds/1000 `$` salt digest, `$B$` the same with PBKDF2-SHA512 in base64, `$5$` salt `$` digest. */
const FORMATS = [
  { form: /^\$A\$([0-9A-F]{3})\$([^]{20})([./0-9A-Za-z]{43})$/, kind: 'crypt', base: 16 },
  { form: /^\$B\$([0-9A-F]{3})\$([^]{20})([+/0-9A-Za-z]{86}==)$/, kind: 'pbkdf2', base: 16 },
  { form: /^\$5\$()([^]{20})\$([./0-9A-Za-z]{43})$/, kind: 'crypt', base: 10 },
] as const;

/** `stored`: bytes of authentication_string as latin1. null: not of a known form, so nobody's password. */
export function parseStoredPassword(stored: string): StoredPassword | null {
  for (const { form, kind, base } of FORMATS) {
    const [, thousands = '', salt = '', digest = ''] = form.exec(stored) ?? [];
    if (digest === '') continue;
    const rounds = thousands === '' ? SHA256_ROUNDS : parseInt(thousands, base) * 1000;
    if (rounds === 0 || rounds > MAX_ROUNDS) return null;
    const bytes = Buffer.from(salt, 'latin1');
    if (kind === 'crypt') return { kind, rounds, salt: bytes, digest: Buffer.from(digest, 'latin1') };
    return { kind, iterations: rounds, salt: bytes, digest: Buffer.from(digest, 'base64') };
  }
  return null;
}

/** Blocks its thread: about 28 ms for 10,000 rounds. */
export function verifyCrypt(stored: StoredPassword & { kind: 'crypt' }, password: Buffer): boolean {
  if (password.length > MAX_PASSWORD_BYTES) return false;
  return sameResponse(Buffer.from(shaCrypt(password, stored.salt, stored.rounds), 'latin1'), stored.digest);
}

/** Runs in Node's thread pool. */
export function verifyPbkdf2(stored: StoredPassword & { kind: 'pbkdf2' }, password: Buffer): Promise<boolean> {
  if (password.length > MAX_PASSWORD_BYTES) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    pbkdf2(password, stored.salt, stored.iterations, PBKDF2_DIGEST, 'sha512', (error, derived) => {
      if (error === null) resolve(sameResponse(derived, stored.digest));
      else reject(error);
    });
  });
}
