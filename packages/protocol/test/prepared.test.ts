import fc from 'fast-check';
import { ByteWriter } from '../src/bytes';
import {
  decodePrepareOk,
  encodePrepare,
  encodePrepareOk,
  encodeStatementClose,
  encodeStatementReset,
  bulkTypes,
  executeLayout,
  patchStatementId,
  statementId,
  withBulkTypes,
  withoutQueryAttributes,
  withParamTypes,
} from '../src/prepared';
import { queryTextOffset } from '../src/query-attributes';
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
      types: TYPES,
      count: 3,
      nullBitmapOffset: 10,
      typesOffset: 12,
      valuesOffset: 18,
    });
  });

  it('is laid out without them', () => {
    expect(executeLayout(execute(), 3)).toMatchObject({ types: null, typesOffset: 12, valuesOffset: 12 });
  });

  it('has a longer NULL bitmap from the ninth parameter on', () => {
    const payload = new ByteWriter().u8(0x17).zeros(9).zeros(2).u8(0).finish();
    expect(executeLayout(payload, 9).valuesOffset).toBe(13);
  });

  it('ends after its head without parameters', () => {
    const payload = new ByteWriter().u8(0x17).u32(7).u8(0).u32(1).finish();
    expect(executeLayout(payload, 0)).toMatchObject({ types: null, valuesOffset: 10 });
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
        expectOnlyProtocolErrors(payload, (cut) => withParamTypes(cut, paramCount, TYPES, true));
        expectOnlyProtocolErrors(payload, (cut) => withoutQueryAttributes(cut, paramCount));
        expectOnlyProtocolErrors(payload, (cut) => withBulkTypes(cut, paramCount, TYPES));
        expectOnlyProtocolErrors(payload.fill(0, 0, 1), decodePrepareOk);
      }),
    );
  });
});

type OptionalTypes = ReturnType<typeof bulkTypes>;

/** A COM_STMT_EXECUTE with CLIENT_QUERY_ATTRIBUTES: `named` 1 for each attribute behind the parameters. */
function counted(types: OptionalTypes, params: number, attributes: readonly string[] = []): Buffer {
  const count = params + attributes.length;
  const writer = new ByteWriter().u8(0x17).u32(7).u8(0x08).u32(1).lenenc(count);
  if (count === 0) return writer.finish();
  writer.zeros((count + 7) >> 3).u8(types === null ? 0 : 1);
  if (types !== null) {
    for (let i = 0; i < params; i++) writer.bytes(types.subarray(2 * i, 2 * i + 2)).u8(0);
    for (const name of attributes) writer.u8(0xfd).u8(0).lenencString(name);
  }
  for (let i = 0; i < params; i++) writer.u8(0);
  for (const name of attributes) writer.lenencString(`value of ${name}`);
  return writer.finish();
}

describe('COM_STMT_EXECUTE with query attributes', () => {
  const plain = (types: OptionalTypes): Buffer => {
    const writer = new ByteWriter().u8(0x17).u32(7).u8(0).u32(1).u8(0);
    return (types === null ? writer.u8(0) : writer.u8(1).bytes(types)).zeros(3).finish();
  };

  it('names the types of its parameters first', () => {
    expect(executeLayout(counted(TYPES, 3, ['a', 'bee']), 3, true)).toMatchObject({ flags: 0, types: TYPES, count: 5 });
    expect(executeLayout(counted(null, 3), 3, true)).toMatchObject({ types: null, count: 3 });
    expect(executeLayout(counted(null, 0), 0, true)).toMatchObject({ types: null, count: 0 });
    expect(executeLayout(counted(TYPES, 0, ['a']), 0, true)).toMatchObject({ types: Buffer.alloc(0), count: 1 });
  });

  it('gets the types that an earlier one had', () => {
    expect(withParamTypes(counted(null, 3), 3, TYPES, true).equals(counted(TYPES, 3))).toBe(true);
  });

  it('is sent without attributes to a server that has none', () => {
    expect(withoutQueryAttributes(counted(null, 3), 3).equals(plain(null))).toBe(true);
    expect(withoutQueryAttributes(counted(TYPES, 3), 3).equals(plain(TYPES))).toBe(true);
    const cut = withoutQueryAttributes(counted(TYPES, 3, ['a']), 3);
    expect(cut.subarray(0, plain(TYPES).length).equals(plain(TYPES))).toBe(true);
    expect(withoutQueryAttributes(counted(TYPES, 0, ['a']), 0).toString('hex')).toBe('17070000000001000000');
  });

  it.each([
    ['fewer than the statement has', () => executeLayout(counted(TYPES, 3), 4, true)],
    ['2^40 of them', () => executeLayout(Buffer.from('17070000000801000000fe000000000001000001', 'hex'), 0, true)],
    [
      '65,535 with three bytes',
      () =>
        executeLayout(
          Buffer.concat([Buffer.from('17070000000801000000fcffff', 'hex'), Buffer.alloc(8192), Buffer.of(1, 1, 1, 1)]),
          0,
          true,
        ),
    ],
    ['attributes of no type', () => withParamTypes(counted(null, 3, ['a']), 3, TYPES, true)],
  ])('%s', (_, decode) => expect(decode).toThrow(expect.objectContaining({ code: 'MALFORMED' })));
});

describe('COM_STMT_BULK_EXECUTE', () => {
  const bulk = (flags: number, types: Buffer = Buffer.alloc(0)): Buffer =>
    new ByteWriter().u8(0xfa).u32(7).u16(flags).bytes(types).bytes(Buffer.from('rows')).finish();

  it('names its types, or gets those that an earlier one had', () => {
    expect(bulkTypes(bulk(0x80, TYPES), 3)).toEqual(TYPES);
    expect(bulkTypes(bulk(0x40), 3)).toBeNull();
    expect(withBulkTypes(bulk(0x40), 3, TYPES).equals(bulk(0xc0, TYPES))).toBe(true);
    expect(withBulkTypes(bulk(0x80, TYPES), 3, Buffer.alloc(6)).equals(bulk(0x80, TYPES))).toBe(true);
    expect(() => bulkTypes(bulk(0x80), 3)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });
});

describe('queryTextOffset', () => {
  const SQL = 'SELECT 1';
  const text = (payload: Buffer): string => payload.toString('latin1', queryTextOffset(payload));

  it('is behind no attributes', () => expect(text(Buffer.concat([Buffer.of(3, 0, 1), Buffer.from(SQL)]))).toBe(SQL));

  it('is behind attributes of any type', () => {
    const names = ['a', '', 'long'.repeat(70), 'n', 'd', 't'];
    const types = [0xfd, 0x08, 0xfd, 0x06, 0x0c, 0x04];
    const writer = new ByteWriter().u8(3).lenenc(names.length).u8(1).u8(0b1000).u8(1);
    names.forEach((name, i) => writer.u8(types[i]!).u8(0).lenencString(name));
    writer.lenencString('value').u64(5n).lenencString('x'.repeat(300)).u8(4).zeros(4).u32(0).bytes(Buffer.from(SQL));
    const payload = writer.finish();
    expect(text(payload)).toBe(SQL);
    expectOnlyProtocolErrors(payload, queryTextOffset);
  });

  it('is refused by a ProtocolError when it makes no sense', () => {
    const counts = ['03fe00000000000001000101', '03fe00000080000000000153', '03fcffff01'];
    for (const hex of ['03', '0301', ...counts, '030101000000', '03ff01']) {
      expect(() => queryTextOffset(Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expectOnlyProtocolErrors(Buffer.from([3, ...bytes]), queryTextOffset);
      }),
    );
  });
});
