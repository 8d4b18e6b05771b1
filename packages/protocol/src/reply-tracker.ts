import { ProtocolError } from './errors';

/**
 * Which packets answer a command (MySQL client/server protocol, "Command Phase").
 * QUERY also covers COM_STMT_EXECUTE and COM_PROCESS_INFO; SINGLE is one OK, EOF or ERR packet.
 */
export const ReplyGrammar = Object.freeze({
  QUERY: 'QUERY',
  PREPARE: 'PREPARE',
  FETCH: 'FETCH',
  FIELD_LIST: 'FIELD_LIST',
  SINGLE: 'SINGLE',
  STATISTICS: 'STATISTICS',
} as const);
export type ReplyGrammar = (typeof ReplyGrammar)[keyof typeof ReplyGrammar];

/** Where in a reply the next packet stands. */
const Position = Object.freeze({ FIRST: 0, DEFINITIONS: 1, ROWS: 2, DONE: 3 } as const);
type Position = (typeof Position)[keyof typeof Position];

/**
 * Receives a reply as it streams by. Every Buffer is a view into the chunk that was pushed: use it or copy it before
 * returning. Sequence ids of passed bytes are already shifted.
 */
export interface ReplySink {
  /** Packets that pass untouched: headers and payloads of a column count, definitions, rows, a PREPARE_OK, a statistics text. */
  pass(bytes: Buffer): void;
  /** All column or parameter definitions of one block have passed. The return value is added to all later sequence ids. */
  definitionsEnd(sequence: number): number;
  /**
   * An OK packet: alone (`afterRows` false), or in the place of the EOF that ends rows; `tracker` holds its values.
   * Returns what passes in its place (header included), or null: it passes untouched.
   */
  ok(payload: Buffer, sequence: number, afterRows: boolean, tracker: ReplyTracker): Buffer | null;
  /** An ERR packet, which then passes untouched. */
  err(payload: Buffer): void;
  /** PREPARE_OK's payload, whose first 12 bytes the sink may change in place before they are passed. */
  prepared(payload: Buffer): void;
}

const HEADER = 4;
/** OK, ERR and first packets are kept whole; a server has no business sending longer ones. */
const MAX_CONTROL = 1 << 20;
const EOF_LENGTH = 5;
const MORE_RESULTS_EXISTS = 0x0008;
const LONG_PACKET = 0xffffff;

/**
 * Follows one reply of a backend at a time and knows when it is complete, reading packet headers, OK and ERR packets but
 * never a row. Needs a connection with CLIENT_DEPRECATE_EOF and without MariaDB's extended capabilities.
 */
export class ReplyTracker {
  /** Values of the last OK packet. */
  status = 0;
  warnings = 0;
  affectedRows: number | bigint = 0;
  lastInsertId: number | bigint = 0;
  /** Offset of what follows the warnings in the OK payload (info, trackers). */
  okTail = 0;
  /** Rows of the last result set. */
  rows = 0;
  /** Result sets seen in this reply. */
  resultSets = 0;
  /** MySQL error number of an ERR packet, or 0. */
  errorCode = 0;

  #grammar: ReplyGrammar = ReplyGrammar.SINGLE;
  #position: Position = Position.DONE;
  #definitions = 0;
  #nextDefinitions = 0;
  /** Bytes of a passing packet that are still to come. */
  #skip = 0;
  /** The previous packet had the maximum length: the next one continues it. */
  #continued = false;
  #shift = 0;
  #carry: Buffer | null = null;

  get done(): boolean {
    return this.#position === Position.DONE;
  }

  /** True between packets: the only place where another packet may be put into the client's stream. */
  get atPacketBoundary(): boolean {
    return this.#skip === 0 && !this.#continued;
  }

  start(grammar: ReplyGrammar): void {
    this.#grammar = grammar;
    this.#position = grammar === ReplyGrammar.FETCH ? Position.ROWS : Position.FIRST;
    if (grammar === ReplyGrammar.FIELD_LIST) this.#position = Position.ROWS;
    this.#shift = 0;
    this.#definitions = this.#nextDefinitions = 0;
    this.rows = this.resultSets = 0;
    this.errorCode = 0;
    this.warnings = 0;
    this.affectedRows = this.lastInsertId = 0;
  }

  /**
   * Consumes bytes of the current reply from `offset`; returns where it stopped: at the chunk's end, or at the reply's.
   * May change sequence ids in `chunk`. Throws ProtocolError when the server breaks the protocol.
   */
  push(chunk: Buffer, offset: number, sink: ReplySink): number {
    if (this.#carry !== null) {
      const joined = Buffer.concat([this.#carry, offset === 0 ? chunk : chunk.subarray(offset)]);
      const carried = this.#carry.length;
      this.#carry = null;
      return this.#consume(joined, 0, sink) - carried + offset;
    }
    return this.#consume(chunk, offset, sink);
  }

  #consume(chunk: Buffer, offset: number, sink: ReplySink): number {
    const end = chunk.length;
    let from = offset; // start of bytes that are to pass and have not yet
    let at = offset;
    if (this.#skip > 0) {
      const step = Math.min(this.#skip, end - at);
      this.#skip -= step;
      at += step;
    }
    while (at < end && this.#position !== Position.DONE) {
      if (end - at < HEADER) break;
      const length = chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16);
      if (length > 0 && end - at < HEADER + 1) break;
      const first = length > 0 ? chunk[at + HEADER]! : -1;
      const control = !this.#continued && this.#isControl(first, length);
      const definition = this.#position === Position.DEFINITIONS;
      if (control || definition) {
        if (length > MAX_CONTROL) throw new ProtocolError('TOO_LARGE', `a control packet of ${length} bytes`);
        if (end - at < HEADER + length) break;
      }
      const sequence = (chunk[at + 3]! + this.#shift) & 0xff;
      if (this.#shift !== 0) chunk[at + 3] = sequence;
      const bodyEnd = at + HEADER + length;
      if (control) {
        const replacement = this.#control(first, chunk.subarray(at + HEADER, bodyEnd), sequence, sink);
        if (replacement !== null) {
          if (from < at) sink.pass(chunk.subarray(from, at));
          sink.pass(replacement);
          from = bodyEnd;
        }
        at = bodyEnd;
      } else {
        this.#continued = length === LONG_PACKET;
        if (bodyEnd > end) this.#skip = bodyEnd - end;
        at = Math.min(bodyEnd, end);
        if (!definition) {
          if (!this.#continued) this.rows++;
        } else if (--this.#definitions === 0) {
          this.#endDefinitions(chunk, from, at, sequence, sink);
          from = at;
        }
      }
    }
    if (from < at) sink.pass(from === 0 && at === end ? chunk : chunk.subarray(from, at));
    if (at < end && this.#position !== Position.DONE) {
      this.#carry = Buffer.from(chunk.subarray(at));
      return end;
    }
    return at;
  }

  /** Packets whose payload is read. */
  #isControl(first: number, length: number): boolean {
    if (this.#position === Position.FIRST) return true;
    if (this.#position !== Position.ROWS) return false;
    return first === 0xff || (first === 0xfe && length < LONG_PACKET);
  }

  /** Returns what passes in the packet's place, or null. */
  #control(first: number, payload: Buffer, sequence: number, sink: ReplySink): Buffer | null {
    if (first === 0xff) {
      if (payload.length < 3) throw new ProtocolError('MALFORMED', 'a truncated ERR packet');
      this.errorCode = payload.readUInt16LE(1);
      this.#position = Position.DONE;
      sink.err(payload);
    } else if (this.#position === Position.ROWS) {
      return this.#end(payload, sequence, true, sink);
    } else if (this.#grammar === ReplyGrammar.PREPARE) {
      this.#preparedOk(payload, sink);
    } else if (this.#grammar === ReplyGrammar.STATISTICS) {
      this.#position = Position.DONE;
    } else if (first === 0x00 || first === 0xfe) {
      return this.#end(payload, sequence, false, sink);
    } else if (this.#grammar === ReplyGrammar.QUERY) {
      this.#columnCount(first, payload);
    } else {
      throw new ProtocolError('MALFORMED', `packet type 0x${first.toString(16)} where OK or ERR has to be`);
    }
    return null;
  }

  #end(payload: Buffer, sequence: number, afterRows: boolean, sink: ReplySink): Buffer | null {
    this.#readOk(payload);
    const more = (this.status & MORE_RESULTS_EXISTS) !== 0 && this.#grammar === ReplyGrammar.QUERY;
    this.#position = more ? Position.FIRST : Position.DONE;
    return sink.ok(payload, sequence, afterRows, this);
  }

  #columnCount(first: number, payload: Buffer): void {
    if (first === 0xfb) throw new ProtocolError('UNSUPPORTED', 'LOAD DATA LOCAL was not negotiated');
    let count = first;
    if (first === 0xfc && payload.length >= 3) count = payload.readUInt16LE(1);
    else if (first >= 0xfb || first <= 0) throw new ProtocolError('MALFORMED', 'an impossible column count');
    this.#definitions = count;
    this.#nextDefinitions = 0;
    this.#position = Position.DEFINITIONS;
    this.resultSets++;
    this.rows = 0;
  }

  #preparedOk(payload: Buffer, sink: ReplySink): void {
    if (payload[0] !== 0 || payload.length < 12) throw new ProtocolError('MALFORMED', 'a truncated PREPARE_OK packet');
    const columns = payload.readUInt16LE(5);
    const parameters = payload.readUInt16LE(7);
    this.warnings = payload.readUInt16LE(10);
    sink.prepared(payload);
    this.#definitions = parameters || columns;
    this.#nextDefinitions = parameters ? columns : 0;
    this.#position = this.#definitions === 0 ? Position.DONE : Position.DEFINITIONS;
  }

  #endDefinitions(chunk: Buffer, from: number, at: number, sequence: number, sink: ReplySink): void {
    this.#definitions = this.#nextDefinitions;
    this.#nextDefinitions = 0;
    const last = this.#definitions === 0;
    if (last) this.#position = this.#grammar === ReplyGrammar.PREPARE ? Position.DONE : Position.ROWS;
    sink.pass(chunk.subarray(from, at));
    this.#shift += sink.definitionsEnd(sequence);
  }

  /** OK_Packet: header, affected rows, last insert id, status, warnings, then info and session state changes. */
  #readOk(payload: Buffer): void {
    if (payload[0] === 0xfe && payload.length === EOF_LENGTH) {
      // COM_SET_OPTION and COM_DEBUG are answered by some servers with a classic EOF even so
      this.warnings = payload.readUInt16LE(1);
      this.status = payload.readUInt16LE(3);
      this.okTail = EOF_LENGTH;
      return;
    }
    let at = 1;
    const number = (): number | bigint => {
      const first = payload[at++];
      if (first === undefined) throw new ProtocolError('MALFORMED', 'a truncated OK packet');
      if (first < 0xfb) return first;
      const width = first === 0xfc ? 2 : first === 0xfd ? 3 : first === 0xfe ? 8 : 0;
      if (width === 0 || at + width > payload.length) throw new ProtocolError('MALFORMED', 'a truncated OK packet');
      at += width;
      if (width === 8) {
        const value = payload.readBigUInt64LE(at - 8);
        return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
      }
      return payload.readUIntLE(at - width, width);
    };
    this.affectedRows = number();
    this.lastInsertId = number();
    if (at + 4 > payload.length) throw new ProtocolError('MALFORMED', 'a truncated OK packet');
    this.status = payload.readUInt16LE(at);
    this.warnings = payload.readUInt16LE(at + 2);
    this.okTail = at + 4;
  }
}
