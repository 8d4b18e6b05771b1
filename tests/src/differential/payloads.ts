import { Capability, decodeOk, decodeTrackers } from '@myswitch/protocol';

const SHOWN = 400;
const DEFINITION = Buffer.from('\x03def');
/** At the end of a column definition: its length, collation, length of values, type, flags, decimals, filler. */
const FIXED_PART = 13;

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

/** Whether both are an EOF after definitions, and differ in no more than these bits of the status. */
export function eofsBut(bits: number): (direct: Buffer, got: Buffer, before: Buffer | null) => boolean {
  return (direct, got, before) => {
    if (before?.subarray(0, 4).equals(DEFINITION) !== true) return false;
    if (direct.length !== 5 || got.length !== 5 || direct[0] !== 0xfe || got[0] !== 0xfe) return false;
    return ((direct.readUInt16LE(3) ^ got.readUInt16LE(3)) & ~bits) === 0;
  };
}

/** Whether both define the same column of what a user variable tells. */
export function defineVariable(direct: Buffer, got: Buffer): boolean {
  const [one, other] = [direct, got].map(
    (payload) => /^\x03def\0\0\0.[^\0]*@[^\0]*/s.exec(payload.toString('latin1'))?.[0],
  );
  return one !== undefined && one === other;
}

/** Whether both define the same column, with another collation in its metadata. */
export function sameButCollation(direct: Buffer, got: Buffer): boolean {
  if (direct.length !== got.length || !direct.subarray(0, 4).equals(DEFINITION)) return false;
  const collation = direct.length - FIXED_PART + 1;
  const cleared = [direct, got].map((payload) => Buffer.from(payload).fill(0, collation, collation + 2));
  return cleared[0]!.equals(cleared[1]!);
}

/** Whether both are an OK, and differ in the count of warnings only. */
export function sameButWarnings(direct: Buffer, got: Buffer): boolean {
  const [one, other] = [direct, got].map(okWithoutWarnings);
  return one !== null && other !== null && one === other;
}

function okWithoutWarnings(payload: Buffer): string | null {
  if ((payload[0] !== 0x00 && payload[0] !== 0xfe) || payload.length < 7) return null;
  const { affectedRows, lastInsertId, status, info, trackers } = decodeOk(payload, Capability.SESSION_TRACK);
  return [affectedRows, lastInsertId, status, String(info), trackers?.toString('hex')].join(' ');
}

function told(payload: Buffer): string | null {
  if ((payload[0] !== 0x00 && payload[0] !== 0xfe) || payload.length < 7) return null;
  const { trackers, ...rest } = decodeOk(payload, Capability.SESSION_TRACK);
  if (trackers === null) return null;
  const entries = decodeTrackers(trackers).map((tracker) => JSON.stringify(tracker));
  return JSON.stringify([String(rest.affectedRows), String(rest.lastInsertId), rest.status, rest.info, entries.sort()]);
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
