import { ByteReader, ByteWriter } from './bytes';

/** One session tracker entry (manual: OK_Packet, session state information). */
export type Tracker =
  | { readonly kind: 'systemVariable'; readonly name: string; readonly value: string }
  | { readonly kind: 'schema'; readonly name: string }
  | { readonly kind: 'stateChange'; readonly changed: boolean }
  | { readonly kind: 'gtids'; readonly gtids: string }
  /** The statements that would start the same transaction, or set what was said for the next; empty: nothing said. */
  | { readonly kind: 'transactionCharacteristics'; readonly sql: string }
  /** Eight characters, e.g. `T_______` */
  | { readonly kind: 'transactionState'; readonly state: string }
  | { readonly kind: 'unknown'; readonly type: number; readonly data: Buffer };

const SYSTEM_VARIABLES = 0;
const SCHEMA = 1;
const STATE_CHANGE = 2;
const GTIDS = 3;
const TRANSACTION_CHARACTERISTICS = 4;
const TRANSACTION_STATE = 5;

/** `block`: Ok.trackers. In the order in which they were sent. */
export function decodeTrackers(block: Buffer): Tracker[] {
  const trackers: Tracker[] = [];
  const reader = new ByteReader(block);
  while (reader.remaining > 0) decodeEntry(reader.u8(), reader.lenencBuffer(), trackers);
  return trackers;
}

/** One entry each, as MySQL sends them. */
export function encodeTrackers(trackers: readonly Tracker[]): Buffer {
  const writer = new ByteWriter();
  for (const tracker of trackers) {
    const { type, data } = encodeEntry(tracker);
    writer.u8(type).lenencBuffer(data);
  }
  return writer.finish();
}

function decodeEntry(type: number, data: Buffer, into: Tracker[]): void {
  const reader = new ByteReader(data);
  switch (type) {
    case SYSTEM_VARIABLES:
      // MariaDB puts all variables of a statement in one entry
      while (reader.remaining > 0) {
        into.push({ kind: 'systemVariable', name: reader.lenencString(), value: reader.lenencString() });
      }
      return;
    case SCHEMA:
      into.push({ kind: 'schema', name: reader.lenencString() });
      return;
    case STATE_CHANGE:
      into.push({ kind: 'stateChange', changed: reader.lenencString() === '1' });
      return;
    case GTIDS:
      reader.skip(1); // encoding specification; 0 is the only one
      into.push({ kind: 'gtids', gtids: reader.lenencString() });
      return;
    case TRANSACTION_CHARACTERISTICS:
      into.push({ kind: 'transactionCharacteristics', sql: reader.lenencString() });
      return;
    case TRANSACTION_STATE:
      into.push({ kind: 'transactionState', state: reader.lenencString() });
      return;
    default:
      into.push({ kind: 'unknown', type, data });
  }
}

function encodeEntry(tracker: Tracker): { type: number; data: Buffer } {
  const writer = new ByteWriter();
  switch (tracker.kind) {
    case 'systemVariable':
      return {
        type: SYSTEM_VARIABLES,
        data: writer.lenencString(tracker.name).lenencString(tracker.value).finish(),
      };
    case 'schema':
      return { type: SCHEMA, data: writer.lenencString(tracker.name).finish() };
    case 'stateChange':
      return { type: STATE_CHANGE, data: writer.lenencString(tracker.changed ? '1' : '0').finish() };
    case 'gtids':
      return { type: GTIDS, data: writer.u8(0).lenencString(tracker.gtids).finish() };
    case 'transactionCharacteristics':
      return { type: TRANSACTION_CHARACTERISTICS, data: writer.lenencString(tracker.sql).finish() };
    case 'transactionState':
      return { type: TRANSACTION_STATE, data: writer.lenencString(tracker.state).finish() };
    default:
      return { type: tracker.type, data: tracker.data };
  }
}
