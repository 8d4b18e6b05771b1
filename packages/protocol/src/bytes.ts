import { ProtocolError } from './errors';

/**
 * Reads one payload from front to back (manual: Protocol Basics, Integer and String types). Every read is bounds-checked
 * and throws ProtocolError MALFORMED. Buffers it hands out are views of the payload, not copies.
 */
export class ByteReader {
  readonly #buffer: Buffer;
  #offset: number;

  constructor(buffer: Buffer, offset = 0) {
    this.#buffer = buffer;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#buffer.length - this.#offset;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#buffer.readUInt16LE(this.#take(2));
  }

  u24(): number {
    return this.#buffer.readUIntLE(this.#take(3), 3);
  }

  u32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  u64(): bigint {
    return this.#buffer.readBigUInt64LE(this.#take(8));
  }

  /** The next byte without reading it. */
  peek(): number {
    const offset = this.#take(1);
    this.#offset = offset;
    return this.#buffer.readUInt8(offset);
  }

  /** A length-encoded integer as number. Throws MALFORMED above 2^53 and on 0xfb (NULL) and 0xff. */
  lenenc(): number {
    const first = this.u8();
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.u16();
    if (first === 0xfd) return this.u24();
    if (first !== 0xfe) throw new ProtocolError('MALFORMED', `not a length: 0x${first.toString(16)}`);
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError('MALFORMED', 'length above 2^53');
    return Number(value);
  }

  /** A length-encoded integer of up to 64 bits. */
  lenencBigint(): bigint {
    if (this.peek() !== 0xfe) return BigInt(this.lenenc());
    this.skip(1);
    return this.u64();
  }

  lenencBuffer(): Buffer {
    return this.bytes(this.lenenc());
  }

  lenencString(): string {
    return this.lenencBuffer().toString('utf8');
  }

  nulString(): string {
    return this.nulBuffer().toString('utf8');
  }

  /** Bytes up to a NUL, which is read too. */
  nulBuffer(): Buffer {
    const end = this.#buffer.indexOf(0, this.#offset);
    if (end < 0) throw new ProtocolError('MALFORMED', 'string without its end');
    const value = this.#buffer.subarray(this.#offset, end);
    this.#offset = end + 1;
    return value;
  }

  /** Like nulString, but the last field of a message may lack its NUL: several clients leave it out. */
  nulOrEndString(): string {
    return this.nulOrEndBuffer().toString('utf8');
  }

  nulOrEndBuffer(): Buffer {
    return this.#buffer.includes(0, this.#offset) ? this.nulBuffer() : this.rest();
  }

  bytes(length: number): Buffer {
    const offset = this.#take(length);
    return this.#buffer.subarray(offset, offset + length);
  }

  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): number {
    const offset = this.#offset;
    if (length > this.#buffer.length - offset) {
      throw new ProtocolError(
        'MALFORMED',
        `message ends at ${this.#buffer.length}, ${offset + length} bytes are needed`,
      );
    }
    this.#offset = offset + length;
    return offset;
  }
}

/** Writes one payload into a buffer that grows; the counterpart of ByteReader. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(expectedLength = 128) {
    this.#buffer = Buffer.allocUnsafe(expectedLength);
  }

  u8(value: number): this {
    const offset = this.#grow(1);
    this.#buffer.writeUInt8(value, offset);
    return this;
  }

  u16(value: number): this {
    const offset = this.#grow(2);
    this.#buffer.writeUInt16LE(value, offset);
    return this;
  }

  u24(value: number): this {
    const offset = this.#grow(3);
    this.#buffer.writeUIntLE(value, offset, 3);
    return this;
  }

  u32(value: number): this {
    const offset = this.#grow(4);
    this.#buffer.writeUInt32LE(value, offset);
    return this;
  }

  u64(value: bigint): this {
    const offset = this.#grow(8);
    this.#buffer.writeBigUInt64LE(value, offset);
    return this;
  }

  lenenc(value: number | bigint): this {
    if (value < 0xfb) return this.u8(Number(value));
    if (value <= 0xffff) return this.u8(0xfc).u16(Number(value));
    if (value <= 0xffffff) return this.u8(0xfd).u24(Number(value));
    return this.u8(0xfe).u64(BigInt(value));
  }

  lenencBuffer(value: Buffer): this {
    return this.lenenc(value.length).bytes(value);
  }

  lenencString(value: string): this {
    return this.lenencBuffer(Buffer.from(value, 'utf8'));
  }

  /** Throws MALFORMED when the text itself holds a NUL: what follows it would be read as another field. */
  nulString(value: string): this {
    if (value.includes('\0')) throw new ProtocolError('MALFORMED', 'NUL in a NUL-terminated string');
    return this.bytes(Buffer.from(value, 'utf8')).u8(0);
  }

  bytes(value: Buffer): this {
    const offset = this.#grow(value.length);
    value.copy(this.#buffer, offset);
    return this;
  }

  zeros(length: number): this {
    const offset = this.#grow(length);
    this.#buffer.fill(0, offset, offset + length);
    return this;
  }

  /** What was written. It shares the writer's memory: write no more afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(length: number): number {
    const offset = this.#length;
    const needed = offset + length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, offset);
      this.#buffer = larger;
    }
    this.#length = needed;
    return offset;
  }
}
