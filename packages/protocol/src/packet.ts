import { MAX_PACKET } from './constants';
import { ProtocolError } from './errors';

const HEADER = 4;
const SMALLEST_ASSEMBLY = 1024;

/** A whole message as it came off the wire. Views of its bytes are made when they are asked for: most need only one. */
export class Packet {
  /** Sequence id of its last physical packet. */
  readonly sequence: number;
  /** The first byte of its payload; -1 when there is none. */
  readonly code: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  readonly #framed: boolean;

  /** `bytes` from `start` to `end`: header and payload of one physical packet, or (not `framed`) the payload of several. */
  constructor(bytes: Buffer, start: number, end: number, sequence: number, framed: boolean) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#framed = framed;
    this.sequence = sequence;
    this.code = bytes[framed ? start + HEADER : start] ?? -1;
    if (start + (framed ? HEADER : 0) >= end) this.code = -1;
  }

  get payload(): Buffer {
    return this.#bytes.subarray(this.#framed ? this.#start + HEADER : this.#start, this.#end);
  }

  /** Header and payload as received, when it was one physical packet; null when it was continued. */
  get raw(): Buffer | null {
    return this.#framed ? this.#bytes.subarray(this.#start, this.#end) : null;
  }

  /** Payload bytes that a packet has. */
  get length(): number {
    return this.#end - this.#start - (this.#framed ? HEADER : 0);
  }

  /** The payload from `offset` on, byte for character. */
  text(offset: number): string {
    return this.#bytes.toString('latin1', this.#start + offset + (this.#framed ? HEADER : 0), this.#end);
  }
}

/** Frames a payload for the wire: in pieces of 16 MiB - 1, with the empty last one when it divides evenly (manual: MySQL Packets). */
export function encodePacket(payload: Buffer, seq: number): Buffer {
  const continuations = Math.floor(payload.length / MAX_PACKET);
  const framed = Buffer.allocUnsafe(payload.length + HEADER * (continuations + 1));
  let target = 0;
  for (let i = 0; i <= continuations; i++) {
    const from = i * MAX_PACKET;
    const length = Math.min(MAX_PACKET, payload.length - from);
    framed.writeUInt32LE((length | ((seq + i) << 24)) >>> 0, target);
    payload.copy(framed, target + HEADER, from, from + length);
    target += HEADER + length;
  }
  return framed;
}

/** Sequence id of the last physical packet of a payload whose first one has `seq`. */
export function lastSequence(payloadLength: number, seq: number): number {
  return (seq + Math.floor(payloadLength / MAX_PACKET)) & 0xff;
}

/**
 * Cuts a byte stream into whole messages. Each message must start with sequence id 0 (a command) unless `expect` named
 * another for it. `next` throws TOO_LARGE as soon as a header promises more than `maxPayload`, OUT_OF_ORDER on a wrong
 * id; the stream is lost after either.
 *
 * Memory: what was pushed and not yet taken, at most doubled, and no more than a physical packet needs. A message that lay whole in one chunk is a view of it.
 */
export class PacketFramer {
  readonly #maxPayload: number;
  /** Unread bytes are #bytes[#start .. #end). Either a chunk as pushed or, once a message was cut, our own assembly. */
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #assembling = false;
  /** Payloads of the physical packets of a continued message, read so far. */
  #parts: Buffer[] = [];
  #partsLength = 0;
  #expected = 0;

  constructor(opts: { maxPayload: number }) {
    this.#maxPayload = opts.maxPayload;
  }

  /** Bytes held that `next` has not returned yet. */
  get buffered(): number {
    return this.#end - this.#start + this.#partsLength;
  }

  /** Sequence id that is due. */
  get expected(): number {
    return this.#expected;
  }

  /** Payload bytes of the message at hand as far as its headers tell; the maximum where more will follow; 0: none began. */
  get promised(): number {
    if (this.#end - this.#start < HEADER) return this.#partsLength;
    const length = this.#bytes.readUIntLE(this.#start, 3);
    return length === MAX_PACKET ? this.#maxPayload : this.#partsLength + length;
  }

  /** Sequence id that the next message must start with; after that message it is 0 again. */
  expect(sequence: number): void {
    this.#expected = sequence & 0xff;
  }

  push(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#assembling = false;
      return;
    }
    this.#append(chunk);
  }

  next(): Packet | null {
    for (;;) {
      const bytes = this.#bytes;
      const start = this.#start;
      const available = this.#end - start;
      if (available < HEADER) return null;
      const header = bytes.readUInt32LE(start); // three bytes of length, one of sequence id
      const length = header & MAX_PACKET;
      const sequence = header >>> 24;
      if (sequence !== this.#expected) {
        throw new ProtocolError('OUT_OF_ORDER', `packet ${sequence} where ${this.#expected} was due`);
      }
      if (this.#partsLength + length > this.#maxPayload) {
        throw new ProtocolError('TOO_LARGE', `message above ${this.#maxPayload} bytes`);
      }
      const end = start + HEADER + length;
      if (end > this.#end) return null;
      this.#start = end;
      if (length === MAX_PACKET) {
        this.#parts.push(bytes.subarray(start + HEADER, end));
        this.#partsLength += length;
        this.#expected = (sequence + 1) & 0xff;
        continue;
      }
      this.#expected = 0;
      if (this.#parts.length === 0) return new Packet(bytes, start, end, sequence, true);
      this.#parts.push(bytes.subarray(start + HEADER, end));
      const whole = Buffer.concat(this.#parts, this.#partsLength + length);
      this.#parts = [];
      this.#partsLength = 0;
      return new Packet(whole, 0, whole.length, sequence, false);
    }
  }

  /** Forgets everything and returns the unread bytes: after an SSLRequest they belong to the TLS layer. */
  reset(): Buffer {
    const unread = this.#bytes.subarray(this.#start, this.#end);
    this.#bytes = Buffer.alloc(0);
    this.#start = 0;
    this.#end = 0;
    this.#assembling = false;
    this.#parts = [];
    this.#partsLength = 0;
    this.#expected = 0;
    return unread;
  }

  /** For a packet that has begun no more than its end, unless there is more already. */
  #room(unread: number, needed: number): number {
    const doubled = Math.max(SMALLEST_ASSEMBLY, needed * 2);
    if (unread < HEADER) return doubled;
    const end = HEADER + this.#bytes.readUIntLE(this.#start, 3);
    return end < needed ? doubled : Math.min(doubled, end);
  }

  /**
   * Copies, rather than keeping a list of chunks, so that a peer that sends single bytes costs no more than their number.
   * Bytes already handed out are never overwritten: the assembly only grows at its end, or is left for a new one.
   */
  #append(chunk: Buffer): void {
    const unread = this.#end - this.#start;
    if (!this.#assembling || this.#end + chunk.length > this.#bytes.length) {
      const needed = unread + chunk.length;
      const larger = Buffer.allocUnsafeSlow(this.#room(unread, needed));
      this.#bytes.copy(larger, 0, this.#start, this.#end);
      this.#bytes = larger;
      this.#start = 0;
      this.#end = unread;
      this.#assembling = true;
    }
    chunk.copy(this.#bytes, this.#end);
    this.#end += chunk.length;
  }
}
