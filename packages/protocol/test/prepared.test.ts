import fc from 'fast-check';
import { ByteWriter } from '../src/bytes';
import {
  decodePrepareOk,
  encodePrepare,
  encodePrepareOk,
  encodeStatementClose,
  encodeStatementReset,
  executeLayout,
  patchStatementId,
  statementId,
  withParamTypes,
} from '../src/prepared';
import { expectOnlyProtocolErrors } from './messages';

const TYPES = Buffer.from('0800fd000680', 'hex');

function execute(types?: Buffer): Buffer {
  const writer = new ByteWriter().u8(0x17).u32(7).u8(1).u32(1).u8(0b100);
  if (types === undefined) writer.u8(0);
  else writer.u8(1).bytes(types);
  return writer.u64(42n).lenencString('x').finish();
}

describe('COM_STMT_PREPARE_OK', () => {
  it('round-trips', () => {
    const ok = { statementId: 0xfedcba98, columnCount: 2, paramCount: 300, warnings: 1 };
    expect(decodePrepareOk(encodePrepareOk(ok))).toEqual(ok);
  });

  it('is what MySQL 9.7 and MariaDB 10.11 sent', () => {
    const payload = Buffer.from('000100000002000200000000', 'hex');
    expect(decodePrepareOk(payload)).toEqual({ statementId: 1, columnCount: 2, paramCount: 2, warnings: 0 });
    expect(encodePrepareOk(decodePrepareOk(payload)).equals(payload)).toBe(true);
  });
});

describe('statement ids', () => {
  it('are read and replaced in place', () => {
    for (const payload of [execute(TYPES), encodeStatementClose(7), encodeStatementReset(7)]) {
      expect(statementId(payload)).toBe(7);
      patchStatementId(payload, 0xffffffff);
      expect(statementId(payload)).toBe(0xffffffff);
    }
  });

  it('are missed with a ProtocolError', () => {
    expect(() => statementId(Buffer.of(0x19, 1, 0, 0))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    expect(() => patchStatementId(Buffer.of(0x19, 1, 0, 0), 1)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it('follow the command byte of what we send ourselves', () => {
    expect(encodeStatementClose(1).toString('hex')).toBe('1901000000');
    expect(encodeStatementReset(1).toString('hex')).toBe('1a01000000');
    expect(encodePrepare(Buffer.from('SELECT ?')).toString()).toBe('\x16SELECT ?');
  });
});

describe('COM_STMT_EXECUTE', () => {
  it('is laid out with its types', () => {
    expect(executeLayout(execute(TYPES), 3)).toEqual({
      flags: 1,
      iterations: 1,
      nullBitmapOffset: 10,
      newParamsBound: true,
      typesOffset: 12,
      valuesOffset: 18,
    });
  });

  it('is laid out without them', () => {
    expect(executeLayout(execute(), 3)).toMatchObject({ newParamsBound: false, typesOffset: 12, valuesOffset: 12 });
  });

  it('has a longer NULL bitmap from the ninth parameter on', () => {
    const payload = new ByteWriter().u8(0x17).zeros(9).zeros(2).u8(0).finish();
    expect(executeLayout(payload, 9).valuesOffset).toBe(13);
  });

  it('ends after its head without parameters', () => {
    const payload = new ByteWriter().u8(0x17).u32(7).u8(0).u32(1).finish();
    expect(executeLayout(payload, 0)).toMatchObject({ newParamsBound: false, valuesOffset: 10 });
    expect(withParamTypes(payload, 0, Buffer.alloc(0))).toBe(payload);
  });

  it('gets the types that an earlier one had', () => {
    expect(withParamTypes(execute(), 3, TYPES).equals(execute(TYPES))).toBe(true);
  });

  it('keeps its own types', () => {
    const payload = execute(TYPES);
    expect(withParamTypes(payload, 3, Buffer.alloc(6))).toBe(payload);
  });

  it('is not given types of another statement', () => {
    expect(() => withParamTypes(execute(), 3, Buffer.alloc(4))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it('is refused by a ProtocolError when it is cut or makes no sense', () => {
    expectOnlyProtocolErrors(execute(TYPES), (payload) => executeLayout(payload, 3));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 65535 }), (bytes, paramCount) => {
        const payload = Buffer.from([0x17, ...bytes]);
        expectOnlyProtocolErrors(payload, (cut) => withParamTypes(cut, paramCount, TYPES));
        expectOnlyProtocolErrors(payload.fill(0, 0, 1), decodePrepareOk);
      }),
    );
  });
});
