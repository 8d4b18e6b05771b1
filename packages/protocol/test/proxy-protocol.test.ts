import { isIP } from 'node:net';
import fc from 'fast-check';
import { encodeProxyHeader, formatIpAddress, parseIpAddress, parseProxyHeader, ProtocolError } from '../src';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const text = (line: string): Buffer => Buffer.from(line, 'latin1');
const binary = (command: number, family: number, body: readonly number[], length = body.length): Buffer =>
  Buffer.concat([text(SIGNATURE), Buffer.from([command, family, length >> 8, length & 0xff, ...body])]);
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

const IPV4 = [10, 1, 2, 3, 192, 168, 0, 1, 0xde, 0xad, 0x0c, 0xea];
const IPV6 = [0x20, 0x01, 0x0d, 0xb8, ...zeros(11), 1, ...zeros(15), 1, 0, 1, 0, 2];
const TLVS = [0x04, 0, 2, 0, 0, 0x20, 0, 3, 1, 2, 3];

const own = { source: null, destination: null };
const ipv4 = { source: { address: '10.1.2.3', port: 57005 }, destination: { address: '192.168.0.1', port: 3306 } };
const ipv6 = { source: { address: '2001:db8::1', port: 1 }, destination: { address: '::1', port: 2 } };

const HEADERS: [what: string, header: Buffer, says: object][] = [
  ['version 1, IPv4', text('PROXY TCP4 10.1.2.3 192.168.0.1 57005 3306\r\n'), ipv4],
  ['version 1, IPv6', text('PROXY TCP6 2001:DB8:0:0::1 ::1 1 2\r\n'), ipv6],
  [
    'version 1, an IPv4 client of an IPv6 socket',
    text('PROXY TCP6 ::ffff:10.1.2.3 ::ffff:192.168.0.1 57005 3306\r\n'),
    ipv4,
  ],
  ['version 1, unknown', text('PROXY UNKNOWN\r\n'), own],
  ['version 1, unknown with more', text('PROXY UNKNOWN ffff::1 what ever\r\n'), own],
  ['version 2, IPv4', binary(0x21, 0x11, IPV4), ipv4],
  ['version 2, IPv4 with extensions', binary(0x21, 0x11, [...IPV4, ...TLVS]), ipv4],
  ['version 2, IPv6', binary(0x21, 0x21, IPV6), ipv6],
  ['version 2, a check by the balancer itself', binary(0x20, 0, []), own],
  ['version 2, the same with what it need not say', binary(0x20, 0x99, [1, 2, 3]), own],
  ['version 2, no family', binary(0x21, 0, TLVS), own],
  ['version 2, Unix socket', binary(0x21, 0x31, zeros(216)), own],
  ['version 2, datagrams', binary(0x21, 0x12, IPV4), own],
];

describe.each(HEADERS)('%s', (_what, header, says) => {
  test('whole, and with what follows', () => {
    expect(parseProxyHeader(header)).toEqual({ ...says, length: header.length });
    expect(parseProxyHeader(Buffer.concat([header, text('\x20\0\0\x01more')]))).toMatchObject({
      length: header.length,
    });
  });

  test('byte by byte', () => {
    for (let length = 0; length < header.length; length++) {
      expect(parseProxyHeader(header.subarray(0, length))).toBeNull();
    }
  });
});

test.each<[string, Buffer]>([
  ['a greeting of TLS', text('\x16\x03\x01\x02\0\x01')],
  ['HTTP', text('GET / HTTP/1.1\r\n')],
  ['a command', text('\x01\0\0\0\x0e')],
  ['lower case', text('proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['another signature', text('\r\n\r\n\0\r\nQUIT\r')],
  ['another version', binary(0x31, 0x11, IPV4)],
  ['another command', binary(0x22, 0x11, IPV4)],
  ['another family', binary(0x21, 0x41, IPV4)],
  ['addresses that are not there', binary(0x21, 0x11, IPV4.slice(1))],
  ['IPv6 addresses that are not there', binary(0x21, 0x21, IPV4)],
  ['a Unix path that is not there', binary(0x21, 0x31, zeros(215))],
  ['a length that nobody needs', binary(0x21, 0x11, IPV4, 0xffff)],
  ['a line without an end', text(`PROXY TCP4 ${'1'.repeat(96)}`)],
  ['an end that comes too late', text(`PROXY UNKNOWN ${'1'.repeat(92)}\r\n`)],
  ['no addresses', text('PROXY TCP4\r\n')],
  ['an address too few', text('PROXY TCP4 1.2.3.4 1 2\r\n')],
  ['something too much', text('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n')],
  ['two spaces', text('PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n')],
  ['another family in text', text('PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['IPv6 called IPv4', text('PROXY TCP4 ::1 ::1 1 2\r\n')],
  ['IPv4 called IPv6', text('PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['a name', text('PROXY TCP4 localhost 1.2.3.4 1 2\r\n')],
  ['a zone', text('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n')],
  ['an octal address', text('PROXY TCP4 010.1.2.3 1.2.3.4 1 2\r\n')],
  ['a port with a zero', text('PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n')],
  ['a port too high', text('PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n')],
  ['a negative port', text('PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n')],
  ['only a line feed', text(`PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n${' '.repeat(107)}`)],
])('%s is refused', (_what, bytes) => {
  expect(() => parseProxyHeader(bytes)).toThrow(ProtocolError);
});

const endpoint = fc.record({
  address: fc.oneof(fc.ipV4(), fc.ipV6()).map((address) => formatIpAddress(parseIpAddress(address)!)),
  port: fc.nat(65_535),
});

test('what is written is read again', () => {
  fc.assert(
    fc.property(endpoint, endpoint, fc.uint8Array({ maxLength: 20 }), (source, destination, more) => {
      const header = encodeProxyHeader({ source, destination });
      expect(parseProxyHeader(Buffer.concat([header, more]))).toEqual({ source, destination, length: header.length });
    }),
  );
  expect(parseProxyHeader(encodeProxyHeader(own))).toEqual({ ...own, length: 16 });
  expect(parseProxyHeader(encodeProxyHeader({ source: { address: 'localhost', port: 1 }, destination: null }))).toEqual(
    {
      ...own,
      length: 16,
    },
  );
});

test('anything else is refused, or waited for within bounds', () => {
  const start = fc.constantFrom(text(''), text('PROXY '), text('PROXY TCP4 '), text(SIGNATURE), binary(0x21, 0x11, []));
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 300 }), (head, tail) => {
      const bytes = Buffer.concat([head, tail]);
      try {
        const header = parseProxyHeader(bytes);
        if (header === null) expect(bytes.length).toBeLessThan(4112);
        else expect(header.length).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
    { numRuns: 2000 },
  );
});

describe('addresses', () => {
  test.each([
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
    ['2001:DB8::A:0:0:B', '2001:db8::a:0:0:b'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['1.2.3.4', '1.2.3.4'],
  ])('%s is %s', (given, written) => {
    expect(formatIpAddress(parseIpAddress(given)!)).toBe(written);
  });

  test('are those that Node takes, in its spelling', () => {
    const part = fc.constantFrom('0', '1', 'ff', 'FFFF', '10000', '256', '01', '', ':', '::', '.', '1.2.3.4', '1.2.3');
    const made = fc
      .array(part, { maxLength: 9 })
      .chain((parts) => fc.constantFrom(parts.join(':'), parts.join('.'), parts.join('')));
    fc.assert(
      fc.property(fc.oneof(made, fc.ipV4(), fc.ipV6()), (given) => {
        const bytes = parseIpAddress(given);
        expect(bytes !== null).toBe(isIP(given) !== 0);
        if (bytes?.length === 16) {
          expect(`[${formatIpAddress(bytes)}]`).toBe(new URL(`http://[${given}]`).hostname);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
