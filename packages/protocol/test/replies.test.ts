import fc from 'fast-check';
import { Capability, ServerStatus } from '../src/constants';
import {
  decodeEof,
  decodeErr,
  decodeOk,
  encodeEof,
  encodeErr,
  encodeOk,
  isEof,
  isErr,
  isFinalOk,
  isOk,
  type Ok,
} from '../src/replies';
import { decodeTrackers, encodeTrackers, type Tracker } from '../src/trackers';
import { CAPABILITIES, expectOnlyProtocolErrors } from './messages';

const PLAIN = (CAPABILITIES & ~Capability.SESSION_TRACK) >>> 0;

const ok: Ok = {
  header: 0x00,
  affectedRows: 300,
  lastInsertId: 2n ** 64n - 1n,
  status: ServerStatus.AUTOCOMMIT,
  warnings: 7,
  info: Buffer.from('Rows matched: 2'),
  trackers: null,
};
const changed: Ok = {
  ...ok,
  header: 0xfe,
  status: ServerStatus.AUTOCOMMIT | ServerStatus.SESSION_STATE_CHANGED,
  trackers: encodeTrackers([{ kind: 'schema', name: 'shop' }]),
};

describe('OK', () => {
  it.each([
    ['with info', ok],
    ['with trackers', changed],
    ['with trackers and no info', { ...changed, info: Buffer.alloc(0) }],
    ['bare', { ...ok, info: Buffer.alloc(0) }],
    ['with affected rows above 2^53', { ...ok, affectedRows: 2n ** 63n }],
  ])('round-trips %s', (_name, message) => {
    expect(decodeOk(encodeOk(message, CAPABILITIES), CAPABILITIES)).toEqual(message);
  });

  it('is what MySQL 9.7 sent for USE shop', () => {
    const payload = Buffer.from('00000002400000000a01050473686f70020131', 'hex');
    const decoded = decodeOk(payload, CAPABILITIES);
    expect(decodeTrackers(decoded.trackers ?? Buffer.alloc(0))).toEqual([
      { kind: 'schema', name: 'shop' },
      { kind: 'stateChange', changed: true },
    ]);
    expect(encodeOk(decoded, CAPABILITIES).equals(payload)).toBe(true);
  });

  it('leaves trackers and their status bit out for clients that do not track', () => {
    const decoded = decodeOk(encodeOk(changed, PLAIN), PLAIN);
    expect(decoded).toEqual({ ...changed, status: ServerStatus.AUTOCOMMIT, trackers: null });
  });

  it('takes an info without its length, as the manual has it', () => {
    const payload = Buffer.concat([encodeOk({ ...ok, info: '' }, PLAIN), Buffer.from('plain text')]);
    expect(String(decodeOk(payload, PLAIN).info)).toBe('plain text');
  });
});

describe('ERR and EOF', () => {
  it('round-trip', () => {
    const err = { code: 1045, sqlState: '28000', message: "Access denied for user 'é'" };
    expect(decodeErr(encodeErr(err))).toEqual(err);
    expect(decodeEof(encodeEof({ warnings: 3, status: 2 }))).toEqual({ warnings: 3, status: 2 });
  });

  it('reads an ERR of before login, which has no SQLSTATE', () => {
    const payload = Buffer.concat([Buffer.from('ff1004', 'hex'), Buffer.from('Too many connections')]);
    expect(decodeErr(payload)).toEqual({ code: 1040, sqlState: 'HY000', message: 'Too many connections' });
  });
});

describe('recognition', () => {
  it('tells the four apart', () => {
    const payloads = [
      encodeOk(ok, 0),
      encodeErr({ code: 1, sqlState: 'HY000', message: '' }),
      encodeEof({ warnings: 0, status: 0 }),
      encodeOk(changed, 0),
    ];
    expect(payloads.map((p) => [isOk(p), isErr(p), isEof(p), isFinalOk(p)])).toEqual([
      [true, false, false, false],
      [false, true, false, false],
      [false, false, true, false],
      [false, false, false, true],
    ]);
  });
});

describe('trackers', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 300 });
  const tracker: fc.Arbitrary<Tracker> = fc.oneof(
    fc.record({ kind: fc.constant('systemVariable' as const), name: text, value: text }),
    fc.record({ kind: fc.constant('schema' as const), name: text }),
    fc.record({ kind: fc.constant('stateChange' as const), changed: fc.boolean() }),
    fc.record({ kind: fc.constant('gtids' as const), gtids: text }),
    fc.record({ kind: fc.constant('transactionCharacteristics' as const), sql: text }),
    fc.record({ kind: fc.constant('transactionState' as const), state: text }),
    fc.record({
      kind: fc.constant('unknown' as const),
      type: fc.integer({ min: 6, max: 255 }),
      data: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    }),
  );

  it('round-trip', () => {
    fc.assert(
      fc.property(fc.array(tracker, { maxLength: 6 }), (trackers) => {
        expect(decodeTrackers(encodeTrackers(trackers))).toEqual(trackers);
      }),
    );
  });

  it('reads several variables from one entry, as MariaDB sends them', () => {
    const block = Buffer.concat([Buffer.of(0, 13), Buffer.from('\x01a\x03one\x01b\x04four')]);
    expect(decodeTrackers(block)).toEqual([
      { kind: 'systemVariable', name: 'a', value: 'one' },
      { kind: 'systemVariable', name: 'b', value: 'four' },
    ]);
  });
});

describe('malformed replies', () => {
  const decoders = [
    (payload: Buffer) => decodeOk(payload, CAPABILITIES),
    (payload: Buffer) => decodeOk(payload, PLAIN),
    decodeErr,
    decodeEof,
    decodeTrackers,
  ];

  it('of any content are refused by a ProtocolError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0x00, 0xfe, 0xff),
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(...decoders),
        (first, bytes, decode) => {
          expectOnlyProtocolErrors(Buffer.from([first, ...bytes]), decode);
        },
      ),
    );
  });
});
