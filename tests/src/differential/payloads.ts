import { Capability, decodeOk, decodeTrackers } from '@myswitch/protocol';

const SHOWN = 400;

export function firstDifferent(direct: readonly Buffer[], got: readonly Buffer[]): number {
  let at = 0;
  while (direct[at] !== undefined && got[at] !== undefined && direct[at]!.equals(got[at]!)) at++;
  return at;
}

/** One payload of a reply, where it stands in it. */
export function shown(payloads: readonly Buffer[], at: number): string {
  return `${at + 1}/${payloads.length}: ${payloads[at] === undefined ? '(nothing)' : payloadText(payloads[at]!)}`;
}

/** Whether both are an OK that tells the same of the session, in whatever order. */
export function tellSame(direct: Buffer, got: Buffer): boolean {
  const [one, other] = [direct, got].map(told);
  return one !== null && other !== null && one === other;
}

function told(payload: Buffer): string | null {
  if (payload[0] !== 0x00 && payload[0] !== 0xfe) return null;
  const { trackers, ...rest } = decodeOk(payload, Capability.SESSION_TRACK);
  if (trackers === null) return null;
  const entries = decodeTrackers(trackers).map((tracker) => JSON.stringify(tracker));
  return JSON.stringify([String(rest.affectedRows), String(rest.lastInsertId), rest.status, rest.info, entries.sort()]);
}

function payloadText(payload: Buffer): string {
  if (payload[0] === 0xff) return `ERR ${payload.readUInt16LE(1)} ${payload.toString('utf8', 3)}`;
  const cut = payload.subarray(0, SHOWN);
  const text = Array.from(cut, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(16).padStart(2, '0')}`,
  ).join('');
  return payload.length > SHOWN ? `${text}… (${payload.length} bytes)` : text;
}
