import { ByteReader, ByteWriter } from './bytes';
import { Command } from './constants';
import { ProtocolError } from './errors';

/** First packet of the reply to COM_STMT_PREPARE (manual: COM_STMT_PREPARE_OK). */
export interface PrepareOk {
  readonly statementId: number;
  readonly columnCount: number;
  readonly paramCount: number;
  readonly warnings: number;
}

/** Where the parts of a COM_STMT_EXECUTE lie. Without parameters all four offsets are the end of the fixed part. */
export interface ExecuteLayout {
  /** Cursor type; 0: none. */
  readonly flags: number;
  /** Always 1. */
  readonly iterations: number;
  readonly nullBitmapOffset: number;
  /** False: the values have the types of the execution before, on the same connection. */
  readonly newParamsBound: boolean;
  /** Two bytes a parameter, when newParamsBound; else equal to valuesOffset. */
  readonly typesOffset: number;
  readonly valuesOffset: number;
}

const ID_OFFSET = 1;
const EXECUTE_HEAD = 10;

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

/** For connections without CLIENT_QUERY_ATTRIBUTES, which lays the message out differently (manual: COM_STMT_EXECUTE). */
export function executeLayout(payload: Buffer, paramCount: number): ExecuteLayout {
  const reader = new ByteReader(payload);
  if (reader.u8() !== Command.STMT_EXECUTE) throw new ProtocolError('MALFORMED', 'not a COM_STMT_EXECUTE');
  reader.skip(4);
  const flags = reader.u8();
  const iterations = reader.u32();
  if (paramCount === 0) {
    const end = EXECUTE_HEAD;
    return { flags, iterations, nullBitmapOffset: end, newParamsBound: false, typesOffset: end, valuesOffset: end };
  }
  reader.skip((paramCount + 7) >> 3);
  const newParamsBound = reader.u8() === 1;
  const typesOffset = reader.offset;
  if (newParamsBound) reader.skip(paramCount * 2);
  return {
    flags,
    iterations,
    nullBitmapOffset: EXECUTE_HEAD,
    newParamsBound,
    typesOffset,
    valuesOffset: reader.offset,
  };
}

/**
 * A COM_STMT_EXECUTE that names its parameter types: another session may have executed the same backend statement with
 * other ones. `types`: two bytes a parameter, as a former execution of this client sent them. Returns `payload` itself
 * when it names them already.
 */
export function withParamTypes(payload: Buffer, paramCount: number, types: Buffer): Buffer {
  const layout = executeLayout(payload, paramCount);
  if (paramCount === 0 || layout.newParamsBound) return payload;
  if (types.length !== paramCount * 2) {
    throw new ProtocolError('MALFORMED', `${types.length} bytes of types for ${paramCount} parameters`);
  }
  return Buffer.concat([
    payload.subarray(0, layout.typesOffset - 1),
    Buffer.of(1),
    types,
    payload.subarray(layout.valuesOffset),
  ]);
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
