import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import {
  BackendLogin,
  Capability,
  clearCredential,
  decodeColumnDefinition,
  decodeEof,
  decodeErr,
  decodeOk,
  decodePrepareOk,
  decodeTextRow,
  decodeTrackers,
  encodeEof,
  encodePacket,
  encodeTrackers,
  ProtocolError,
  ReplyGrammar,
  type ReplySink,
  ReplyTracker,
} from '@myswitch/protocol';
import { type Message, spoiled, valid } from './message';
import { pieces, type Random } from './random';
import {
  authSwitch,
  columnDefinition,
  err,
  framedReply,
  greeting,
  moreData,
  ok,
  prepareOk,
  reply,
  row,
  trackers,
} from './server-messages';
import { outcome, type Target } from './target';

const PUBLIC_KEY = generateKeyPairSync('rsa', { modulusLength: 1024 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const GRAMMARS = Object.values(ReplyGrammar);
const NO_BYTES = Buffer.alloc(0);

const bytesOf = (message: Message, random: Random, sound: boolean): Buffer =>
  sound ? valid(message) : spoiled(message, random);

/** A server that says anything in any order: the login ends, after few messages. */
function login(random: Random): void {
  const machine = new BackendLogin({
    user: 'app',
    credential: random.once(4)
      ? { kind: 'native', stage1: Buffer.alloc(20, 1) }
      : clearCredential(random.pick(['secret', ''])),
    database: null,
    capabilities: random.u32(),
    mariadbCapabilities: random.pick([0, 0x3c]),
    characterSet: 45,
    attributes: new Map([['program_name', 'fuzz']]),
    tls: random.once(4) ? 'required' : 'off',
  });
  let step = machine.receive(bytesOf(greeting(random), random, random.once(2)), 0);
  for (let sequence = 2; step.kind !== 'done' && step.kind !== 'failed'; sequence += 2) {
    assert.ok(sequence < 60, 'the login does not end');
    if (step.kind === 'start-tls') {
      step = machine.tlsEstablished();
      continue;
    }
    // mostly those that go on
    const next = random.pick([authSwitch, authSwitch, moreDataWithKey, moreDataWithKey, okOf, err]);
    step = machine.receive(bytesOf(next(random), random, random.once(2)), sequence & 0xff);
  }
}
const moreDataWithKey = (random: Random): Message => moreData(random, PUBLIC_KEY);
const okOf = (random: Random): Message => ok(random);

/** Takes a reply as the data plane does, and remembers all that it was told. */
class Recorder implements ReplySink {
  readonly parts: Buffer[] = [];
  readonly events: string[] = [];
  readonly eofs: boolean;
  readonly #takesFiles: boolean;

  constructor(eofs: boolean, takesFiles: boolean) {
    this.eofs = eofs;
    this.#takesFiles = takesFiles;
  }

  pass(bytes: Buffer): void {
    this.parts.push(Buffer.from(bytes));
  }

  definitionsEnd(sequence: number): void {
    this.pass(encodePacket(encodeEof({ warnings: 0, status: 2 }), (sequence + 1) & 0xff));
  }

  ok(tracker: ReplyTracker, sequence: number, afterRows: boolean): Buffer | null {
    const { affectedRows, lastInsertId, status, okTail, payload } = tracker;
    assert.ok(okTail <= payload.length);
    this.events.push(`ok ${affectedRows} ${lastInsertId} ${status} ${sequence} ${afterRows}`);
    if (payload.length > 5) {
      const { trackers: block } = decodeOk(payload, Capability.SESSION_TRACK);
      if (block !== null) decodeTrackers(block);
    }
    return this.eofs && afterRows ? encodePacket(encodeEof({ warnings: 0, status }), sequence) : null;
  }

  err(tracker: ReplyTracker, sequence: number): null {
    this.events.push(`err ${tracker.errorCode} ${decodeErr(tracker.payload).message} ${sequence}`);
    return null;
  }

  localFile(sequence: number): void {
    if (!this.#takesFiles) throw new ProtocolError('UNSUPPORTED', 'the server asks for a file');
    this.events.push(`file ${sequence}`);
  }

  prepared(payload: Buffer): void {
    this.events.push(`prepared ${payload.length}`);
    payload.writeUInt32LE(7, 1);
  }
}

/** A reply in pieces comes out as the same one whole. */
function follow(random: Random, sound: boolean): void {
  const grammar = random.pick(GRAMMARS);
  const bytes = framedReply(reply(random, grammar), random, sound);
  const eofs = random.once(2);
  const takesFiles = random.once(2);
  const capabilities = !sound && random.once(4) ? Capability.OPTIONAL_RESULTSET_METADATA : 0;
  const read = (chunks: readonly Buffer[]): unknown[] => {
    const follower = new ReplyTracker(capabilities);
    const sink = new Recorder(eofs, takesFiles);
    follower.start(grammar);
    let taken = 0;
    let result = 'done';
    for (const chunk of chunks) {
      result = outcome(() => {
        const end = follower.push(chunk, 0, sink);
        assert.ok(end >= 0 && end <= chunk.length, 'a place outside of the chunk');
        assert.ok(end === chunk.length || follower.done, 'stopped before the end of the chunk');
        taken += end;
      });
      if (result !== 'done' || follower.done) break;
    }
    // what had passed before a server was found out may differ
    if (result !== 'done') return [result, sink.events];
    return [
      taken,
      follower.done,
      follower.rows,
      follower.resultSets,
      sink.events,
      Buffer.concat([NO_BYTES, ...sink.parts]),
    ];
  };
  const whole = read([Buffer.from(bytes)]);
  assert.deepEqual(read(pieces(bytes, random.cuts(bytes.length))), whole);
  if (sound) assert.deepEqual(whole.slice(0, 2), [bytes.length, true]);
}

export const SERVER_TARGETS: readonly Target[] = [
  {
    name: 'login to a server',
    weight: 6,
    run(random) {
      try {
        login(random);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        if (error.code === 'ILLEGAL_STATE') throw new Error(error.message, { cause: error });
      }
    },
  },
  { name: 'replies', weight: 12, run: follow },
  {
    name: 'OK and its trackers',
    weight: 10,
    run(random, sound) {
      const payload = bytesOf(ok(random, random.pick([0, 0xfe])), random, sound);
      const { trackers: block } = decodeOk(payload, random.pick([0, Capability.SESSION_TRACK]));
      if (block !== null) encodeTrackers(decodeTrackers(block));
      decodeTrackers(bytesOf(trackers(random), random, sound));
    },
  },
  {
    name: 'ERR, EOF and PREPARE_OK',
    weight: 5,
    run(random, sound) {
      const payload = bytesOf(random.once(2) ? err(random) : prepareOk(random, 3, 2), random, sound);
      if (payload[0] === 0xff) decodeErr(payload);
      else if (payload[0] === 0xfe) decodeEof(payload);
      else decodePrepareOk(payload);
    },
  },
  {
    name: 'definitions and rows',
    weight: 8,
    run(random, sound) {
      const columns = 1 + random.below(5);
      if (random.once(2))
        decodeColumnDefinition(bytesOf(columnDefinition(random), random, sound), !sound && random.once(3));
      else decodeTextRow(bytesOf(row(random, columns), random, sound), columns);
    },
  },
];
