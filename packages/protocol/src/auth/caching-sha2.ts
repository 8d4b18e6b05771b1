import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { ProtocolError } from '../errors';
import { digest, sameResponse, xor } from './scramble';

export const CACHING_SHA2_PASSWORD = 'caching_sha2_password';

/** What an AuthMoreData of this plugin says in its single byte. */
export const FastAuth = Object.freeze({
  /** The server had the account in its cache and the response fits: an OK follows. */
  DONE: 0x03,
  /** The server wants the password itself: over TLS, or encrypted with its public key. */
  FULL: 0x04,
} as const);
export type FastAuth = (typeof FastAuth)[keyof typeof FastAuth];

/** Client to server: send me your public key. The key comes back as AuthMoreData with the PEM text. */
export const REQUEST_PUBLIC_KEY = 0x02;

/**
 * The client's response to a 20-byte nonce: SHA256(password) XOR SHA256(SHA256(SHA256(password)) + nonce); empty for an
 * empty password (manual: Caching_sha2_password information).
 */
export function cachingSha2Response(password: string, nonce: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0);
  const stage1 = digest('sha256', password);
  return xor(stage1, digest('sha256', digest('sha256', stage1), nonce));
}

/** libmysql answers for an empty password with a single NUL. */
export function verifyCachingSha2(password: string, nonce: Buffer, response: Buffer): boolean {
  const given = response.length === 1 && response[0] === 0 ? response.subarray(1) : response;
  return sameResponse(given, cachingSha2Response(password, nonce));
}

/** `data`: of an AuthMoreData. Throws MALFORMED when it is neither. */
export function fastAuthResult(data: Buffer): FastAuth {
  const result = data[0];
  if (data.length !== 1 || (result !== FastAuth.DONE && result !== FastAuth.FULL)) {
    throw new ProtocolError('MALFORMED', 'not a result of fast authentication');
  }
  return result;
}

/** The password as it may go over TLS and no other way: with a NUL at its end. */
export function clearPassword(password: string): Buffer {
  return Buffer.from(`${password}\0`, 'utf8');
}

/** The password for a connection without TLS: XOR the nonce, then RSA with OAEP (SHA-1). Throws MALFORMED on a bad key. */
export function encryptPassword(password: string, nonce: Buffer, publicKeyPem: Buffer): Buffer {
  const masked = xor(clearPassword(password), nonce);
  try {
    const key = createPublicKey(publicKeyPem);
    return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, masked);
  } catch {
    throw new ProtocolError('MALFORMED', "the server's public key can't be used");
  }
}
