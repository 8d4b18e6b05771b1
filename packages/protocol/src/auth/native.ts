import type { Credential } from './credential';
import { digest, sameResponse, xor } from './scramble';

export const NATIVE_PASSWORD = 'mysql_native_password';

const DIGEST = 20;

/**
 * The client's response to a 20-byte nonce: SHA1(password) XOR SHA1(nonce + SHA1(SHA1(password))); empty for an empty
 * password (manual: Native Authentication).
 */
export function nativeResponse(credential: Credential, nonce: Buffer): Buffer {
  if (credential.kind === 'clear' && credential.password.length === 0) return Buffer.alloc(0);
  const stage1 = credential.kind === 'native' ? credential.stage1 : digest('sha1', credential.password);
  return xor(stage1, digest('sha1', nonce, digest('sha1', stage1)));
}

export function verifyNative(password: Buffer, nonce: Buffer, response: Buffer): boolean {
  return sameResponse(response, nativeResponse({ kind: 'clear', password }, nonce));
}

/**
 * The response holds SHA1(password), masked with what the server's own hash tells: so that hash is enough to check it.
 * @param stage2 SHA1(SHA1(password)), as the server stores it
 * @returns SHA1(password); null when the response does not fit
 */
export function recoverStage1(stage2: Buffer, nonce: Buffer, response: Buffer): Buffer | null {
  if (response.length !== DIGEST) return null;
  const stage1 = xor(response, digest('sha1', nonce, stage2));
  return sameResponse(digest('sha1', stage1), stage2) ? stage1 : null;
}

/** As servers store it: `*` and the 40 hexadecimal digits of SHA1(SHA1(password)). null: nobody's password. */
export function parseNativeHash(stored: string): Buffer | null {
  return /^\*[0-9A-Fa-f]{40}$/.test(stored) ? Buffer.from(stored.slice(1), 'hex') : null;
}
