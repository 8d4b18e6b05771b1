import { createHash, timingSafeEqual } from 'node:crypto';

export function digest(algorithm: 'sha1' | 'sha256' | 'sha512', ...parts: readonly Buffer[]): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** `mask` is repeated to the length of `data`. */
export function xor(data: Buffer, mask: Buffer): Buffer {
  return Buffer.from(data.map((byte, i) => byte ^ (mask[i % mask.length] ?? 0)));
}

/** Compares without telling by its duration where two responses differ. Only their lengths, which are no secret, show. */
export function sameResponse(actual: Buffer, expected: Buffer): boolean {
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
