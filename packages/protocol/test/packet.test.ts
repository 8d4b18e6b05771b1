import fc from 'fast-check';
import { MAX_PACKET } from '../src/constants';
import { encodePacket, lastSequence, PacketFramer, type Packet } from '../src/packet';

function drain(subject: PacketFramer): Packet[] {
  const packets: Packet[] = [];
  for (let packet = subject.next(); packet !== null; packet = subject.next()) packets.push(packet);
  return packets;
}

function framer(maxPayload = 1000): PacketFramer {
  return new PacketFramer({ maxPayload });
}

describe('encodePacket', () => {
  it('puts length and sequence id in front', () => {
    expect(encodePacket(Buffer.from('abc'), 7).toString('hex')).toBe('03000007616263');
    expect(encodePacket(Buffer.alloc(0), 0).toString('hex')).toBe('00000000');
  });

  it.each([
    [MAX_PACKET - 1, 1],
    [MAX_PACKET, 2],
    [MAX_PACKET + 1, 2],
    [MAX_PACKET * 2, 3],
  ])('sends %i bytes as %i physical packets, and they come back whole', (length, count) => {
    const payload = Buffer.alloc(length, 'x');
    payload.write('end', length - 3);
    const framed = encodePacket(payload, 0);
    expect(framed).toHaveLength(length + 4 * count);
    expect(lastSequence(length, 0)).toBe(count - 1);

    const subject = framer(length);
    subject.push(framed.subarray(0, 5_000_000));
    expect(subject.next()).toBeNull();
    for (let i = 5_000_000; i < framed.length; i += 3_000_000) subject.push(framed.subarray(i, i + 3_000_000));
    const packet = subject.next();
    expect(packet?.payload.equals(payload)).toBe(true);
    expect(packet?.sequence).toBe(count - 1);
    expect(packet?.raw === null).toBe(count > 1);
    expect(subject.buffered).toBe(0);
  });

  it('wraps the sequence id', () => {
    expect(lastSequence(MAX_PACKET, 255)).toBe(0);
    expect(encodePacket(Buffer.from('a'), 256)[3]).toBe(0);
  });
});

describe('PacketFramer', () => {
  it('copies nothing when a message lies whole in a chunk', () => {
    const chunk = Buffer.concat([encodePacket(Buffer.from('one'), 0), encodePacket(Buffer.from('two'), 0)]);
    const subject = framer();
    subject.push(chunk);
    const packets = drain(subject);
    expect(packets.map((p) => p.payload.toString())).toEqual(['one', 'two']);
    expect(packets[1]?.raw?.buffer).toBe(chunk.buffer);
    expect(packets[1]?.raw?.toString('hex')).toBe('0300000074776f');
  });

  it('gives the same messages however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 }),
        (payloads, sizes) => {
          const stream = Buffer.concat(payloads.map((p) => encodePacket(Buffer.from(p), 0)));
          const subject = framer();
          const packets: Packet[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = sizes[i % sizes.length] ?? 1;
            subject.push(stream.subarray(at, at + size));
            at += size;
            packets.push(...drain(subject));
          }
          expect(packets.map((p) => [...p.payload])).toEqual(payloads.map((p) => [...p]));
          expect(Buffer.concat(packets.map((p) => p.raw ?? Buffer.alloc(0))).equals(stream)).toBe(true);
          expect(subject.buffered).toBe(0);
        },
      ),
    );
  });

  it('gives the same messages byte by byte, and never rewrites one that it gave', () => {
    const payloads = ['', 'a', 'b'.repeat(700), 'c'].map((text) => Buffer.from(text));
    const subject = framer();
    const packets: Packet[] = [];
    for (const byte of Buffer.concat(payloads.map((p) => encodePacket(p, 0)))) {
      subject.push(Buffer.of(byte));
      packets.push(...drain(subject));
    }
    expect(packets.map((p) => p.payload.toString())).toEqual(payloads.map(String));
  });

  it('expects 0 for each message unless told otherwise, for that message alone', () => {
    const subject = framer();
    subject.expect(3);
    subject.push(Buffer.concat([encodePacket(Buffer.from('a'), 3), encodePacket(Buffer.from('b'), 0)]));
    expect(drain(subject).map((p) => p.sequence)).toEqual([3, 0]);
    subject.push(encodePacket(Buffer.from('c'), 1));
    expect(() => subject.next()).toThrow(expect.objectContaining({ code: 'OUT_OF_ORDER' }));
  });

  it('refuses a message as soon as its header promises too much', () => {
    const subject = framer(10);
    subject.push(Buffer.of(11, 0, 0, 0));
    expect(() => subject.next()).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
  });

  it('adds up the pieces of a continued message', () => {
    const subject = framer(MAX_PACKET + 1);
    subject.push(encodePacket(Buffer.alloc(MAX_PACKET), 0).subarray(0, MAX_PACKET + 4));
    expect(subject.next()).toBeNull();
    subject.push(Buffer.of(2, 0, 0, 1));
    expect(() => subject.next()).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
  });

  it('takes HTTP for what it is not', () => {
    const subject = framer();
    subject.expect(1);
    subject.push(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(() => subject.next()).toThrow(expect.objectContaining({ code: 'OUT_OF_ORDER' }));
  });

  it('hands back what was not read when it is reset', () => {
    const subject = framer();
    subject.push(Buffer.concat([encodePacket(Buffer.from('ssl'), 0), Buffer.from('\x16\x03hello')]));
    expect(subject.next()?.payload.toString()).toBe('ssl');
    expect(subject.buffered).toBe(7);
    expect(subject.reset().toString()).toBe('\x16\x03hello');
    expect(subject.buffered).toBe(0);
    expect(subject.next()).toBeNull();
  });
});
