import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { ProtocolError } from '../errors';
import { digest, sameResponse, xor } from './scramble';

export const CACHING_SHA2_PASSWORD = 'caching_sha2_password';
export const SHA256_PASSWORD = 'sha256_password';
export const CLEAR_PASSWORD = 'mysql_clear_password';

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
/** The same, by sha256_password. */
export const SHA256_REQUEST_PUBLIC_KEY = 0x01;

/**
 * The client's response to a 20-byte nonce: SHA256(password) XOR SHA256(SHA256(SHA256(password)) + nonce); empty for an
 * empty password (manual: Caching_sha2_password information).
 */
export function cachingSha2Response(password: Buffer, nonce: Buffer): Buffer {
  if (password.length === 0) return Buffer.alloc(0);
  const stage1 = digest('sha256', password);
  return xor(stage1, digest('sha256', digest('sha256', stage1), nonce));
}

export function verifyCachingSha2(password: Buffer, nonce: Buffer, response: Buffer): boolean {
  return sameResponse(withoutNul(response), cachingSha2Response(password, nonce));
}

/** libmysql answers for an empty password with a single NUL. */
export function withoutNul(response: Buffer): Buffer {
  return response.length === 1 && response[0] === 0 ? response.subarray(1) : response;
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
export function clearPassword(password: Buffer): Buffer {
  return Buffer.concat([password, NUL]);
}

/** The opposite of `clearPassword`; null when the NUL is missing. */
export function readClearPassword(data: Buffer): Buffer | null {
  return data.at(-1) === 0 ? data.subarray(0, -1) : null;
}

/** The password for a connection without TLS: XOR the nonce, then RSA with OAEP (SHA-1). Throws MALFORMED on a bad key. */
export function encryptPassword(password: Buffer, nonce: Buffer, publicKeyPem: Buffer): Buffer {
  const masked = xor(clearPassword(password), nonce);
  try {
    const key = createPublicKey(publicKeyPem);
    return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, masked);
  } catch {
    throw new ProtocolError('MALFORMED', "the server's public key can't be used");
  }
}

/** What RSA gave back of `encryptPassword`, unmasked; null when it was not made for this nonce. */
export function unmaskPassword(masked: Buffer, nonce: Buffer): Buffer | null {
  return readClearPassword(xor(masked, nonce));
}

const NUL = Buffer.of(0);
