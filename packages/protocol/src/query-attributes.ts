import { ByteReader } from './bytes';
import { ColumnType, Command } from './constants';
import { ProtocolError } from './errors';

/** Bytes of a value of the binary protocol; of types that are absent the value itself tells. */
const WIDTHS: Readonly<Partial<Record<number, number>>> = {
  [ColumnType.NULL]: 0,
  [ColumnType.TINY]: 1,
  [ColumnType.SHORT]: 2,
  [ColumnType.YEAR]: 2,
  [ColumnType.LONG]: 4,
  [ColumnType.INT24]: 4,
  [ColumnType.FLOAT]: 4,
  [ColumnType.LONGLONG]: 8,
  [ColumnType.DOUBLE]: 8,
};
const TEMPORAL: ReadonlySet<number> = new Set([
  ColumnType.DATE,
  ColumnType.DATETIME,
  ColumnType.TIMESTAMP,
  ColumnType.TIME,
]);

/**
 * Where the text of a COM_QUERY begins on a connection with CLIENT_QUERY_ATTRIBUTES: behind the attributes (manual:
 * COM_QUERY). Throws MALFORMED.
 */
export function queryTextOffset(payload: Buffer): number {
  if (payload[1] === 0 && payload[2] === 1) return 3; // nearly always: none
  const reader = new ByteReader(payload);
  if (reader.u8() !== Command.QUERY) throw new ProtocolError('MALFORMED', 'not a COM_QUERY');
  const count = reader.lenenc();
  reader.lenenc(); // how many sets of them follow: 1
  if (count === 0) return reader.offset;
  const nulls = reader.bytes(Math.ceil(count / 8)); // a count may have more than the 32 bits of a shift
  if (reader.u8() !== 1) throw new ProtocolError('MALFORMED', 'attributes without their types');
  const types = readTypes(reader, count);
  for (let i = 0; i < count; i++) {
    if ((nulls[i >> 3]! & (1 << (i & 7))) === 0) skipValue(reader, types[2 * i]!);
  }
  return reader.offset;
}

/** Two bytes for each of `count` parameters, whose names are passed over. */
export function readTypes(reader: ByteReader, count: number): Buffer {
  // a type and the length of a name are three bytes: a count that does not fit costs nothing
  if (count * 3 > reader.remaining) throw new ProtocolError('MALFORMED', 'fewer types than parameters');
  const types = Buffer.allocUnsafe(count * 2);
  for (let i = 0; i < count; i++) {
    reader.bytes(2).copy(types, 2 * i);
    reader.lenencBuffer();
  }
  return types;
}

function skipValue(reader: ByteReader, type: number): void {
  const width = WIDTHS[type];
  if (width !== undefined) reader.skip(width);
  else if (TEMPORAL.has(type)) reader.skip(reader.u8());
  else reader.lenencBuffer();
}
