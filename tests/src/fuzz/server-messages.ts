import {
  Capability,
  encodeEof,
  encodePacket,
  type ReplyGrammar,
  ReplyGrammar as Grammar,
  ServerStatus,
} from '@myswitch/protocol';
import { count, type Message, plain, sized, spoiled, spoiledBytes, text, u16, u32, u8, valid } from './message';
import type { Random } from './random';
import { randomPlugin } from './client-messages';

/** A HandshakeV10; what it offers includes what no server of today leaves out. */
export function greeting(random: Random): Message {
  const always = Capability.PROTOCOL_41 | Capability.SECURE_CONNECTION | Capability.PLUGIN_AUTH;
  const capabilities = (random.u32() | always) >>> 0;
  return [
    u8(10),
    text(random.pick(['9.7.4', '5.5.5-10.11.19-MariaDB', '', '99999.0'])),
    u32(random.u32()),
    plain(Buffer.alloc(8, 0x41)),
    u8(0),
    u16(capabilities & 0xffff),
    u8(random.pick([8, 45, 255])),
    u16(ServerStatus.AUTOCOMMIT),
    u16(capabilities >>> 16),
    u8(21),
    plain(Buffer.alloc(6)),
    u32(random.u32()),
    plain(Buffer.alloc(12, 0x42)),
    u8(0),
    text(randomPlugin(random)),
  ];
}

export function authSwitch(random: Random): Message {
  return [u8(0xfe), text(randomPlugin(random)), plain(Buffer.alloc(random.pick([20, 20, 32, 0]), 0x43)), u8(0)];
}

export function moreData(random: Random, publicKey: string): Message {
  const data = random.pick([Buffer.of(3), Buffer.of(4), Buffer.from(publicKey), Buffer.from(publicKey.slice(0, 60))]);
  return [u8(1), plain(data)];
}

export function trackers(random: Random): Message {
  const entry = (): Message => {
    const type = random.pick([0, 1, 2, 3, 4, 5, 6, 250]);
    switch (type) {
      case 0: {
        const names = ['autocommit', 'sql_mode', 'character_set_client', 'none', 'time_zone'];
        const pairs = Array.from({ length: 1 + random.below(3) }, () => [sized(random.pick(names)), sized('ON')]);
        return [u8(type), sized(pairs.flat())];
      }
      case 2:
        return [u8(type), sized([u8(random.pick([0x30, 0x31]))])];
      case 3:
        return [u8(type), sized([u8(0), sized('3E11FA47-71CA-11E1-9E33-C80AA9429562:23')])];
      case 5:
        return [u8(type), sized([sized(random.pick(['T_______', '________', 'TR____S_']))])];
      default:
        return [u8(type), sized([sized(random.pick(['', 'shop', 'START TRANSACTION READ ONLY;']))])];
    }
  };
  return Array.from({ length: random.below(5) }, entry).flat();
}

/** `more`: another result follows. */
export function ok(random: Random, header = 0x00, more = false): Message {
  const changed = random.once(2);
  const status = ServerStatus.AUTOCOMMIT | (changed ? ServerStatus.SESSION_STATE_CHANGED : 0) | (more ? 0x0008 : 0);
  return [
    u8(header),
    count(random.pick([0, 1, 250, 251, 70_000, 20_000_000])),
    count(random.pick([0, 1, 0xffff, 0xffffffff])),
    u16(status),
    u16(random.below(3)),
    ...(changed ? [sized(random.pick(['', 'Rows matched: 1'])), sized(trackers(random))] : []),
  ];
}

export function err(random: Random): Message {
  return [
    u8(0xff),
    u16(random.pick([1045, 1064, 1290, 65535])),
    plain(Buffer.from('#42000')),
    plain(random.bytes(random.length())),
  ];
}

export function columnDefinition(random: Random): Message {
  return [
    ...['def', 'shop', 't', 't', random.pick(['id', '', 'é']), 'id'].map((name) => sized(name)),
    count(12),
    u16(45),
    u32(random.u32()),
    u8(random.u32()),
    u16(random.u32()),
    u8(0),
    u16(0),
  ];
}

export function row(random: Random, columns: number): Message {
  return Array.from({ length: columns }, () => (random.once(5) ? u8(0xfb) : sized(random.bytes(random.length()))));
}

export function prepareOk(random: Random, columns: number, parameters: number): Message {
  return [u8(0), u32(random.u32()), u16(columns), u16(parameters), u8(0), u16(0)];
}

/** Messages that answer a command, as the grammar says. */
export function reply(random: Random, grammar: ReplyGrammar): Message[] {
  if (random.once(6)) return [err(random)];
  const rows = (columns: number): Message[] => Array.from({ length: random.below(6) }, () => row(random, columns));
  const definitions = (columns: number): Message[] => Array.from({ length: columns }, () => columnDefinition(random));
  const columns = random.once(30) ? random.below(300) : 1 + random.below(4);
  switch (grammar) {
    case Grammar.QUERY: {
      const all = random.once(3) ? 1 + random.below(4) : 1;
      const results = Array.from({ length: all }, (_, i) => {
        const more = i + 1 < all;
        if (random.once(3)) return [ok(random, 0, more)];
        return [[count(columns)], ...definitions(columns), ...rows(columns), ok(random, 0xfe, more)];
      });
      return results.flat();
    }
    case Grammar.PREPARE: {
      const parameters = random.below(4);
      return [prepareOk(random, columns, parameters), ...definitions(parameters), ...definitions(columns)];
    }
    case Grammar.FETCH:
      return [...rows(columns), ok(random, 0xfe)];
    case Grammar.FIELD_LIST:
      return [...definitions(columns), ok(random, 0xfe)];
    case Grammar.SINGLE:
      return [random.once(4) ? [plain(encodeEof({ warnings: 0, status: 2 }))] : ok(random)];
    case Grammar.STATISTICS:
      return [[plain(Buffer.from('Uptime: 1  Threads: 2'))]];
    case Grammar.STREAM:
      return [
        ...Array.from({ length: random.below(5) }, () => [u8(0), plain(random.bytes(30))]),
        [plain(encodeEof({ warnings: 0, status: 2 }))],
      ];
  }
  return grammar satisfies never;
}

/** Packets of a reply, from sequence id 1 on; not `sound`: with something wrong in one of them, or in their order. */
export function framedReply(messages: readonly Message[], random: Random, sound: boolean): Buffer {
  return framed(
    messages.map((message) => (!sound && random.once(messages.length) ? spoiled(message, random) : valid(message))),
    random,
    sound,
    1,
  );
}

/** Frames payloads; not `sound`: some are left out, doubled, exchanged, emptied, numbered or measured wrongly. */
export function framed(payloads: readonly Buffer[], random: Random, sound: boolean, first: number): Buffer {
  const packets = payloads.map((payload, i) => encodePacket(payload, (first + i) & 0xff));
  if (sound || random.once(3)) return Buffer.concat(packets);
  const at = random.below(Math.max(1, packets.length));
  const packet = packets[at] ?? Buffer.alloc(0);
  switch (random.below(8)) {
    case 0:
      packets.splice(at, 1);
      break;
    case 1:
      packets.splice(at, 0, ...Array.from({ length: 1 + random.below(10) }, () => packet));
      break;
    case 2:
      packets.reverse();
      break;
    case 3:
      packets.splice(
        at,
        0,
        ...Array.from({ length: 1 + random.below(50) }, (_, i) => Buffer.of(0, 0, 0, first + at + i)),
      );
      break;
    case 4:
      if (packet.length > 3) packet[3] = random.u32();
      break;
    case 5:
      if (packet.length > 3) packet.writeUIntLE(random.pick([0, 1, 0xff, 0xffff, 0xfffffe, 0xffffff]), 0, 3);
      break;
    case 6:
      return spoiledBytes(Buffer.concat(packets), random);
    default:
      packets.splice(at, 0, random.bytes(random.length()));
  }
  return Buffer.concat(packets);
}
