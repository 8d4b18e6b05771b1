import {
  ByteWriter,
  Capability,
  encodePacket,
  encodeTrackers,
  ReplyGrammar,
  ReplyTracker,
  type Tracker,
} from '@myswitch/protocol';
import { ClientReply, type ReplyTarget } from '../src/session/client-reply';

const target: ReplyTarget = {
  capabilities: 0,
  deprecateEof: true,
  opensCursor: false,
  plainStatus: 2,
  shownTrackers: () => [],
  errorInstead: () => null,
  isNoReply: () => false,
  fileRequested: () => undefined,
  statementPrepared: () => undefined,
  write: () => undefined,
  writeAll: () => undefined,
  replyComplete: () => undefined,
  replyLost: () => undefined,
};

/** An OK behind which another result comes. */
function telling(...trackers: Tracker[]): Buffer {
  const ok = new ByteWriter().u8(0).lenenc(0).lenenc(0).u16(0x400a).u16(0).lenenc(0);
  return encodePacket(ok.lenencBuffer(encodeTrackers(trackers)).finish(), 1);
}

const set = (name: string, value: string): Tracker => ({ kind: 'systemVariable', name, value });

/** A reply that has begun and does not end. */
function follow(to: ReplyTarget = target): { reply: ClientReply; receive: (bytes: Buffer) => void } {
  const reply = new ClientReply(to);
  const tracker = new ReplyTracker();
  reply.start();
  tracker.start(ReplyGrammar.QUERY);
  return {
    reply,
    receive(bytes) {
      tracker.push(bytes, 0, reply);
      reply.flush();
    },
  };
}

describe('what a reply tells of the session', () => {
  it('without saying what changed, is passed as it is to a client that asks for such things', () => {
    const written: Buffer[] = [];
    const write = (bytes: Buffer): void => void written.push(bytes);
    const { receive } = follow({ ...target, capabilities: Capability.SESSION_TRACK, write });
    receive(telling());
    expect(Buffer.concat(written)).toEqual(telling());
  });

  it('is taken out for a client that does not', () => {
    const written: Buffer[] = [];
    const { receive } = follow({ ...target, write: (bytes) => void written.push(bytes) });
    receive(telling({ kind: 'schema', name: 'first' }));
    expect(Buffer.concat(written).readUInt16LE(4 + 3)).toBe(0x000a);
  });

  it('is kept in a bounded way however many results there are: of each thing the last', () => {
    const { reply, receive } = follow();
    receive(telling({ kind: 'schema', name: 'first' }));
    for (let i = 0; i < 20_000; i++) receive(telling(set('time_zone', `${i}`), set('sql_mode', `${i}`)));
    receive(telling({ kind: 'schema', name: 'last' }));
    expect(reply.trackers.length).toBeLessThan(5000);
    const last = new Map(reply.trackers.map((one) => [one.kind === 'systemVariable' ? one.name : one.kind, one]));
    expect([...last.values()]).toEqual(
      expect.arrayContaining([set('time_zone', '19999'), set('sql_mode', '19999'), { kind: 'schema', name: 'last' }]),
    );
  });

  it('is refused when no session has so much', () => {
    const { receive } = follow();
    const many = Array.from({ length: 5000 }, (_, i) => set(`variable_${i}`, ''));
    expect(() => receive(telling(...many))).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
  });
});
