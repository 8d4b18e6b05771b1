import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../src/bytes';
import { ProtocolError } from '../src/errors';

describe('ByteReader and ByteWriter', () => {
  it('round-trip every kind of field', () => {
    const written = new ByteWriter(1)
      .u8(0xff)
      .u16(0x1234)
      .u24(0xabcdef)
      .u32(0xfedcba98)
      .u64(0xffffffffffffffffn)
      .nulString('naïve')
      .lenencString('é'.repeat(200))
      .lenencBuffer(Buffer.alloc(0))
      .zeros(3)
      .bytes(Buffer.from('end'))
      .finish();
    const reader = new ByteReader(written);
    expect(reader.u8()).toBe(0xff);
    expect(reader.u16()).toBe(0x1234);
    expect(reader.u24()).toBe(0xabcdef);
    expect(reader.u32()).toBe(0xfedcba98);
    expect(reader.u64()).toBe(0xffffffffffffffffn);
    expect(reader.nulString()).toBe('naïve');
    expect(reader.lenencString()).toBe('é'.repeat(200));
    expect(reader.lenencBuffer()).toHaveLength(0);
    reader.skip(3);
    expect(reader.peek()).toBe('e'.charCodeAt(0));
    expect(reader.rest().toString()).toBe('end');
    expect(reader.remaining).toBe(0);
  });

  it.each([
    [250, 'fa'],
    [251, 'fcfb00'],
    [0xffff, 'fcffff'],
    [0x10000, 'fd000001'],
    [0xffffff, 'fdffffff'],
    [0x1000000, 'fe0000000100000000'],
  ])('writes the length %i as %s', (value, hex) => {
    const written = new ByteWriter().lenenc(value).finish();
    expect(written.toString('hex')).toBe(hex);
    expect(new ByteReader(written).lenenc()).toBe(value);
  });

  it('reads lengths above 2^53 only as bigint', () => {
    const written = new ByteWriter().lenenc(2n ** 64n - 1n).finish();
    expect(() => new ByteReader(written).lenenc()).toThrow(ProtocolError);
    expect(new ByteReader(written).lenencBigint()).toBe(2n ** 64n - 1n);
  });

  it.each(['fb', 'ff'])('refuses 0x%s as a length', (hex) => {
    expect(() => new ByteReader(Buffer.from(hex, 'hex')).lenenc()).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }),
    );
  });

  it('refuses a NUL inside a NUL-terminated string', () => {
    expect(() => new ByteWriter().nulString('a\0b')).toThrow(ProtocolError);
  });

  it('never reads beyond the end, and throws nothing but ProtocolError', () => {
    const reads: ((reader: ByteReader) => unknown)[] = [
      (r) => r.u8(),
      (r) => r.u16(),
      (r) => r.u24(),
      (r) => r.u32(),
      (r) => r.u64(),
      (r) => r.lenenc(),
      (r) => r.lenencBigint(),
      (r) => r.lenencBuffer(),
      (r) => r.nulString(),
      (r) => r.nulOrEndString(),
      (r) => r.peek(),
      (r) => r.bytes(5),
    ];
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 24 }),
        fc.array(fc.nat({ max: reads.length - 1 }), { maxLength: 8 }),
        (data, order) => {
          const reader = new ByteReader(Buffer.from(data));
          try {
            for (const i of order) reads[i]?.(reader);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
          expect(reader.offset).toBeLessThanOrEqual(data.length);
        },
      ),
    );
  });
});
