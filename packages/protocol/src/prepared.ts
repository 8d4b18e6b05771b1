import { ByteReader, ByteWriter } from './bytes';
import { Command } from './constants';
import { ProtocolError } from './errors';
import { readTypes } from './query-attributes';

/** First packet of the reply to COM_STMT_PREPARE (manual: COM_STMT_PREPARE_OK). */
export interface PrepareOk {
  readonly statementId: number;
  readonly columnCount: number;
  readonly paramCount: number;
  readonly warnings: number;
}

/** Where the parts of a COM_STMT_EXECUTE lie. */
export interface ExecuteLayout {
  /** Cursor type; 0: none. */
  readonly flags: number;
  /** Two bytes for each parameter of the statement; null: the values have the types of the execution before. */
  readonly types: Buffer | null;
  /** Parameters, with those that are attributes of the query; without any, all offsets are the end of the fixed part. */
  readonly count: number;
  readonly nullBitmapOffset: number;
  readonly typesOffset: number;
  readonly valuesOffset: number;
}

const ID_OFFSET = 1;
const FLAGS_OFFSET = 5;
const EXECUTE_HEAD = 10;
const BULK_HEAD = 7;
const CURSOR_TYPES = 0x07;
/** Only with CLIENT_QUERY_ATTRIBUTES. */
const PARAMETER_COUNT_AVAILABLE = 0x08;
/** Of a COM_STMT_BULK_EXECUTE. */
const SEND_TYPES_TO_SERVER = 0x80;

export function decodePrepareOk(payload: Buffer): PrepareOk {
  const reader = new ByteReader(payload);
  if (reader.u8() !== 0) throw new ProtocolError('MALFORMED', 'not a COM_STMT_PREPARE_OK');
  const id = reader.u32();
  const columnCount = reader.u16();
  const paramCount = reader.u16();
  reader.skip(1);
  return { statementId: id, columnCount, paramCount, warnings: reader.remaining >= 2 ? reader.u16() : 0 };
}

export function encodePrepareOk(ok: PrepareOk): Buffer {
  return new ByteWriter(12)
    .u8(0)
    .u32(ok.statementId)
    .u16(ok.columnCount)
    .u16(ok.paramCount)
    .u8(0)
    .u16(ok.warnings)
    .finish();
}

/** Statement id of EXECUTE, SEND_LONG_DATA, CLOSE, RESET, FETCH, BULK_EXECUTE, and of a COM_STMT_PREPARE_OK: all have it first. */
export function statementId(payload: Buffer): number {
  return new ByteReader(payload, ID_OFFSET).u32();
}

/** Writes another statement id into such a message, in place. */
export function patchStatementId(payload: Buffer, id: number): void {
  if (payload.length < ID_OFFSET + 4) throw new ProtocolError('MALFORMED', 'message without a statement id');
  payload.writeUInt32LE(id, ID_OFFSET);
}

/**
 * Manual: COM_STMT_EXECUTE. `attributes`: the connection has CLIENT_QUERY_ATTRIBUTES, so the message counts its parameters
 * and names their types. Throws MALFORMED.
 */
export function executeLayout(payload: Buffer, paramCount: number, attributes = false): ExecuteLayout {
  const reader = new ByteReader(payload);
  if (reader.u8() !== Command.STMT_EXECUTE) throw new ProtocolError('MALFORMED', 'not a COM_STMT_EXECUTE');
  reader.skip(4);
  const flags = reader.u8();
  reader.skip(4);
  const counted = attributes && (paramCount > 0 || (flags & PARAMETER_COUNT_AVAILABLE) !== 0);
  const count = counted ? reader.lenenc() : paramCount;
  if (count < paramCount) throw new ProtocolError('MALFORMED', `${count} values for ${paramCount} parameters`);
  const nullBitmapOffset = reader.offset;
  let typesOffset = nullBitmapOffset;
  let types: Buffer | null = null;
  if (count > 0) {
    reader.skip(Math.ceil(count / 8));
    const bound = reader.u8() === 1;
    typesOffset = reader.offset;
    if (bound) types = attributes ? readTypes(reader, count).subarray(0, paramCount * 2) : reader.bytes(paramCount * 2);
  }
  return { flags: flags & CURSOR_TYPES, types, count, nullBitmapOffset, typesOffset, valuesOffset: reader.offset };
}

/**
 * A COM_STMT_EXECUTE that names its parameter types: another session may have executed the same backend statement with
 * other ones. `types`: two bytes a parameter, as a former execution of this client sent them. Returns `payload` itself
 * when it names them already.
 */
export function withParamTypes(payload: Buffer, paramCount: number, types: Buffer, attributes = false): Buffer {
  const layout = executeLayout(payload, paramCount, attributes);
  if (paramCount === 0 || layout.types !== null) return payload;
  checkTypes(types, paramCount);
  if (layout.count > paramCount) throw new ProtocolError('MALFORMED', 'attributes without their types');
  return Buffer.concat([
    payload.subarray(0, layout.typesOffset - 1),
    Buffer.of(1),
    attributes ? withoutNames(types) : types,
    payload.subarray(layout.valuesOffset),
  ]);
}

/** Types as a connection with CLIENT_QUERY_ATTRIBUTES sends them: each with a name, here an empty one. */
function withoutNames(types: Buffer): Buffer {
  const named = Buffer.alloc((types.length / 2) * 3);
  for (let i = 0; 2 * i < types.length; i++) types.copy(named, 3 * i, 2 * i, 2 * i + 2);
  return named;
}

/**
 * A COM_STMT_EXECUTE of a connection with CLIENT_QUERY_ATTRIBUTES for one without it. Values of attributes stay behind those of the
 * parameters, where no server looks.
 */
export function withoutQueryAttributes(payload: Buffer, paramCount: number): Buffer {
  const { types, nullBitmapOffset, valuesOffset } = executeLayout(payload, paramCount, true);
  const head = Buffer.from(payload.subarray(0, EXECUTE_HEAD));
  head[FLAGS_OFFSET]! &= CURSOR_TYPES;
  if (paramCount === 0) return head;
  return Buffer.concat([
    head,
    payload.subarray(nullBitmapOffset, nullBitmapOffset + Math.ceil(paramCount / 8)),
    Buffer.of(types === null ? 0 : 1),
    types ?? Buffer.alloc(0),
    payload.subarray(valuesOffset),
  ]);
}

/** Parameter types that a COM_STMT_BULK_EXECUTE names (MariaDB); null: those of the execution before. Throws MALFORMED. */
export function bulkTypes(payload: Buffer, paramCount: number): Buffer | null {
  const reader = new ByteReader(payload, FLAGS_OFFSET);
  if ((reader.u16() & SEND_TYPES_TO_SERVER) === 0) return null;
  return reader.bytes(paramCount * 2);
}

/** The same as withParamTypes, for a COM_STMT_BULK_EXECUTE. */
export function withBulkTypes(payload: Buffer, paramCount: number, types: Buffer): Buffer {
  if (bulkTypes(payload, paramCount) !== null) return payload;
  checkTypes(types, paramCount);
  const head = Buffer.from(payload.subarray(0, BULK_HEAD));
  head[FLAGS_OFFSET]! |= SEND_TYPES_TO_SERVER;
  return Buffer.concat([head, types, payload.subarray(BULK_HEAD)]);
}

function checkTypes(types: Buffer, paramCount: number): void {
  if (types.length === paramCount * 2) return;
  throw new ProtocolError('MALFORMED', `${types.length} bytes of types for ${paramCount} parameters`);
}

/** `sql`: the bytes as the client sent them, in its own character set. */
export function encodePrepare(sql: Buffer): Buffer {
  return Buffer.concat([Buffer.of(Command.STMT_PREPARE), sql]);
}

/** The server does not reply to it. */
export function encodeStatementClose(id: number): Buffer {
  return new ByteWriter(5).u8(Command.STMT_CLOSE).u32(id).finish();
}

export function encodeStatementReset(id: number): Buffer {
  return new ByteWriter(5).u8(Command.STMT_RESET).u32(id).finish();
}
