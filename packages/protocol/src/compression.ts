import zlib from 'node:zlib';
import { Capability, MAX_PACKET } from './constants';
import { ProtocolError } from './errors';

const HEADER = 7;
/** Below this servers and clients do not compress. */
const WORTH_IT = 50;
/** Bytes compressed at a time: what runs meanwhile has to wait. */
const PIECE = 64 << 10;

/** In Node from 22.15 on. */
interface Zstd {
  readonly zstdCompressSync?: (data: Buffer) => Buffer;
  readonly zstdDecompressSync?: (data: Buffer, options: { maxOutputLength: number }) => Buffer;
}
const { zstdCompressSync, zstdDecompressSync } = zlib as unknown as Zstd;

/** Capability bits of the algorithms that this runtime has. */
export const COMPRESSION_CAPABILITIES =
  Capability.COMPRESS |
  (zstdCompressSync === undefined || zstdDecompressSync === undefined ? 0 : Capability.ZSTD_COMPRESSION_ALGORITHM);

interface Algorithm {
  compress(data: Buffer): Buffer;
  /** Throws when there is more than `length`. */
  decompress(data: Buffer, length: number): Buffer;
}

const ZLIB: Algorithm = {
  compress: (data) => zlib.deflateSync(data, { level: zlib.constants.Z_BEST_SPEED }),
  decompress: (data, length) => zlib.inflateSync(data, { maxOutputLength: length }),
};
const ZSTD: Algorithm = {
  compress: (data) => zstdCompressSync!(data),
  decompress: (data, length) => zstdDecompressSync!(data, { maxOutputLength: length }),
};

/** What both sides agreed on; null: no compression. A client that offers both means zlib. */
function algorithmOf(capabilities: number): Algorithm | null {
  if ((capabilities & Capability.COMPRESS) !== 0) return ZLIB;
  return (capabilities & Capability.ZSTD_COMPRESSION_ALGORITHM) === 0 ? null : ZSTD;
}

/**
 * The layer between a socket and the packets of one connection (manual: Compression). Each compressed packet has a header
 * of its own: length, sequence id, and the length of what it holds, 0 where that is not compressed.
 *
 * Throws OUT_OF_ORDER, TOO_LARGE as soon as a header promises more than `maxPayload`, and MALFORMED for what can't be
 * decompressed or is longer or shorter than its header says; the stream is lost then.
 */
export class CompressedStream {
  readonly #algorithm: Algorithm;
  readonly #maxPayload: number;
  #bytes: Buffer = Buffer.alloc(0);
  /** Where unread bytes are in `#bytes`. */
  #start = 0;
  #end = 0;
  #received = -1;
  #next = 0;

  private constructor(algorithm: Algorithm, maxPayload: number) {
    this.#algorithm = algorithm;
    this.#maxPayload = maxPayload;
  }

  /** null: the sides agreed on none. */
  static of(capabilities: number, maxPayload: number): CompressedStream | null {
    const algorithm = algorithmOf(capabilities);
    return algorithm === null ? null : new CompressedStream(algorithm, maxPayload);
  }

  /** Bytes held that `read` has not returned yet. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  /** Bytes that the packet at hand takes once it is there, compressed and not; 0 while that is not known. */
  get promised(): number {
    if (this.buffered < HEADER) return 0;
    return HEADER + this.#bytes.readUIntLE(this.#start, 3) + this.#bytes.readUIntLE(this.#start + 4, 3);
  }

  push(chunk: Buffer): void {
    const unread = this.buffered;
    if (unread === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (this.#end + chunk.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow((unread + chunk.length) * 2);
      this.#bytes.copy(larger, 0, this.#start, this.#end);
      this.#bytes = larger;
      this.#start = 0;
      this.#end = unread;
    }
    chunk.copy(this.#bytes, this.#end);
    this.#end += chunk.length;
  }

  /** What the next compressed packet holds; null while it is not whole. A view of what was pushed, or a new buffer. */
  read(): Buffer | null {
    if (this.buffered < HEADER) return null;
    const start = this.#start;
    const length = this.#bytes.readUIntLE(start, 3);
    const sequence = this.#bytes[start + 3]!;
    const uncompressed = this.#bytes.readUIntLE(start + 4, 3);
    // a client numbers anew with each command
    if (sequence !== 0 && sequence !== ((this.#received + 1) & 0xff) && sequence !== this.#next) {
      throw new ProtocolError('OUT_OF_ORDER', `compressed packet ${sequence}`);
    }
    if (Math.max(length, uncompressed) > Math.min(MAX_PACKET, this.#maxPayload + HEADER)) {
      throw new ProtocolError('TOO_LARGE', `a compressed packet of ${uncompressed} bytes`);
    }
    const end = start + HEADER + length;
    if (end > this.#end) return null;
    this.#start = end;
    this.#received = sequence;
    const body = this.#bytes.subarray(start + HEADER, end);
    if (uncompressed === 0) return body;
    let plain: Buffer;
    try {
      plain = this.#algorithm.decompress(body, uncompressed);
    } catch {
      throw new ProtocolError('MALFORMED', 'a packet that can not be decompressed');
    }
    if (plain.length !== uncompressed) throw new ProtocolError('MALFORMED', 'less than a compressed packet promised');
    return plain;
  }

  /** What is written next answers what was read last. */
  answer(): void {
    this.#next = (this.#received + 1) & 0xff;
  }

  /** Compressed packets that hold `bytes`. */
  write(bytes: Buffer): Buffer {
    if (bytes.length <= PIECE) return this.#packet(bytes);
    const packets: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += PIECE) packets.push(this.#packet(bytes.subarray(at, at + PIECE)));
    return Buffer.concat(packets);
  }

  #packet(bytes: Buffer): Buffer {
    const smaller = bytes.length < WORTH_IT ? bytes : this.#algorithm.compress(bytes);
    const isCompressed = smaller.length < bytes.length;
    const body = isCompressed ? smaller : bytes;
    const packet = Buffer.allocUnsafe(HEADER + body.length);
    packet.writeUIntLE(body.length, 0, 3);
    packet[3] = this.#next;
    packet.writeUIntLE(isCompressed ? bytes.length : 0, 4, 3);
    body.copy(packet, HEADER);
    this.#next = (this.#next + 1) & 0xff;
    return packet;
  }
}
