import zlib from 'node:zlib';
import fc from 'fast-check';
import { Capability, CompressedStream, COMPRESSION_CAPABILITIES } from '../src';

const MAX = 1 << 20;
const algorithms = [Capability.COMPRESS, Capability.ZSTD_COMPRESSION_ALGORITHM].filter(
  (bit) => (COMPRESSION_CAPABILITIES & bit) !== 0,
);

function stream(capability: number = Capability.COMPRESS): CompressedStream {
  return CompressedStream.of(capability, MAX)!;
}

function packet(body: Buffer, sequence: number, uncompressed: number): Buffer {
  const head = Buffer.alloc(7);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  head.writeUIntLE(uncompressed, 4, 3);
  return Buffer.concat([head, body]);
}

function readAll(from: CompressedStream): Buffer {
  const parts: Buffer[] = [];
  for (let part = from.read(); part !== null; part = from.read()) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

const error = (code: string): Error => expect.objectContaining({ code }) as Error;

describe.each(algorithms)('a compressed stream, capability %d', (capability) => {
  test('brings what was written, however it is cut', () => {
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(300_000).map((length) => new Uint8Array(length).fill(65)),
    );
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 5000 }),
        (messages, cut) => {
          const [writer, reader] = [stream(capability), stream(capability)];
          const bytes = Buffer.concat(messages.map((each) => writer.write(Buffer.from(each))));
          const read: Buffer[] = [];
          for (let at = 0; at < bytes.length; at += cut) {
            reader.push(Buffer.from(bytes.subarray(at, at + cut)));
            read.push(readAll(reader));
          }
          expect(Buffer.concat(read).equals(Buffer.concat(messages))).toBe(true);
          expect(reader.buffered).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });
});

test('no compression where there is none', () => expect(CompressedStream.of(Capability.PROTOCOL_41, MAX)).toBeNull());

test('numbers its answers behind what it read', () => {
  const one = stream();
  one.push(packet(Buffer.from('a command'), 0, 0));
  expect(one.read()?.toString()).toBe('a command');
  one.answer();
  expect(one.write(Buffer.from('x'))[3]).toBe(1);
  expect(one.write(Buffer.alloc(100_000, 'x')).at(3)).toBe(2);
  one.push(packet(Buffer.from('the next'), 0, 0));
  one.read();
  one.answer();
  expect(one.write(Buffer.from('x'))[3]).toBe(1);
});

test('short packets, and what would not get shorter, stay as they are', () => {
  const one = stream();
  expect(one.write(Buffer.alloc(49, 'x'))).toHaveLength(7 + 49);
  expect(one.write(Buffer.alloc(1000, 'x')).length).toBeLessThan(100);
  const noise = Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 7919 + ((i * i) >> 3)) & 0xff));
  expect(one.write(zlib.deflateRawSync(noise)).readUIntLE(4, 3)).toBe(0);
});

test('tells what a packet will take before it is there', () => {
  const one = stream();
  one.push(packet(Buffer.alloc(1000), 0, 500_000).subarray(0, 50));
  expect(one.promised).toBe(501_007);
  expect(one.read()).toBeNull();
});

describe('what is refused', () => {
  const bomb = zlib.deflateSync(Buffer.alloc(10 << 20));
  test.each([
    ['more than it promised', packet(bomb, 0, 1000), 'MALFORMED'],
    ['less than it promised', packet(zlib.deflateSync(Buffer.alloc(100)), 0, 1000), 'MALFORMED'],
    ['a promise above the limit', packet(bomb, 0, 10 << 20), 'TOO_LARGE'],
    ['a length above the limit', packet(Buffer.alloc(10), 0, 0).fill(0xff, 0, 3), 'TOO_LARGE'],
    ['garbage', packet(Buffer.from('no zlib'), 0, 100), 'MALFORMED'],
    ['nothing, compressed', packet(Buffer.alloc(0), 0, 100), 'MALFORMED'],
    ['a packet out of order', packet(Buffer.from('x'), 9, 0), 'OUT_OF_ORDER'],
  ])('%s', (_, bytes, code) => {
    const one = stream();
    one.push(bytes);
    expect(() => one.read()).toThrow(error(code));
  });

  test('any bytes throw ProtocolErrors only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const one = stream();
        one.push(Buffer.from(bytes));
        try {
          readAll(one);
        } catch (thrown) {
          expect((thrown as { code: string }).code).toMatch(/^(MALFORMED|TOO_LARGE|OUT_OF_ORDER)$/);
        }
      }),
    );
  });
});
