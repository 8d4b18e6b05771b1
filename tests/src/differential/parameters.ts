import { ByteWriter, ColumnType } from '@myswitch/protocol';

/** A value of a COM_STMT_EXECUTE (manual: Binary Protocol Value). */
export interface Parameter {
  readonly label: string;
  readonly type: ColumnType;
  readonly unsigned: boolean;
  /** null: NULL; undefined: sent before, as long data. */
  readonly value: Buffer | null | undefined;
}

function parameter(label: string, type: ColumnType, value: Parameter['value'], unsigned = false): Parameter {
  return { label, type, unsigned, value };
}

export const nul = (type: ColumnType = ColumnType.NULL): Parameter => parameter('NULL', type, null);
export const long = (): Parameter => parameter('long data', ColumnType.LONG_BLOB, undefined);
export const tiny = (value: number): Parameter => parameter(`tiny ${value}`, ColumnType.TINY, integer(value, 1));
export const short = (value: number): Parameter => parameter(`short ${value}`, ColumnType.SHORT, integer(value, 2));
export const int = (value: number): Parameter => parameter(`int ${value}`, ColumnType.LONG, integer(value, 4));
export const bigint = (value: bigint, unsigned = false): Parameter =>
  parameter(
    `bigint ${value}`,
    ColumnType.LONGLONG,
    new ByteWriter(8).u64(BigInt.asUintN(64, value)).finish(),
    unsigned,
  );

export function float(value: number): Parameter {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return parameter(`float ${value}`, ColumnType.FLOAT, bytes);
}

export function double(value: number): Parameter {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return parameter(`double ${value}`, ColumnType.DOUBLE, bytes);
}

export function text(value: string | Buffer, type: ColumnType = ColumnType.VAR_STRING): Parameter {
  const bytes = Buffer.from(value as string);
  return parameter(`'${bytes.toString('latin1').slice(0, 20)}'`, type, new ByteWriter().lenencBuffer(bytes).finish());
}

/** `parts`: year, month, day, hour, minute, second, microsecond, as many as the length says: 0, 3, 6 or 7. */
export function datetime(parts: readonly number[], type: ColumnType = ColumnType.DATETIME): Parameter {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micro = 0] = parts;
  const writer = new ByteWriter();
  if (parts.length > 0) writer.u16(year).u8(month).u8(day);
  if (parts.length > 3) writer.u8(hour).u8(minute).u8(second);
  if (parts.length > 6) writer.u32(micro);
  return parameter(`datetime ${parts.join('-')}`, type, counted(writer.finish()));
}

export function time(negative: boolean, parts: readonly number[]): Parameter {
  const [days = 0, hours = 0, minutes = 0, seconds = 0, micro = 0] = parts;
  const writer = new ByteWriter();
  if (parts.length > 0)
    writer
      .u8(negative ? 1 : 0)
      .u32(days)
      .u8(hours)
      .u8(minutes)
      .u8(seconds);
  if (parts.length > 4) writer.u32(micro);
  return parameter(`time ${parts.join(':')}`, ColumnType.TIME, counted(writer.finish()));
}

/** What follows the statement id in a COM_STMT_EXECUTE. */
export function executeBody(
  id: number,
  parameters: readonly Parameter[],
  { flags = 0, bound = false }: { readonly flags?: number; readonly bound?: boolean },
): Buffer {
  const writer = new ByteWriter().u32(id).u8(flags).u32(1);
  if (parameters.length === 0) return writer.finish();
  const nulls = Buffer.alloc((parameters.length + 7) >> 3);
  parameters.forEach(({ value }, i) => {
    if (value === null) nulls[i >> 3]! |= 1 << (i & 7);
  });
  writer.bytes(nulls).u8(bound ? 0 : 1);
  if (!bound) for (const { type, unsigned } of parameters) writer.u8(type).u8(unsigned ? 0x80 : 0);
  for (const { value } of parameters) if (value) writer.bytes(value);
  return writer.finish();
}

function counted(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function integer(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeIntLE(value, 0, length);
  return bytes;
}
