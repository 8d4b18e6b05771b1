import { ByteReader, ByteWriter } from './bytes';

/** One session tracker entry (manual: OK_Packet, session state information). */
export type Tracker =
  /** NULL (only character_set_results can be) comes as ''. */
  | { readonly kind: 'systemVariable'; readonly name: string; readonly value: string }
  | { readonly kind: 'schema'; readonly name: string }
  | { readonly kind: 'stateChange'; readonly changed: boolean }
  | { readonly kind: 'gtids'; readonly gtids: string }
  /** The statements that would start the same transaction, or set what was said for the next; empty: nothing said. */
  | { readonly kind: 'transactionCharacteristics'; readonly sql: string }
  /** Eight characters, e.g. `T_______` */
  | { readonly kind: 'transactionState'; readonly state: string }
  | { readonly kind: 'unknown'; readonly type: number; readonly data: Buffer };

const TrackerType = Object.freeze({
  systemVariable: 0,
  schema: 1,
  stateChange: 2,
  gtids: 3,
  transactionCharacteristics: 4,
  transactionState: 5,
} as const);

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
    const data = new ByteWriter();
    writeData(tracker, data);
    writer.u8(tracker.kind === 'unknown' ? tracker.type : TrackerType[tracker.kind]).lenencBuffer(data.finish());
  }
  return writer.finish();
}

function decodeEntry(type: number, data: Buffer, into: Tracker[]): void {
  const reader = new ByteReader(data);
  switch (type) {
    case TrackerType.systemVariable:
      // MariaDB puts all variables of a statement in one entry
      while (reader.remaining > 0) {
        into.push({ kind: 'systemVariable', name: reader.lenencString(), value: reader.lenencString() });
      }
      return;
    case TrackerType.schema:
      into.push({ kind: 'schema', name: reader.lenencString() });
      return;
    case TrackerType.stateChange:
      into.push({ kind: 'stateChange', changed: reader.u8() === 0x31 });
      return;
    case TrackerType.gtids:
      reader.skip(1); // encoding specification; 0 is the only one
      into.push({ kind: 'gtids', gtids: reader.lenencString() });
      return;
    case TrackerType.transactionCharacteristics:
      into.push({ kind: 'transactionCharacteristics', sql: reader.lenencString() });
      return;
    case TrackerType.transactionState:
      into.push({ kind: 'transactionState', state: reader.lenencString() });
      return;
    default:
      into.push({ kind: 'unknown', type, data });
  }
}

function writeData(tracker: Tracker, into: ByteWriter): void {
  switch (tracker.kind) {
    case 'systemVariable':
      into.lenencString(tracker.name).lenencString(tracker.value);
      return;
    case 'schema':
      into.lenencString(tracker.name);
      return;
    case 'stateChange':
      into.u8(tracker.changed ? 0x31 : 0x30);
      return;
    case 'gtids':
      into.u8(0).lenencString(tracker.gtids);
      return;
    case 'transactionCharacteristics':
      into.lenencString(tracker.sql);
      return;
    case 'transactionState':
      into.lenencString(tracker.state);
      return;
    case 'unknown':
      into.bytes(tracker.data);
      return;
  }
}
