import { ByteReader, ByteWriter } from './bytes';
import { Capability, ColumnType } from './constants';
import { ProtocolError } from './errors';
import { encodePacket, lastSequence } from './packet';
import { encodeEof, encodeOk } from './replies';

/** Manual: Protocol::ColumnDefinition41. */
export interface ColumnDefinition {
  readonly schema: string;
  /** Alias of the table; '' for an expression. */
  readonly table: string;
  readonly orgTable: string;
  readonly name: string;
  readonly orgName: string;
  readonly characterSet: number;
  /** Display width in bytes. */
  readonly length: number;
  /** A ColumnType, or one that only the server knows. */
  readonly type: number;
  readonly flags: number;
  readonly decimals: number;
}

export interface TextResultsetOptions {
  /** Negotiated with the client. Not to be offered here: OPTIONAL_RESULTSET_METADATA. */
  readonly capabilities: number;
  /** ServerStatus bits for the end of the result set. */
  readonly status: number;
  /** Sequence id of the first packet: 1 for the reply to a command. */
  readonly startSequence: number;
}

export interface FramedPackets {
  readonly bytes: Buffer;
  /** Sequence id of the packet that comes next. */
  readonly nextSequence: number;
}

/** A text field: a string is sent as UTF-8. */
export type TextValue = Buffer | string | null;

const CATALOG = 'def';
const FIXED_FIELDS = 0x0c;
const NULL = 0xfb;
const UTF8MB4_GENERAL_CI = 45;
const VARCHAR_LENGTH = 1024;

/** A nullable UTF-8 text column that belongs to no table, as the admin port's rows have. */
export function textColumn(name: string): ColumnDefinition {
  return {
    schema: '',
    table: '',
    orgTable: '',
    name,
    orgName: '',
    characterSet: UTF8MB4_GENERAL_CI,
    length: VARCHAR_LENGTH,
    type: ColumnType.VAR_STRING,
    flags: 0,
    decimals: 0,
  };
}

export function encodeColumnDefinition(column: ColumnDefinition): Buffer {
  return new ByteWriter()
    .lenencString(CATALOG)
    .lenencString(column.schema)
    .lenencString(column.table)
    .lenencString(column.orgTable)
    .lenencString(column.name)
    .lenencString(column.orgName)
    .u8(FIXED_FIELDS)
    .u16(column.characterSet)
    .u32(column.length)
    .u8(column.type)
    .u16(column.flags)
    .u8(column.decimals)
    .zeros(2)
    .finish();
}

/** `extended`: the connection has MariaDB's EXTENDED_METADATA, which is passed over. */
export function decodeColumnDefinition(payload: Buffer, extended = false): ColumnDefinition {
  const reader = new ByteReader(payload);
  reader.lenencBuffer(); // catalog, always "def"
  const schema = reader.lenencString();
  const table = reader.lenencString();
  const orgTable = reader.lenencString();
  const name = reader.lenencString();
  const orgName = reader.lenencString();
  if (extended) reader.lenencBuffer();
  if (reader.lenenc() < FIXED_FIELDS) throw new ProtocolError('MALFORMED', 'column definition too short');
  const characterSet = reader.u16();
  const length = reader.u32();
  const type = reader.u8();
  const flags = reader.u16();
  const decimals = reader.u8();
  return { schema, table, orgTable, name, orgName, characterSet, length, type, flags, decimals };
}

/** Manual: Protocol::ResultsetRow of a text result set. */
export function encodeTextRow(values: readonly TextValue[]): Buffer {
  const writer = new ByteWriter();
  for (const value of values) {
    if (value === null) writer.u8(NULL);
    else if (typeof value === 'string') writer.lenencString(value);
    else writer.lenencBuffer(value);
  }
  return writer.finish();
}

/** `null` is SQL's NULL. Throws MALFORMED when the row does not have just `columnCount` fields. */
export function decodeTextRow(payload: Buffer, columnCount: number): (Buffer | null)[] {
  const reader = new ByteReader(payload);
  const values: (Buffer | null)[] = [];
  for (let i = 0; i < columnCount; i++) {
    if (reader.peek() === NULL) {
      reader.skip(1);
      values.push(null);
    } else {
      values.push(reader.lenencBuffer());
    }
  }
  if (reader.remaining > 0) throw new ProtocolError('MALFORMED', `row with more than ${columnCount} fields`);
  return values;
}

/** Column count, definitions and, without CLIENT_DEPRECATE_EOF, the EOF after them. Rows may follow one by one. */
export function encodeResultsetHead(
  columns: readonly ColumnDefinition[],
  { capabilities, status, startSequence }: TextResultsetOptions,
): FramedPackets {
  const payloads = [new ByteWriter(9).lenenc(columns.length).finish(), ...columns.map(encodeColumnDefinition)];
  if (!deprecatesEof(capabilities)) payloads.push(encodeEof({ warnings: 0, status }));
  return frame(payloads, startSequence);
}

/** Rows, framed, from `startSequence` on. */
export function encodeTextRows(rows: readonly (readonly TextValue[])[], startSequence: number): FramedPackets {
  return frame(rows.map(encodeTextRow), startSequence);
}

/** The packet after the last row. */
export function encodeResultsetEnd({ capabilities, status, startSequence }: TextResultsetOptions): FramedPackets {
  const end = deprecatesEof(capabilities)
    ? encodeOk({ header: 0xfe, affectedRows: 0, lastInsertId: 0n, status, warnings: 0, info: '', trackers: null }, 0)
    : encodeEof({ warnings: 0, status });
  return frame([end], startSequence);
}

/** A whole text result set, framed (manual: Text Resultset). */
export function encodeTextResultset(
  columns: readonly ColumnDefinition[],
  rows: readonly (readonly TextValue[])[],
  options: TextResultsetOptions,
): Buffer {
  const head = encodeResultsetHead(columns, options);
  const body = encodeTextRows(rows, head.nextSequence);
  const end = encodeResultsetEnd({ ...options, startSequence: body.nextSequence });
  return Buffer.concat([head.bytes, body.bytes, end.bytes]);
}

function deprecatesEof(capabilities: number): boolean {
  return (capabilities & Capability.DEPRECATE_EOF) !== 0;
}

function frame(payloads: readonly Buffer[], startSequence: number): FramedPackets {
  let sequence = startSequence;
  const packets = payloads.map((payload) => {
    const packet = encodePacket(payload, sequence);
    sequence = (lastSequence(payload.length, sequence) + 1) & 0xff;
    return packet;
  });
  return { bytes: Buffer.concat(packets), nextSequence: sequence };
}
