import { Capability, type Ok, decodeOk, decodeTrackers } from '@myswitch/protocol';

const SHOWN = 400;
const DEFINITION = Buffer.from('\x03def');
const OF_NO_TABLE = Buffer.from('\x03def\0\0\0');
/** At the end of a column definition: its length, collation, length of values, type, flags, decimals, filler. */
const FIXED_PART = 13;
/** Of a column whose collation ends in _bin. */
const BINARY_FLAG = 0x80;

/** Payloads at the same place of two replies that differ; null where one of them has no more. */
export interface Pair {
  readonly at: number;
  readonly direct: Buffer | null;
  readonly got: Buffer | null;
  /** What came before it, direct. */
  readonly before: Buffer | null;
}

export function differentPairs(direct: readonly Buffer[], got: readonly Buffer[]): Pair[] {
  const pairs = Array.from({ length: Math.max(direct.length, got.length) }, (_, at): Pair => {
    return { at, direct: direct[at] ?? null, got: got[at] ?? null, before: direct[at - 1] ?? null };
  });
  return pairs.filter((pair) => pair.direct === null || pair.got === null || !pair.direct.equals(pair.got));
}

/** Whether both are an OK that tells the same of the session, in whatever order. */
export function tellSame(direct: Buffer, got: Buffer): boolean {
  const [one, other] = [direct, got].map(told);
  return one !== null && other !== null && one === other;
}

type Predicate = (direct: Buffer, got: Buffer, before: Buffer | null) => boolean;

/** Whether both are the EOF after definitions, and differ in no more than these bits of the status and the count of warnings. */
export function eofsBut(bits: number): Predicate {
  return (direct, got, before) => before?.subarray(0, 4).equals(DEFINITION) === true && areEofsBut(bits, direct, got);
}

/** Whether both are the EOF after rows, and differ in no more than these bits of the status. */
export function lastEofsBut(bits: number): Predicate {
  return (direct, got, before) =>
    before?.subarray(0, 4).equals(DEFINITION) !== true &&
    areEofsBut(bits, direct, got) &&
    direct.readUInt16LE(1) === got.readUInt16LE(1);
}

function areEofsBut(bits: number, direct: Buffer, got: Buffer): boolean {
  if (direct.length !== 5 || got.length !== 5 || direct[0] !== 0xfe || got[0] !== 0xfe) return false;
  return ((direct.readUInt16LE(3) ^ got.readUInt16LE(3)) & ~bits) === 0;
}

/** Whether both define the same column of what a user variable tells. */
export function defineVariable(direct: Buffer, got: Buffer): boolean {
  const [one, other] = [direct, got].map(columnName);
  return one !== null && one === other && one!.includes('@');
}

/** Of an expression, which is of no table. */
function columnName(payload: Buffer): string | null {
  if (!payload.subarray(0, 7).equals(OF_NO_TABLE)) return null;
  return payload.toString('latin1', 8, 8 + payload[7]!);
}

/** Whether both define the same column, with another collation in its metadata, and with the flag that says it is a binary one. */
export function sameButCollation(direct: Buffer, got: Buffer): boolean {
  if (direct.length !== got.length || !direct.subarray(0, 4).equals(DEFINITION)) return false;
  const collation = direct.length - FIXED_PART + 1;
  const flags = direct.length - FIXED_PART + 8;
  const cleared = [direct, got].map((payload) => {
    const copy = Buffer.from(payload).fill(0, collation, collation + 2);
    copy[flags]! &= ~BINARY_FLAG;
    return copy;
  });
  return cleared[0]!.equals(cleared[1]!);
}

/** Whether both are an OK or an EOF, and differ in the count of warnings only. */
export function sameButWarnings(direct: Buffer, got: Buffer): boolean {
  if (direct.length === 5 && direct[0] === 0xfe && got.length === 5) return direct.subarray(3).equals(got.subarray(3));
  const [one, other] = [direct, got].map(okWithoutWarnings);
  return one !== null && other !== null && one === other;
}

function okWithoutWarnings(payload: Buffer): string | null {
  const ok = okOf(payload);
  if (ok === null) return null;
  return [ok.affectedRows, ok.lastInsertId, ok.status, String(ok.info), ok.trackers?.toString('hex')].join(' ');
}

function told(payload: Buffer): string | null {
  const ok = okOf(payload);
  if (ok === null || ok.trackers === null) return null;
  const entries = decodeTrackers(ok.trackers).map((tracker) => JSON.stringify(tracker));
  return [ok.affectedRows, ok.lastInsertId, ok.status, ok.warnings, String(ok.info), ...entries.sort()].join(' ');
}

/** A row of the binary protocol starts as an OK does; it reads as null, or as an OK that no other one equals. */
function okOf(payload: Buffer): Ok | null {
  if ((payload[0] !== 0x00 && payload[0] !== 0xfe) || payload.length < 7) return null;
  try {
    return decodeOk(payload, Capability.SESSION_TRACK);
  } catch {
    return null;
  }
}

export function payloadText(payload: Buffer | null): string {
  if (payload === null) return '(nothing)';
  if (payload[0] === 0xff) return `ERR ${payload.readUInt16LE(1)} ${payload.toString('utf8', 3)}`;
  const cut = payload.subarray(0, SHOWN);
  const text = Array.from(cut, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(16).padStart(2, '0')}`,
  ).join('');
  return payload.length > SHOWN ? `${text}… (${payload.length} bytes)` : text;
}

/** Binary rows of NULL and a number, which is text in the one and a BIGINT in the other. */
export function sameNumberBehindNull(direct: Buffer, got: Buffer): boolean {
  const isRow = [direct, got].every((payload) => payload[0] === 0 && payload[1] === 0b100);
  return isRow && got.length === 10 && direct.toString('latin1', 3) === String(got.readBigInt64LE(2));
}
