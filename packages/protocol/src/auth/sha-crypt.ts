import { digest } from './scramble';

const DIGEST = 32;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** In which order the bytes of the digest are written, three at a time. */
const ORDER = [
  [0, 10, 20],
  [21, 1, 11],
  [12, 22, 2],
  [3, 13, 23],
  [24, 4, 14],
  [15, 25, 5],
  [6, 16, 26],
  [27, 7, 17],
  [18, 28, 8],
  [9, 19, 29],
] as const;

/**
 * SHA-crypt with SHA-256 (Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512"), as MySQL uses it: with a salt of 20 bytes.
 * Slow on purpose: about 3 us a round, all of it on the thread that calls.
 * @returns 43 characters
 */
export function shaCrypt(password: Buffer, salt: Buffer, rounds: number): string {
  const b = digest('sha256', password, salt, password);
  const parts = [password, salt, repeated(b, password.length)];
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? b : password);
  let c = digest('sha256', ...parts);
  const p = repeated(digest('sha256', ...filled(password, password.length)), password.length);
  const s = repeated(digest('sha256', ...filled(salt, 16 + (c[0] ?? 0))), salt.length);
  for (let round = 0; round < rounds; round++) {
    const odd = (round & 1) === 1;
    const input = [odd ? p : c];
    if (round % 3 !== 0) input.push(s);
    if (round % 7 !== 0) input.push(p);
    input.push(odd ? c : p);
    c = digest('sha256', Buffer.concat(input));
  }
  return encoded(c);
}

function filled(part: Buffer, times: number): Buffer[] {
  return Array.from({ length: times }, () => part);
}

function repeated(block: Buffer, length: number): Buffer {
  return Buffer.concat(filled(block, Math.ceil(length / DIGEST)), length);
}

function encoded(bytes: Buffer): string {
  const at = (index: number): number => bytes[index] ?? 0;
  const groups = ORDER.map(([high, middle, low]) => characters((at(high) << 16) | (at(middle) << 8) | at(low), 4));
  return groups.join('') + characters((at(31) << 8) | at(30), 3);
}

function characters(value: number, count: number): string {
  return Array.from({ length: count }, (_, index) => ALPHABET[(value >> (6 * index)) & 0x3f]).join('');
}
