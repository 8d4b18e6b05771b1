import { MAX_PACKET } from './constants';
import { ProtocolError } from './errors';

const HEADER = 4;

/**
 * Follows the packets with which a client answers a LOCAL INFILE Request, as they stream by: an empty one ends the file
 * (manual: Protocol::LOCAL INFILE Data). Holds no bytes.
 */
export class FileUpload {
  #expected: number;
  readonly #shift: number;
  readonly #isChecked: boolean;
  /** Bytes of the header at hand that have been seen. */
  #headerBytes = 0;
  #length = 0;
  #skip = 0;
  #continued = false;
  #done = false;

  /**
   * `request`: sequence id of the request as the client got it; `shift`: how much that is ahead of the server's count.
   * `isChecked` false: with compression nobody looks at these ids, so clients count as they like.
   */
  constructor(request: number, shift: number, isChecked = true) {
    this.#isChecked = isChecked;
    this.#expected = (request + 1) & 0xff;
    this.#shift = shift;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Sequence id that is due, as the client counts: of its next packet or, when it is done, of the answer to it. */
  get expected(): number {
    return this.#expected;
  }

  /**
   * Takes bytes up to the end of the file, and returns how many those were. Changes sequence ids in `chunk` to those that
   * the server counts. Throws OUT_OF_ORDER.
   */
  push(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.#done) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at);
        this.#skip -= step;
        at += step;
        continue;
      }
      const byte = chunk[at]!;
      if (this.#headerBytes < HEADER - 1) this.#length |= byte << (8 * this.#headerBytes++);
      else {
        chunk[at] = (this.#expected - this.#shift) & 0xff;
        this.#header(byte);
      }
      at++;
    }
    return at;
  }

  #header(sequence: number): void {
    if (sequence !== this.#expected && this.#isChecked) {
      throw new ProtocolError('OUT_OF_ORDER', `packet ${sequence} where ${this.#expected} was due`);
    }
    this.#expected = (this.#expected + 1) & 0xff;
    this.#done = this.#length === 0 && !this.#continued;
    this.#continued = this.#length === MAX_PACKET;
    this.#skip = this.#length;
    this.#length = this.#headerBytes = 0;
  }
}
