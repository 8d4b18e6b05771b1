import fc from 'fast-check';
import { encodePacket, FileUpload, MAX_PACKET, mayLoadLocalFile } from '../src';

function file(pieces: readonly Buffer[], from: number): Buffer {
  return Buffer.concat([...pieces, Buffer.alloc(0)].map((piece, i) => encodePacket(piece, (from + i) & 0xff)));
}

describe('FileUpload', () => {
  const chunked = fc.tuple(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 300 }), fc.nat(12));

  test('ends with the empty packet, however it is cut, and counts as the server does', () => {
    fc.assert(
      fc.property(
        chunked,
        fc.nat(255),
        fc.nat(4),
        fc.integer({ min: 1, max: 50 }),
        ([data, rest], request, shift, cut) => {
          const pieces = data.map((bytes) => Buffer.from(bytes));
          const bytes = Buffer.concat([file(pieces, request + 1), Buffer.alloc(rest, 7)]);
          const upload = new FileUpload(request, shift);
          const taken: Buffer[] = [];
          let at = 0;
          while (!upload.done) {
            const chunk = Buffer.from(bytes.subarray(at, at + cut));
            const length = upload.push(chunk);
            taken.push(chunk.subarray(0, length));
            at += length;
          }
          expect(at).toBe(bytes.length - rest);
          expect(Buffer.concat(taken).equals(file(pieces, request + 1 - shift + 256))).toBe(true);
          expect(upload.push(Buffer.from('more'))).toBe(0);
        },
      ),
    );
  });

  test('an empty packet behind one of the maximum length is the end of that one', () => {
    const upload = new FileUpload(1, 0);
    upload.push(encodePacket(Buffer.alloc(MAX_PACKET), 2));
    expect(upload.done).toBe(false);
    upload.push(Buffer.of(0, 0, 0, 4));
    expect(upload.done).toBe(true);
  });

  test.each([[[1, 0, 0, 3, 9]], [[0, 0, 0, 1]], [[0, 0, 0, 0]]])('a packet out of order: %j', (bytes) => {
    expect(() => new FileUpload(1, 0).push(Buffer.from(bytes))).toThrow(
      expect.objectContaining({ code: 'OUT_OF_ORDER' }),
    );
  });
});

describe('mayLoadLocalFile', () => {
  test.each([
    "LOAD DATA LOCAL INFILE 'x' INTO TABLE t",
    "load /* a */ data\nlow_priority local infile 'x' into table t",
    "LOAD DATA CONCURRENT LOCAL INFILE 'x' INTO TABLE t",
    "LOAD XML LOCAL INFILE 'x' INTO TABLE t",
    "SELECT 1; LOAD DATA LOCAL INFILE 'x' INTO TABLE t",
    "/*!50000 LOAD DATA LOCAL INFILE 'x' INTO TABLE t */",
    'EXECUTE s',
    'SELECT 1;EXECUTE IMMEDIATE @a',
    "load load data local infile 'x' into table t",
  ])('%s', (sql) => expect(mayLoadLocalFile(sql)).toBe(true));

  test.each([
    '',
    'SELECT 1',
    "SELECT 'load data local infile'",
    'SELECT "LOAD DATA LOCAL"',
    '/* load data local */ SELECT `load` /* data local */',
    "LOAD DATA INFILE 'x' INTO TABLE t",
    "LOAD DATA LOW_PRIORITY INFILE 'local' INTO TABLE t",
    'SELECT execute FROM t',
    'load',
    'load data',
  ])('not %s', (sql) => expect(mayLoadLocalFile(sql)).toBe(false));
});
