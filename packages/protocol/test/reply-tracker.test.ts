import fc from 'fast-check';
import {
  ByteWriter,
  Capability,
  encodeColumnDefinition,
  encodeEof,
  encodeErr,
  encodeOk,
  encodePacket,
  encodePrepareOk,
  encodeTextRow,
  lastSequence,
  MAX_PACKET,
  ProtocolError,
  ReplyGrammar,
  type ReplySink,
  ReplyTracker,
  ServerStatus,
  textColumn,
} from '../src';

const AUTOCOMMIT = ServerStatus.AUTOCOMMIT;
const NO_TRACKERS = { warnings: 0, info: '', trackers: null } as const;
const NOTHING = Buffer.alloc(0);

function ok(values: { affectedRows?: number; lastInsertId?: bigint; status?: number; warnings?: number } = {}): Buffer {
  return encodeOk({ header: 0, affectedRows: 0, lastInsertId: 0n, status: AUTOCOMMIT, ...NO_TRACKERS, ...values }, 0);
}

function endOfRows(status: number = AUTOCOMMIT, warnings = 0): Buffer {
  return encodeOk({ header: 0xfe, affectedRows: 0, lastInsertId: 0n, status, ...NO_TRACKERS, warnings }, 0);
}

const err = encodeErr({ code: 1317, sqlState: '70100', message: 'Query execution was interrupted' });
const count = (columns: number): Buffer => new ByteWriter(9).lenenc(columns).finish();
const definition = (name: string): Buffer => encodeColumnDefinition(textColumn(name));
const row = (...values: (string | null)[]): Buffer => encodeTextRow(values);

/** Frames payloads as a server does: sequence ids run through. */
function frames(payloads: readonly Buffer[], from = 1): Buffer {
  let sequence = from;
  return Buffer.concat(
    payloads.map((payload) => {
      const packet = encodePacket(payload, sequence);
      sequence = (lastSequence(payload.length, sequence) + 1) & 0xff;
      return packet;
    }),
  );
}

/** A client without CLIENT_DEPRECATE_EOF if `eofs`: an EOF comes after each block of definitions, and in place of the last OK. */
class Recorder implements ReplySink {
  readonly events: string[] = [];
  readonly eofs: boolean;
  readonly #parts: Buffer[] = [];

  constructor(eofs = false) {
    this.eofs = eofs;
  }

  get output(): Buffer {
    return Buffer.concat(this.#parts);
  }

  pass(bytes: Buffer): void {
    this.#parts.push(Buffer.from(bytes));
  }

  definitionsEnd(sequence: number): void {
    this.pass(encodePacket(encodeEof({ warnings: 0, status: AUTOCOMMIT }), (sequence + 1) & 0xff));
  }

  ok(tracker: ReplyTracker, sequence: number, afterRows: boolean) {
    this.events.push(`ok ${tracker.payload.length} ${sequence} ${afterRows}`);
    if (!this.eofs || !afterRows) return null;
    return encodePacket(encodeEof({ warnings: tracker.warnings, status: tracker.status }), sequence);
  }

  err(tracker: ReplyTracker): null {
    this.events.push(`err ${tracker.payload.length}`);
    return null;
  }

  localFile(sequence: number, shift: number): void {
    this.events.push(`file ${sequence} ${shift}`);
  }

  prepared(payload: Buffer): void {
    this.events.push(`prepared ${payload.length}`);
    payload.writeUInt32LE(4711, 1);
  }
}

interface Seen {
  readonly output: Buffer;
  readonly events: readonly string[];
  readonly figures: object;
}

/** Pushes the reply in the pieces that end at `cuts`, and checks that it is complete just at its end. */
function play(
  grammar: ReplyGrammar,
  bytes: Buffer,
  cuts: readonly number[],
  eofs = false,
  trailer = NOTHING,
  capabilities = 0,
): Seen {
  const tracker = new ReplyTracker(capabilities);
  const recorder = new Recorder(eofs);
  tracker.start(grammar);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const last = cut === bytes.length;
    // the tracker may write into what it is given
    const chunk = Buffer.concat([bytes.subarray(from, cut), last ? trailer : NOTHING]);
    expect(tracker.done).toBe(false);
    expect(tracker.push(chunk, 0, recorder)).toBe(cut - from);
    from = cut;
  }
  expect(tracker.done).toBe(true);
  const { status, warnings, affectedRows, lastInsertId, rows, resultSets, errorCode } = tracker;
  return {
    output: recorder.output,
    events: recorder.events,
    figures: { status, warnings, affectedRows, lastInsertId, rows, resultSets, errorCode },
  };
}

const resultSet = [count(2), definition('a'), definition('b'), row('1', null), row('x'.repeat(300), 'y')];

/** Recorded replies, as packets' payloads. `clean`: what a client of the old kind gets instead, where that differs. */
const REPLIES: Readonly<
  Record<string, { grammar: ReplyGrammar; payloads: readonly Buffer[]; old?: readonly Buffer[] }>
> = {
  'an OK': { grammar: ReplyGrammar.QUERY, payloads: [ok({ affectedRows: 3, lastInsertId: 70_000n, warnings: 2 })] },
  'an ERR': { grammar: ReplyGrammar.QUERY, payloads: [err] },
  'a result set': {
    grammar: ReplyGrammar.QUERY,
    payloads: [...resultSet, endOfRows(AUTOCOMMIT, 1)],
    old: [
      ...resultSet.slice(0, 3),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
      ...resultSet.slice(3),
      encodeEof({ warnings: 1, status: AUTOCOMMIT }),
    ],
  },
  'an empty result set': {
    grammar: ReplyGrammar.QUERY,
    payloads: [count(1), definition('a'), endOfRows()],
    old: [
      count(1),
      definition('a'),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
    ],
  },
  'several results': {
    grammar: ReplyGrammar.QUERY,
    payloads: [
      ...resultSet,
      endOfRows(AUTOCOMMIT | ServerStatus.MORE_RESULTS_EXISTS),
      ok({ affectedRows: 1, status: AUTOCOMMIT | ServerStatus.MORE_RESULTS_EXISTS }),
      count(1),
      definition('c'),
      row('last'),
      endOfRows(AUTOCOMMIT | ServerStatus.MORE_RESULTS_EXISTS),
      ok(),
    ],
    old: [
      ...resultSet.slice(0, 3),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
      ...resultSet.slice(3),
      encodeEof({ warnings: 0, status: AUTOCOMMIT | ServerStatus.MORE_RESULTS_EXISTS }),
      ok({ affectedRows: 1, status: AUTOCOMMIT | ServerStatus.MORE_RESULTS_EXISTS }),
      count(1),
      definition('c'),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
      row('last'),
      encodeEof({ warnings: 0, status: AUTOCOMMIT | ServerStatus.MORE_RESULTS_EXISTS }),
      ok(),
    ],
  },
  'an ERR among the rows': {
    grammar: ReplyGrammar.QUERY,
    payloads: [...resultSet, err],
    old: [...resultSet.slice(0, 3), encodeEof({ warnings: 0, status: AUTOCOMMIT }), ...resultSet.slice(3), err],
  },
  'an ERR after a result': {
    grammar: ReplyGrammar.QUERY,
    payloads: [ok({ status: AUTOCOMMIT | ServerStatus.MORE_RESULTS_EXISTS }), err],
  },
  'more columns than one byte counts': {
    grammar: ReplyGrammar.QUERY,
    payloads: [
      count(300),
      ...Array.from({ length: 300 }, (_, i) => definition(`c${i}`)),
      row(...Array.from({ length: 300 }, () => 'v')),
      endOfRows(),
    ],
  },
  'more rows than there are sequence ids': {
    grammar: ReplyGrammar.QUERY,
    payloads: [count(1), definition('a'), ...Array.from({ length: 600 }, (_, i) => row(`${i}`)), endOfRows()],
    old: [
      count(1),
      definition('a'),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
      ...Array.from({ length: 600 }, (_, i) => row(`${i}`)),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
    ],
  },
  'binary rows, which begin like an OK': {
    grammar: ReplyGrammar.QUERY,
    payloads: [count(1), definition('a'), Buffer.of(0, 0, 1, 0x41), Buffer.of(0, 4), endOfRows()],
  },
  'a statement without parameters and columns': {
    grammar: ReplyGrammar.PREPARE,
    payloads: [encodePrepareOk({ statementId: 4711, columnCount: 0, paramCount: 0, warnings: 0 })],
  },
  'a statement with parameters': {
    grammar: ReplyGrammar.PREPARE,
    payloads: [
      encodePrepareOk({ statementId: 4711, columnCount: 0, paramCount: 2, warnings: 0 }),
      definition('?'),
      definition('?'),
    ],
    old: [
      encodePrepareOk({ statementId: 4711, columnCount: 0, paramCount: 2, warnings: 0 }),
      definition('?'),
      definition('?'),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
    ],
  },
  'a statement with columns': {
    grammar: ReplyGrammar.PREPARE,
    payloads: [encodePrepareOk({ statementId: 4711, columnCount: 1, paramCount: 0, warnings: 0 }), definition('a')],
    old: [
      encodePrepareOk({ statementId: 4711, columnCount: 1, paramCount: 0, warnings: 0 }),
      definition('a'),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
    ],
  },
  'a statement with both': {
    grammar: ReplyGrammar.PREPARE,
    payloads: [
      encodePrepareOk({ statementId: 4711, columnCount: 1, paramCount: 1, warnings: 0 }),
      definition('?'),
      definition('a'),
    ],
    old: [
      encodePrepareOk({ statementId: 4711, columnCount: 1, paramCount: 1, warnings: 0 }),
      definition('?'),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
      definition('a'),
      encodeEof({ warnings: 0, status: AUTOCOMMIT }),
    ],
  },
  'a statement that is refused': { grammar: ReplyGrammar.PREPARE, payloads: [err] },
  'rows of a cursor': {
    grammar: ReplyGrammar.FETCH,
    payloads: [Buffer.of(0, 0, 1, 0x41), Buffer.of(0, 0, 1, 0x42), endOfRows(AUTOCOMMIT | ServerStatus.CURSOR_EXISTS)],
    old: [
      Buffer.of(0, 0, 1, 0x41),
      Buffer.of(0, 0, 1, 0x42),
      encodeEof({ warnings: 0, status: AUTOCOMMIT | ServerStatus.CURSOR_EXISTS }),
    ],
  },
  'the end of a cursor': {
    grammar: ReplyGrammar.FETCH,
    payloads: [endOfRows(AUTOCOMMIT | ServerStatus.LAST_ROW_SENT)],
    old: [encodeEof({ warnings: 0, status: AUTOCOMMIT | ServerStatus.LAST_ROW_SENT })],
  },
  'a cursor that is gone': { grammar: ReplyGrammar.FETCH, payloads: [err] },
  'the columns of a table': {
    grammar: ReplyGrammar.FIELD_LIST,
    payloads: [definition('a'), definition('b'), endOfRows()],
    old: [definition('a'), definition('b'), encodeEof({ warnings: 0, status: AUTOCOMMIT })],
  },
  'no such table': { grammar: ReplyGrammar.FIELD_LIST, payloads: [err] },
  'an OK alone': { grammar: ReplyGrammar.SINGLE, payloads: [ok()] },
  'an EOF alone': { grammar: ReplyGrammar.SINGLE, payloads: [encodeEof({ warnings: 0, status: AUTOCOMMIT })] },
  statistics: { grammar: ReplyGrammar.STATISTICS, payloads: [Buffer.from('Uptime: 4711  Threads: 1')] },
};

const CASES = Object.entries(REPLIES).flatMap(([title, reply]) => [
  { title, ...reply, eofs: false, expected: reply.payloads },
  { title: `${title}, for a client that wants EOFs`, ...reply, eofs: true, expected: reply.old ?? null },
]);

describe.each(CASES.filter(({ expected }) => expected !== null))('$title', ({ grammar, payloads, eofs, expected }) => {
  const bytes = frames(payloads);
  const whole = play(grammar, bytes, [], eofs);

  test('passes with the framing that the client wants', () => {
    expect(whole.output.equals(frames(expected ?? []))).toBe(true);
  });

  test('is the same byte by byte', () => {
    const cuts = Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);
    expect(play(grammar, bytes, cuts, eofs)).toEqual(whole);
  });

  test('is the same cut at any place', () => {
    const step = Math.max(1, Math.floor(bytes.length / 500));
    for (let cut = 1; cut < bytes.length; cut += step) expect(play(grammar, bytes, [cut], eofs)).toEqual(whole);
  });

  test('is the same in any pieces', () => {
    const someCuts = fc.uniqueArray(fc.integer({ min: 1, max: Math.max(1, bytes.length - 1) }), { maxLength: 12 });
    fc.assert(
      fc.property(someCuts, (cuts) => {
        const sorted = cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b);
        expect(play(grammar, bytes, sorted, eofs)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  test('leaves what comes after it', () => {
    expect(play(grammar, bytes, [], eofs, Buffer.from('next'))).toEqual(whole);
    if (bytes.length > 1) expect(play(grammar, bytes, [1], eofs, Buffer.from('next'))).toEqual(whole);
  });
});

function figures(title: string): object {
  const reply = REPLIES[title];
  if (reply === undefined) throw new RangeError(`no reply ${title}`);
  return play(reply.grammar, frames(reply.payloads), []).figures;
}

describe('figures', () => {
  test('of an OK', () => {
    expect(figures('an OK')).toMatchObject({ affectedRows: 3, lastInsertId: 70_000, warnings: 2, resultSets: 0 });
  });

  test('of a result set', () => {
    expect(figures('a result set')).toMatchObject({ rows: 2, resultSets: 1, warnings: 1, errorCode: 0 });
    expect(figures('an empty result set')).toMatchObject({ rows: 0, resultSets: 1 });
  });

  test('of several results: those of the last', () => {
    expect(figures('several results')).toMatchObject({ rows: 1, resultSets: 2, status: AUTOCOMMIT });
  });

  test('of an ERR', () => {
    expect(figures('an ERR')).toMatchObject({ errorCode: 1317, resultSets: 0 });
    expect(figures('an ERR among the rows')).toMatchObject({ errorCode: 1317, rows: 2 });
  });

  test('above 2^53 are exact', () => {
    const bytes = frames([ok({ lastInsertId: 2n ** 64n - 1n })]);
    expect(play(ReplyGrammar.QUERY, bytes, []).figures).toMatchObject({ lastInsertId: 2n ** 64n - 1n });
  });

  test('start anew with each reply', () => {
    const tracker = new ReplyTracker();
    for (const title of ['an ERR among the rows', 'an OK', 'statistics'] as const) {
      const { grammar, payloads } = REPLIES[title] ?? { grammar: ReplyGrammar.QUERY, payloads: [] };
      tracker.start(grammar);
      tracker.push(frames(payloads), 0, new Recorder());
    }
    expect(tracker).toMatchObject({ errorCode: 0, rows: 0, resultSets: 0, affectedRows: 0, lastInsertId: 0 });
  });
});

/** A text row whose only field has this many bytes: with its length before it. */
const large = (length: number): Buffer => new ByteWriter(length + 9).lenencBuffer(Buffer.alloc(length, 'x')).finish();

describe('packets of 16 MiB', () => {
  // the field's length takes 4 bytes below 16 MiB, else 9, and then begins with 0xfe, as an EOF does
  test.each([MAX_PACKET - 5, MAX_PACKET - 4, MAX_PACKET - 3, MAX_PACKET + 10, 2 * MAX_PACKET - 9])(
    'a row with a field of %i bytes',
    (length) => {
      const payloads = [count(1), definition('a'), large(length), row('after'), endOfRows()];
      const bytes = frames(payloads);
      const cuts = [1000, MAX_PACKET, MAX_PACKET + 3, MAX_PACKET + 40];
      const seen = play(ReplyGrammar.QUERY, bytes, cuts);
      expect(seen.output.equals(bytes)).toBe(true);
      expect(seen.figures).toMatchObject({ rows: 2, resultSets: 1 });
    },
  );

  test('their sequence ids are shifted too', () => {
    const payloads = [count(1), definition('a'), large(MAX_PACKET + 10), row('after'), endOfRows()];
    const seen = play(ReplyGrammar.QUERY, frames(payloads), [], true);
    const eof = encodeEof({ warnings: 0, status: AUTOCOMMIT });
    expect(seen.output.equals(frames([...payloads.slice(0, 2), eof, ...payloads.slice(2, 4), eof]))).toBe(true);
  });
});

describe('a file is asked for', () => {
  const payloads = [
    ...resultSet,
    endOfRows(AUTOCOMMIT | ServerStatus.MORE_RESULTS_EXISTS),
    Buffer.from('\u00fbrows.csv', 'latin1'),
  ];
  test.each([
    [false, 'file 7 0'],
    [true, 'file 8 1'],
  ])('and the reply goes on behind it (eofs %s)', (eofs, event) => {
    const tracker = new ReplyTracker();
    const recorder = new Recorder(eofs);
    tracker.start(ReplyGrammar.QUERY);
    tracker.push(frames(payloads), 0, recorder);
    expect(recorder.events.at(-1)).toBe(event);
    expect(tracker.done).toBe(false);
    tracker.push(frames([ok({ affectedRows: 5 })], 9), 0, recorder);
    expect(tracker).toMatchObject({ done: true, affectedRows: 5 });
    expect(recorder.output.subarray(-ok().length - 4)[3]).toBe(eofs ? 10 : 9);
  });

  test('but not in answer to another command', () => refused(ReplyGrammar.SINGLE, payloads.at(-1)!));
});

describe('with CLIENT_OPTIONAL_RESULTSET_METADATA', () => {
  const eof = encodeEof({ warnings: 0, status: AUTOCOMMIT });
  const more = AUTOCOMMIT | ServerStatus.MORE_RESULTS_EXISTS;
  const prepareOk = (columnCount: number, paramCount: number, metadata: number): Buffer =>
    Buffer.concat([encodePrepareOk({ statementId: 4711, columnCount, paramCount, warnings: 0 }), Buffer.of(metadata)]);

  test.each<[string, ReplyGrammar, readonly Buffer[], readonly Buffer[]]>([
    [
      'definitions that are left out',
      ReplyGrammar.QUERY,
      [Buffer.of(2, 0), row('1', '2'), endOfRows(more), Buffer.of(0xfc, 0x2c, 1, 0), endOfRows()],
      [
        Buffer.of(2, 0),
        eof,
        row('1', '2'),
        encodeEof({ warnings: 0, status: more }),
        Buffer.of(0xfc, 0x2c, 1, 0),
        eof,
        eof,
      ],
    ],
    [
      'definitions that are there',
      ReplyGrammar.QUERY,
      [Buffer.of(1, 1), definition('a'), row('1'), endOfRows()],
      [Buffer.of(1, 1), definition('a'), eof, row('1'), eof],
    ],
    ['a statement without them', ReplyGrammar.PREPARE, [prepareOk(2, 3, 0)], [prepareOk(2, 3, 0), eof, eof]],
    ['a statement without them or parameters', ReplyGrammar.PREPARE, [prepareOk(2, 0, 0)], [prepareOk(2, 0, 0), eof]],
    [
      'a statement with them',
      ReplyGrammar.PREPARE,
      [prepareOk(1, 0, 1), definition('a')],
      [prepareOk(1, 0, 1), definition('a'), eof],
    ],
  ])('%s', (_, grammar, payloads, old) => {
    const bytes = frames(payloads);
    for (let cut = 1; cut < bytes.length; cut++) {
      const passed = play(grammar, bytes, [cut], false, NOTHING, Capability.OPTIONAL_RESULTSET_METADATA);
      expect(passed.output.equals(bytes)).toBe(true);
      const translated = play(grammar, bytes, [cut], true, NOTHING, Capability.OPTIONAL_RESULTSET_METADATA);
      expect(translated.output.toString('hex')).toBe(frames(old).toString('hex'));
    }
  });

  test.each([[Buffer.of(2)], [Buffer.of(2, 1, 1)], [Buffer.of(0xfc, 1, 1)]])(
    'a count cut short or too long',
    (payload) => {
      const tracker = new ReplyTracker(Capability.OPTIONAL_RESULTSET_METADATA);
      tracker.start(ReplyGrammar.QUERY);
      expect(() => tracker.push(frames([payload]), 0, new Recorder())).toThrow(ProtocolError);
    },
  );
});

test('a stream ends with an EOF or an ERR alone', () => {
  const event = Buffer.concat([Buffer.of(0), Buffer.alloc(40, 0xfe)]);
  for (const end of [endOfRows(), err]) {
    const seen = play(ReplyGrammar.STREAM, frames([event, event, Buffer.of(0), event, end]), [5, 50]);
    expect(seen.figures).toMatchObject({ rows: 4, resultSets: 0 });
  }
});

describe('a packet may be put in', () => {
  test('between packets only', () => {
    const bytes = frames([...resultSet, endOfRows()]);
    const tracker = new ReplyTracker();
    tracker.start(ReplyGrammar.QUERY);
    const afterDefinitions = frames(resultSet.slice(0, 3)).length;
    tracker.push(Buffer.from(bytes.subarray(0, afterDefinitions)), 0, new Recorder());
    expect(tracker.nextSequence).toBe(4);
    tracker.push(Buffer.from(bytes.subarray(afterDefinitions, afterDefinitions + 6)), 0, new Recorder());
    expect(tracker.nextSequence).toBeNull();
  });
});

function refused(grammar: ReplyGrammar, payload: Buffer): void {
  const tracker = new ReplyTracker();
  tracker.start(grammar);
  expect(() => tracker.push(frames([payload]), 0, new Recorder())).toThrow(ProtocolError);
}

describe('a server that breaks the protocol is refused', () => {
  test.each([
    ['an empty packet in place of a reply', ReplyGrammar.QUERY, NOTHING],
    ['no columns', ReplyGrammar.QUERY, Buffer.of(0xfd, 0, 0, 0)],
    ['more than a count', ReplyGrammar.QUERY, Buffer.of(1, 1)],
    ['less than a count', ReplyGrammar.QUERY, Buffer.of(0xfc, 1)],
    ['a truncated OK', ReplyGrammar.QUERY, Buffer.of(0, 0xfc, 1)],
    ['a truncated ERR', ReplyGrammar.QUERY, Buffer.of(0xff, 1)],
    ['a truncated PREPARE_OK', ReplyGrammar.PREPARE, Buffer.of(0, 1, 2)],
    ['rows where an OK has to be', ReplyGrammar.SINGLE, Buffer.of(1)],
  ])('%s', (_, grammar, payload) => refused(grammar, payload));

  test('a control packet above 1 MiB', () => refused(ReplyGrammar.QUERY, Buffer.alloc(2 << 20, 1)));
});
