import { ByteWriter } from '@myswitch/protocol';
import type { Random } from './random';

/** A part of a message, so that what is wrong with it can be wrong in its structure. */
export type Field =
  /** Integers of fixed width, and whatever else has no length. */
  | { readonly kind: 'plain'; readonly bytes: Buffer }
  /** A length-encoded integer that counts something. */
  | { readonly kind: 'count'; readonly value: number }
  /** A length-encoded length, and what it is the length of. */
  | { readonly kind: 'sized'; readonly of: Buffer | readonly Field[] }
  /** The same with one byte of length. */
  | { readonly kind: 'short'; readonly bytes: Buffer }
  /** Up to a NUL. */
  | { readonly kind: 'text'; readonly bytes: Buffer };

export type Message = readonly Field[];

export const plain = (bytes: Buffer): Field => ({ kind: 'plain', bytes });
export const u8 = (value: number): Field => plain(Buffer.of(value & 0xff));
export const u16 = (value: number): Field => plain(Buffer.of(value & 0xff, (value >> 8) & 0xff));
export const u32 = (value: number): Field => plain(new ByteWriter(4).u32(value >>> 0).finish());
export const count = (value: number): Field => ({ kind: 'count', value });
export const sized = (of: Buffer | string | readonly Field[]): Field => ({
  kind: 'sized',
  of: typeof of === 'string' ? Buffer.from(of) : of,
});
export const short = (bytes: Buffer): Field => ({ kind: 'short', bytes });
export const text = (value: Buffer | string): Field => ({
  kind: 'text',
  bytes: typeof value === 'string' ? Buffer.from(value) : value,
});

const EDGES = [0n, 1n, 0xfan, 0xfbn, 0xffn, 0x100n, 0xffffn, 0x10000n, 0xfffffen, 0xffffffn, 0x1000000n];
const ABSURD = [31n, 32n, 33n, 34n, 35n, 48n, 53n, 62n, 63n, 64n].flatMap((bits) => [(1n << bits) - 1n, 1n << bits]);

/** Length-encoded integers as no peer should send them: not the shortest form, absurd, cut off, or no number at all. */
function oddLenenc(random: Random, value: number): Buffer {
  const other = random.pick([BigInt(value), BigInt(value + 1), BigInt(Math.max(0, value - 1)), ...EDGES, ...ABSURD]);
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64LE(BigInt.asUintN(64, other));
  switch (random.below(6)) {
    case 0:
      return Buffer.of(random.pick([0xfb, 0xff]));
    case 1:
      return Buffer.concat([Buffer.of(0xfc), eight.subarray(0, 2)]);
    case 2:
      return Buffer.concat([Buffer.of(0xfd), eight.subarray(0, 3)]);
    case 3:
      return Buffer.concat([Buffer.of(0xfc + random.below(3)), eight.subarray(0, random.below(8))]);
    case 4:
      return Buffer.of(Number(other & 0xffn));
    default:
      return Buffer.concat([Buffer.of(0xfe), eight]);
  }
}

/** Its bytes; of the fields for which `odd` returns something, that in place of their number or length. */
function write(message: Message, odd: (value: number) => Buffer | null): Buffer {
  const parts: Buffer[] = [];
  for (const field of message) {
    switch (field.kind) {
      case 'plain':
        parts.push(field.bytes);
        break;
      case 'count':
        parts.push(odd(field.value) ?? lenenc(field.value));
        break;
      case 'sized': {
        const inner = Buffer.isBuffer(field.of) ? field.of : write(field.of, odd);
        parts.push(odd(inner.length) ?? lenenc(inner.length), inner);
        break;
      }
      case 'short':
        parts.push(odd(field.bytes.length)?.subarray(0, 1) ?? Buffer.of(field.bytes.length & 0xff), field.bytes);
        break;
      case 'text':
        parts.push(field.bytes, Buffer.of(0));
        break;
    }
  }
  return Buffer.concat(parts);
}

function lenenc(value: number): Buffer {
  return new ByteWriter(9).lenenc(value).finish();
}

export function valid(message: Message): Buffer {
  return write(message, () => null);
}

/** The message with something wrong: in its fields, in its lengths, or in its bytes. */
export function spoiled(message: Message, random: Random): Buffer {
  const fields = random.once(3) ? shuffled(message, random) : message;
  if (!random.once(3)) {
    const often = 1 + random.below(4);
    return write(fields, (value) => (random.once(often) ? oddLenenc(random, value) : null));
  }
  return spoiledBytes(valid(fields), random);
}

/** Fields left out, doubled, exchanged, or replaced; of a nested message too. */
function shuffled(message: Message, random: Random): Message {
  const fields = [...message];
  const at = random.below(Math.max(1, fields.length));
  const field = fields[at];
  if (field?.kind === 'sized' && !Buffer.isBuffer(field.of) && random.once(2)) {
    fields[at] = sized(shuffled(field.of, random));
    return fields;
  }
  switch (random.below(5)) {
    case 0:
      fields.splice(at, 1 + random.below(3));
      break;
    case 1:
      if (field !== undefined) fields.splice(at, 0, ...Array.from({ length: 1 + random.below(20) }, () => field));
      break;
    case 2: {
      const other = random.below(Math.max(1, fields.length));
      const moved = fields[other];
      if (field !== undefined && moved !== undefined) [fields[at], fields[other]] = [moved, field];
      break;
    }
    case 3:
      fields.splice(at, 1, plain(random.bytes(random.length())));
      break;
    default:
      fields.splice(at);
  }
  return fields;
}

export function spoiledBytes(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  switch (random.below(5)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(random.length()), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([bytes, bytes.subarray(at)]);
    case 3:
      return random.bytes(random.length());
    default: {
      const flipped = Buffer.from(bytes);
      for (let left = 1 + random.below(4); left > 0 && flipped.length > 0; left--) {
        flipped[random.below(flipped.length)] = random.pick([
          0,
          1,
          0x7f,
          0x80,
          0xfb,
          0xfc,
          0xfd,
          0xfe,
          0xff,
          random.u32() & 0xff,
        ]);
      }
      return flipped;
    }
  }
}
