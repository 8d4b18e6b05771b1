import fc from 'fast-check';
import { Capability, ColumnType } from '../src/constants';
import { PacketFramer } from '../src/packet';
import { isEof, isFinalOk } from '../src/replies';
import {
  decodeColumnDefinition,
  decodeTextRow,
  encodeColumnDefinition,
  encodeResultsetEnd,
  encodeResultsetHead,
  encodeTextResultset,
  encodeTextRow,
  encodeTextRows,
  textColumn,
  type ColumnDefinition,
} from '../src/resultset';
import { expectOnlyProtocolErrors } from './messages';

const column: ColumnDefinition = {
  schema: 'shop',
  table: 'o',
  orgTable: 'orders',
  name: 'größe',
  orgName: 'size',
  characterSet: 63,
  length: 20,
  type: ColumnType.LONGLONG,
  flags: 0x4223,
  decimals: 31,
};

function payloads(bytes: Buffer, startSequence: number): Buffer[] {
  const framer = new PacketFramer({ maxPayload: 1 << 20 });
  framer.push(bytes);
  const found: Buffer[] = [];
  framer.expect(startSequence);
  for (let packet = framer.next(); packet !== null; packet = framer.next()) {
    found.push(packet.payload);
    framer.expect(packet.sequence + 1);
  }
  expect(framer.buffered).toBe(0);
  return found;
}

describe('column definitions', () => {
  it('round-trip', () => {
    expect(decodeColumnDefinition(encodeColumnDefinition(column))).toEqual(column);
  });

  it('cut or changed are refused by a ProtocolError', () => {
    const payload = encodeColumnDefinition(column);
    expectOnlyProtocolErrors(payload, decodeColumnDefinition);
    fc.assert(
      fc.property(fc.nat({ max: payload.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
        const changed = Buffer.from(payload);
        changed[at] = value;
        expectOnlyProtocolErrors(changed, decodeColumnDefinition);
      }),
    );
  });
});

describe('text rows', () => {
  it('round-trip', () => {
    const field = fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)));
    fc.assert(
      fc.property(fc.array(field, { maxLength: 5 }), (row) => {
        expect(decodeTextRow(encodeTextRow(row), row.length)).toEqual(row);
      }),
    );
  });

  it('of another width, or of no sense, are refused by a ProtocolError', () => {
    expect(() => decodeTextRow(encodeTextRow(['a', null]), 1)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    expect(() => decodeTextRow(encodeTextRow(['a']), 2)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) =>
        expectOnlyProtocolErrors(Buffer.from(bytes), (payload) => decodeTextRow(payload, 3)),
      ),
    );
  });
});

describe('encodeTextResultset', () => {
  const columns = [textColumn('name'), textColumn('value')];
  const rows = [
    ['a', null],
    [Buffer.from('b'), 'é'],
  ];

  it('ends with an OK under CLIENT_DEPRECATE_EOF', () => {
    const options = { capabilities: Capability.DEPRECATE_EOF, status: 2, startSequence: 1 };
    const [count, ...rest] = payloads(encodeTextResultset(columns, rows, options), 1);
    expect(count?.toString('hex')).toBe('02');
    expect(rest.slice(0, 2).map((p) => decodeColumnDefinition(p).name)).toEqual(['name', 'value']);
    expect(rest.slice(2, 4).map((p) => decodeTextRow(p, 2).map((v) => v?.toString() ?? null))).toEqual([
      ['a', null],
      ['b', 'é'],
    ]);
    expect(rest).toHaveLength(5);
    expect(rest[4]?.toString('hex')).toBe('fe000002000000');
    expect(isFinalOk(rest[4] ?? Buffer.alloc(0))).toBe(true);
  });

  it('has two EOFs without it', () => {
    const options = { capabilities: 0, status: 2, startSequence: 1 };
    const found = payloads(encodeTextResultset(columns, rows, options), 1);
    expect(found.map(isEof)).toEqual([false, false, false, true, false, false, true]);
  });

  it('is the same when its rows are sent one by one, past sequence id 255', () => {
    const many = Array.from({ length: 400 }, (_, i) => [String(i), null]);
    const options = { capabilities: 0, status: 2, startSequence: 1 };
    const head = encodeResultsetHead(columns, options);
    const parts = [head.bytes];
    let sequence = head.nextSequence;
    for (const row of many) {
      const framed = encodeTextRows([row], sequence);
      parts.push(framed.bytes);
      sequence = framed.nextSequence;
    }
    parts.push(encodeResultsetEnd({ ...options, startSequence: sequence }).bytes);
    const whole = encodeTextResultset(columns, many, options);
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
    expect(payloads(whole, 1)).toHaveLength(1 + 2 + 1 + 400 + 1);
  });
});
