import { createPublicKey, verify } from 'node:crypto';
import { digest } from './scramble';

export const ED25519 = 'client_ed25519';
/** Bytes of this plugin's nonce; it goes without a NUL behind it. */
export const ED25519_NONCE = 32;

/*
 * MariaDB's ed25519 plugin: Ed25519 (RFC 8032) whose secret is SHA512(password), for a password of any length. Node signs
 * with secrets of 32 bytes only, so the curve is here. It does not run in constant time: what it signs is our own answer
 * to a server, once for a new backend.
 */

const P = 2n ** 255n - 19n;
/** Order of the base point. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));

/** Extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
  readonly t: bigint;
}

const BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202n;
const BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960n;
const BASE: Point = { x: BASE_X, y: BASE_Y, z: 1n, t: mod(BASE_X * BASE_Y) };
const NEUTRAL: Point = { x: 0n, y: 1n, z: 1n, t: 0n };

/** 32 bytes; the server stores them in base64. */
export function ed25519PublicKey(password: Buffer): Buffer {
  return encoded(times(secretOf(password).scalar));
}

/** 64 bytes. */
export function ed25519Sign(password: Buffer, nonce: Buffer): Buffer {
  const { scalar, prefix } = secretOf(password);
  const publicKey = encoded(times(scalar));
  const r = fromBytes(digest('sha512', prefix, nonce)) % L;
  const point = encoded(times(r));
  const k = fromBytes(digest('sha512', point, publicKey, nonce)) % L;
  return Buffer.concat([point, toBytes((r + k * scalar) % L)]);
}

export function ed25519Verify(publicKey: Buffer, nonce: Buffer, signature: Buffer): boolean {
  if (signature.length !== 64) return false;
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
    return verify(null, nonce, key, signature);
  } catch {
    return false; // a key that is no point of the curve
  }
}

/** As MariaDB stores it: 43 characters. null: nobody's. */
export function parseEd25519Key(stored: string): Buffer | null {
  return /^[+/0-9A-Za-z]{43}$/.test(stored) ? Buffer.from(stored, 'base64') : null;
}

/** SubjectPublicKeyInfo (RFC 8410) up to the key itself. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

function secretOf(password: Buffer): { scalar: bigint; prefix: Buffer } {
  const hash = digest('sha512', password);
  const low = Buffer.from(hash.subarray(0, 32));
  low[0] = (low[0] ?? 0) & 0xf8;
  low[31] = ((low[31] ?? 0) & 0x7f) | 0x40;
  return { scalar: fromBytes(low), prefix: hash.subarray(32) };
}

/** `scalar` times the base point. */
function times(scalar: bigint): Point {
  let sum = NEUTRAL;
  let power = BASE;
  for (let left = scalar; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) sum = add(sum, power);
    power = add(power, power);
  }
  return sum;
}

/** RFC 8032, section 5.1.4: the same formula doubles. */
function add(p: Point, q: Point): Point {
  const a = mod((p.y - p.x) * (q.y - q.x));
  const b = mod((p.y + p.x) * (q.y + q.x));
  const c = mod(2n * p.t * q.t * D);
  const d = mod(2n * p.z * q.z);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return { x: mod(e * f), y: mod(g * h), z: mod(f * g), t: mod(e * h) };
}

function encoded({ x, y, z }: Point): Buffer {
  const inverted = inverse(z);
  const bytes = toBytes(mod(y * inverted));
  if ((mod(x * inverted) & 1n) === 1n) bytes[31] = (bytes[31] ?? 0) | 0x80;
  return bytes;
}

function inverse(value: bigint): bigint {
  let result = 1n;
  let base = mod(value);
  for (let left = P - 2n; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = mod(result * base);
    base = mod(base * base);
  }
  return result;
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** Little-endian. */
function fromBytes(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}
