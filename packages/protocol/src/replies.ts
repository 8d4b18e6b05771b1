import { ByteReader, ByteWriter } from './bytes';
import { Capability, MAX_PACKET, ServerStatus } from './constants';
import { ProtocolError } from './errors';

/** Manual: OK_Packet. Also ends a result set, then with header 0xfe, under CLIENT_DEPRECATE_EOF. */
export interface Ok {
  readonly header: 0x00 | 0xfe;
  /** bigint above 2^53 only. */
  readonly affectedRows: number | bigint;
  readonly lastInsertId: bigint;
  /** ServerStatus bits. */
  readonly status: number;
  readonly warnings: number;
  /** A Buffer when decoded. */
  readonly info: Buffer | string;
  /** Session trackers, undecoded (see decodeTrackers); null: none sent. */
  readonly trackers: Buffer | null;
}

/** Manual: ERR_Packet. */
export interface Err {
  readonly code: number;
  /** Five characters. */
  readonly sqlState: string;
  readonly message: string;
}

/** Manual: EOF_Packet. */
export interface Eof {
  readonly warnings: number;
  readonly status: number;
}

const OK = 0x00;
const EOF = 0xfe;
const ERR = 0xff;
const EOF_LENGTH = 5;
const OK_LENGTH = 7;
const NO_BYTES = Buffer.alloc(0);

/** True where an OK may stand: as first packet of a reply. Inside a result set the same bytes can be a row. */
export function isOk(payload: Buffer): boolean {
  return payload[0] === OK && payload.length >= OK_LENGTH;
}

/** No row starts with 0xff, so this holds anywhere in a reply. */
export function isErr(payload: Buffer): boolean {
  return payload[0] === ERR;
}

/** The classic EOF, for connections without CLIENT_DEPRECATE_EOF; with it see isFinalOk. */
export function isEof(payload: Buffer): boolean {
  return payload[0] === EOF && payload.length === EOF_LENGTH;
}

/** The OK that ends a result set under CLIENT_DEPRECATE_EOF. A row that starts with 0xfe has a first field above 16 MiB. */
export function isFinalOk(payload: Buffer): boolean {
  return payload[0] === EOF && payload.length >= OK_LENGTH && payload.length < MAX_PACKET;
}

/** `capabilities`: those negotiated on the connection that it came from. */
export function decodeOk(payload: Buffer, capabilities: number): Ok {
  const reader = new ByteReader(payload);
  const header = reader.u8();
  if (header !== OK && header !== EOF) throw new ProtocolError('MALFORMED', 'not an OK');
  const affected = reader.lenencBigint();
  const lastInsertId = reader.lenencBigint();
  const status = reader.u16();
  const warnings = reader.u16();
  let info: Buffer = NO_BYTES;
  let trackers: Buffer | null = null;
  if ((capabilities & Capability.SESSION_TRACK) !== 0) {
    if (reader.remaining > 0) info = reader.lenencBuffer();
    if ((status & ServerStatus.SESSION_STATE_CHANGED) !== 0 && reader.remaining > 0) trackers = reader.lenencBuffer();
  } else if (reader.remaining > 0) {
    info = plainInfo(reader);
  }
  const affectedRows = affected > BigInt(Number.MAX_SAFE_INTEGER) ? affected : Number(affected);
  return { header, affectedRows, lastInsertId, status, warnings, info, trackers };
}

/**
 * `capabilities`: those of the connection that it goes to. Without CLIENT_SESSION_TRACK the trackers and the status bit
 * that announces them are left out.
 */
export function encodeOk(ok: Ok, capabilities: number): Buffer {
  const info = typeof ok.info === 'string' ? Buffer.from(ok.info, 'utf8') : ok.info;
  const trackers = (capabilities & Capability.SESSION_TRACK) === 0 ? null : ok.trackers;
  const plainStatus = ok.status & ~ServerStatus.SESSION_STATE_CHANGED;
  const status = trackers === null ? plainStatus : plainStatus | ServerStatus.SESSION_STATE_CHANGED;
  const writer = new ByteWriter(32 + info.length + (trackers?.length ?? 0))
    .u8(ok.header)
    .lenenc(ok.affectedRows)
    .lenenc(ok.lastInsertId)
    .u16(status)
    .u16(ok.warnings);
  if (info.length > 0 || trackers !== null) writer.lenencBuffer(info);
  if (trackers !== null) writer.lenencBuffer(trackers);
  return writer.finish();
}

/** Before login servers send it without SQLSTATE ("Too many connections"); that reads as HY000. */
export function decodeErr(payload: Buffer): Err {
  const reader = new ByteReader(payload);
  if (reader.u8() !== ERR) throw new ProtocolError('MALFORMED', 'not an ERR');
  const code = reader.u16();
  let sqlState = 'HY000';
  if (reader.remaining > 0 && reader.peek() === 0x23) {
    reader.skip(1);
    sqlState = reader.bytes(5).toString('latin1');
  }
  return { code, sqlState, message: reader.rest().toString('utf8') };
}

export function encodeErr(err: Err): Buffer {
  return new ByteWriter(16 + err.message.length)
    .u8(ERR)
    .u16(err.code)
    .u8(0x23)
    .bytes(Buffer.from(err.sqlState.padEnd(5, '0').slice(0, 5), 'latin1'))
    .bytes(Buffer.from(err.message, 'utf8'))
    .finish();
}

export function encodeEof(eof: Eof): Buffer {
  return new ByteWriter(EOF_LENGTH).u8(EOF).u16(eof.warnings).u16(eof.status).finish();
}

export function decodeEof(payload: Buffer): Eof {
  const reader = new ByteReader(payload);
  if (reader.u8() !== EOF) throw new ProtocolError('MALFORMED', 'not an EOF');
  return { warnings: reader.u16(), status: reader.u16() };
}

/** The manual says "up to the end"; MySQL and MariaDB put the length before it here too. */
function plainInfo(reader: ByteReader): Buffer {
  const whole = reader.rest();
  const inner = new ByteReader(whole);
  if (inner.peek() < 0xfb) {
    const length = inner.lenenc();
    if (length === inner.remaining) return inner.rest();
  }
  return whole;
}
