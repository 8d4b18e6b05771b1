import { digest, sameResponse, xor } from './scramble';

export const NATIVE_PASSWORD = 'mysql_native_password';

/**
 * The client's response to a 20-byte nonce: SHA1(password) XOR SHA1(nonce + SHA1(SHA1(password))); empty for an empty
 * password (manual: Native Authentication).
 */
export function nativeResponse(password: string, nonce: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0);
  const stage1 = digest('sha1', password);
  return xor(stage1, digest('sha1', nonce, digest('sha1', stage1)));
}

export function verifyNative(password: string, nonce: Buffer, response: Buffer): boolean {
  return sameResponse(response, nativeResponse(password, nonce));
}
