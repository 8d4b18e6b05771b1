import { Capability } from './constants';
import { ProtocolError } from './errors';

/**
 * Which packets answer a command (MySQL client/server protocol, "Command Phase"). QUERY also covers COM_STMT_EXECUTE and
 * COM_PROCESS_INFO; SINGLE is one OK, EOF or ERR packet; STREAM goes on up to an EOF or ERR: COM_BINLOG_DUMP.
 */
export const ReplyGrammar = Object.freeze({
  QUERY: 'QUERY',
  PREPARE: 'PREPARE',
  FETCH: 'FETCH',
  FIELD_LIST: 'FIELD_LIST',
  SINGLE: 'SINGLE',
  STATISTICS: 'STATISTICS',
  STREAM: 'STREAM',
} as const);
export type ReplyGrammar = (typeof ReplyGrammar)[keyof typeof ReplyGrammar];

/** Where in a reply the next packet stands. */
const Position = Object.freeze({ FIRST: 0, DEFINITIONS: 1, ROWS: 2, DONE: 3 } as const);
type Position = (typeof Position)[keyof typeof Position];

/** Grammars whose first packet may be a row, or whatever stands for one. */
const STARTS_WITH_ROWS: ReadonlySet<ReplyGrammar> = new Set([
  ReplyGrammar.FETCH,
  ReplyGrammar.FIELD_LIST,
  ReplyGrammar.STREAM,
]);

/**
 * Receives a reply as it streams by. Every Buffer is a view into the chunk that was pushed: use it or copy it before
 * returning. Sequence ids of passed bytes are already shifted.
 */
export interface ReplySink {
  /** Packets that pass untouched: headers and payloads of a column count, definitions, rows, a PREPARE_OK, a statistics text. */
  pass(bytes: Buffer): void;
  /** Whether an EOF packet is put behind each block of definitions; later sequence ids are shifted by one for each. */
  readonly eofs: boolean;
  /** All column or parameter definitions of one block have passed. Only called with `eofs`. */
  definitionsEnd(sequence: number): void;
  /**
   * An OK packet: alone (`afterRows` false), or in the place of the EOF that ends rows; `tracker` holds its values and
   * payload. Returns what passes in its place (header included), or null: it passes untouched.
   */
  ok(tracker: ReplyTracker, sequence: number, afterRows: boolean): Buffer | null;
  /** An ERR packet, `tracker.payload`. Returns what passes in its place (header included), or null: it passes untouched. */
  err(tracker: ReplyTracker, sequence: number): Buffer | null;
  /**
   * The server asks for a file of the client's (LOCAL INFILE Request), and goes on when it has it; the request passes
   * untouched. Whoever sends no file throws. `shift`: how much `sequence` is ahead of the server's own count.
   */
  localFile(sequence: number, shift: number): void;
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
 * never a row. Needs a connection with CLIENT_DEPRECATE_EOF and without MARIADB_CLIENT_CACHE_METADATA.
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

  /** Counts of columns are followed by a byte that tells whether the definitions are. */
  readonly #optionalMetadata: boolean;
  #grammar: ReplyGrammar = ReplyGrammar.SINGLE;
  #position: Position = Position.DONE;
  #definitions = 0;
  #nextDefinitions = 0;
  /** Bytes of a passing packet that are still to come. */
  #skip = 0;
  /** The previous packet had the maximum length: the next one continues it. */
  #continued = false;
  /** Blocks of definitions that were left out: their EOFs are due all the same. */
  #leftOut = 0;
  #shift = 0;
  /** Of the last packet that has passed, at least in part. */
  #sequence = 0;
  #carry: Buffer | null = null;
  /** Where the payload of the packet at hand lies. */
  #chunk: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #at = 0;

  /** `capabilities`: those negotiated with the server. */
  constructor(capabilities = 0) {
    this.#optionalMetadata = (capabilities & Capability.OPTIONAL_RESULTSET_METADATA) !== 0;
  }

  /** Of the OK or ERR that a sink is being told of; a view of the chunk. */
  get payload(): Buffer {
    return this.#chunk.subarray(this.#start, this.#end);
  }

  /** Length of `payload`. */
  get payloadLength(): number {
    return this.#end - this.#start;
  }

  get done(): boolean {
    return this.#position === Position.DONE;
  }

  /** Sequence id for a packet put into the client's stream here; null inside of a packet, where there is no place for one. */
  get nextSequence(): number | null {
    return this.#skip === 0 && !this.#continued ? (this.#sequence + 1) & 0xff : null;
  }

  start(grammar: ReplyGrammar): void {
    this.#grammar = grammar;
    // nearly all are queries: no look-up for those
    const rows = grammar !== ReplyGrammar.QUERY && STARTS_WITH_ROWS.has(grammar);
    this.#position = rows ? Position.ROWS : Position.FIRST;
    this.#shift = 0;
    this.#sequence = 0;
    this.#carry = null;
    this.#definitions = this.#nextDefinitions = this.#leftOut = 0;
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
      this.#sequence = sequence;
      const bodyEnd = at + HEADER + length;
      if (control) {
        this.#chunk = chunk;
        this.#start = at + HEADER;
        this.#end = bodyEnd;
        const replacement = this.#control(first, sequence, sink);
        if (replacement !== null) {
          if (from < at) sink.pass(chunk.subarray(from, at));
          sink.pass(replacement);
          from = bodyEnd;
        }
        at = bodyEnd;
        for (; this.#leftOut > 0; this.#leftOut--) {
          if (!sink.eofs) continue;
          if (from < at) sink.pass(chunk.subarray(from, at));
          from = at;
          sink.definitionsEnd(this.#sequence);
          this.#shift++;
          this.#sequence = (this.#sequence + 1) & 0xff;
        }
      } else {
        this.#continued = length === LONG_PACKET;
        if (bodyEnd > end) this.#skip = bodyEnd - end;
        at = Math.min(bodyEnd, end);
        if (!definition) {
          if (!this.#continued) this.rows++;
        } else if (--this.#definitions === 0) {
          this.#endDefinitions();
          if (sink.eofs) {
            sink.pass(chunk.subarray(from, at));
            from = at;
            sink.definitionsEnd(sequence);
            this.#shift++;
            this.#sequence = (sequence + 1) & 0xff;
          }
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
  #control(first: number, sequence: number, sink: ReplySink): Buffer | null {
    if (first === 0xff) {
      if (this.payloadLength < 3) throw new ProtocolError('MALFORMED', 'a truncated ERR packet');
      this.errorCode = this.#chunk.readUInt16LE(this.#start + 1);
      this.#position = Position.DONE;
      return sink.err(this, sequence);
    } else if (this.#position === Position.ROWS) {
      return this.#ok(sequence, true, sink);
    } else if (this.#grammar === ReplyGrammar.PREPARE) {
      this.#preparedOk(sink);
    } else if (this.#grammar === ReplyGrammar.STATISTICS) {
      this.#position = Position.DONE;
    } else if (first === 0x00 || first === 0xfe) {
      return this.#ok(sequence, first === 0xfe, sink);
    } else if (this.#grammar === ReplyGrammar.QUERY) {
      if (first === 0xfb) sink.localFile(sequence, this.#shift);
      else this.#columnCount(first);
    } else {
      throw new ProtocolError('MALFORMED', `packet type 0x${first.toString(16)} where OK or ERR has to be`);
    }
    return null;
  }

  #ok(sequence: number, afterRows: boolean, sink: ReplySink): Buffer | null {
    this.#readOk();
    const more = (this.status & MORE_RESULTS_EXISTS) !== 0 && this.#grammar === ReplyGrammar.QUERY;
    this.#position = more ? Position.FIRST : Position.DONE;
    return sink.ok(this, sequence, afterRows);
  }

  #columnCount(first: number): void {
    const wide = first === 0xfc;
    const length = (wide ? 3 : 1) + (this.#optionalMetadata ? 1 : 0);
    if (this.payloadLength !== length || first <= 0 || first === 0xff || first === 0xfd) {
      throw new ProtocolError('MALFORMED', 'an impossible column count');
    }
    const count = wide ? this.#chunk.readUInt16LE(this.#start + 1) : first;
    const named = !this.#optionalMetadata || this.#chunk[this.#end - 1] !== 0;
    this.#definitions = named ? count : 0;
    this.#leftOut = named ? 0 : 1;
    this.#nextDefinitions = 0;
    this.#position = named ? Position.DEFINITIONS : Position.ROWS;
    this.resultSets++;
    this.rows = 0;
  }

  #preparedOk(sink: ReplySink): void {
    const { payload } = this;
    if (payload[0] !== 0 || payload.length < 12) throw new ProtocolError('MALFORMED', 'a truncated PREPARE_OK packet');
    const columns = payload.readUInt16LE(5);
    const parameters = payload.readUInt16LE(7);
    this.warnings = payload.readUInt16LE(10);
    sink.prepared(payload);
    if (this.#optionalMetadata && payload[12] === 0) {
      this.#leftOut = Number(parameters > 0) + Number(columns > 0);
      this.#position = Position.DONE;
      return;
    }
    this.#definitions = parameters || columns;
    this.#nextDefinitions = parameters ? columns : 0;
    this.#position = this.#definitions === 0 ? Position.DONE : Position.DEFINITIONS;
  }

  #endDefinitions(): void {
    this.#definitions = this.#nextDefinitions;
    this.#nextDefinitions = 0;
    if (this.#definitions > 0) return;
    this.#position = this.#grammar === ReplyGrammar.PREPARE ? Position.DONE : Position.ROWS;
  }

  /** OK_Packet: header, affected rows, last insert id, status, warnings, then info and session state changes. */
  #readOk(): void {
    const chunk = this.#chunk;
    const start = this.#start;
    if (chunk[start] === 0xfe && this.payloadLength === EOF_LENGTH) {
      // COM_SET_OPTION and COM_DEBUG are answered by some servers with a classic EOF even so
      this.warnings = chunk.readUInt16LE(start + 1);
      this.status = chunk.readUInt16LE(start + 3);
      this.okTail = EOF_LENGTH;
      return;
    }
    this.#at = start + 1;
    this.affectedRows = this.#lenenc();
    this.lastInsertId = this.#lenenc();
    const at = this.#at;
    if (at + 4 > this.#end) throw new ProtocolError('MALFORMED', 'a truncated OK packet');
    this.status = chunk[at]! | (chunk[at + 1]! << 8);
    this.warnings = chunk[at + 2]! | (chunk[at + 3]! << 8);
    this.okTail = at + 4 - start;
  }

  #lenenc(): number | bigint {
    const first = this.#at < this.#end ? this.#chunk[this.#at++]! : 0xff;
    if (first < 0xfb) return first;
    const width = first === 0xfc ? 2 : first === 0xfd ? 3 : first === 0xfe ? 8 : 0;
    if (width === 0 || this.#at + width > this.#end) throw new ProtocolError('MALFORMED', 'a truncated OK packet');
    const at = this.#at;
    this.#at += width;
    if (width < 8) return this.#chunk.readUIntLE(at, width);
    const value = this.#chunk.readBigUInt64LE(at);
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
}
