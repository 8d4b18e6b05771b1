import net from 'node:net';
import { encodePacket, ReplyGrammar } from '@myswitch/protocol';
import { freePort, type TestServer } from '@myswitch/testkit';
import { count, type Message, plain, sized, spoiledBytes, u16, u8, valid } from './message';
import type { Random } from './random';
import {
  authSwitch,
  columnDefinition,
  err,
  framed,
  framedReply,
  greeting,
  ok,
  reply,
  trackers,
} from './server-messages';

const GRAMMARS = Object.values(ReplyGrammar);
/** Of a flood, in one write. */
const FLOOD_CHUNK = 64 << 10;

/** What a connection does from some packet of the server's on. */
type Attack =
  /** Each of the server's packets as it is, or spoiled. */
  | { readonly kind: 'spoil' }
  /** Its packets twice, or in another order, or not at all. */
  | { readonly kind: 'shuffle' }
  /** Something else in its place. */
  | { readonly kind: 'instead'; readonly bytes: Buffer }
  /** This, and then the last part for ever. */
  | { readonly kind: 'flood'; readonly head: Buffer; readonly body: Buffer }
  /** A part of it, and the end. */
  | { readonly kind: 'cut' }
  /** Not a word more. */
  | { readonly kind: 'mute' };

/**
 * Stands before a real server and passes on what it says, until it turns hostile: then it spoils, floods, loops and lies,
 * in a login or after it.
 */
export class HostileServer {
  readonly port: number;
  /** Null: honest. */
  random: Random | null = null;
  /** Packets that were not the server's own, or not as it sent them. */
  lies = 0;
  readonly #server: net.Server;
  readonly #open = new Set<net.Socket>();

  private constructor(server: net.Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async before(target: TestServer): Promise<HostileServer> {
    const port = await freePort();
    const server = net.createServer({ noDelay: true });
    const hostile = new HostileServer(server, port);
    server.on('connection', (near) => hostile.#connect(near, target));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return hostile;
  }

  get connections(): number {
    return this.#open.size;
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #connect(near: net.Socket, { host, port }: TestServer): void {
    const far = net.connect({ host, port, noDelay: true });
    const { random } = this;
    const atLogin = random?.once(4) === true;
    // packets that still pass as they are: of a login there are few, and after it come questions of the proxy's own
    let honest = random === null ? Number.POSITIVE_INFINITY : random.below(atLogin ? 4 : 60);
    let attack: Attack | null = null;
    let unread: Buffer = Buffer.alloc(0);
    this.#open.add(near);
    near.on('data', (chunk: Buffer) => far.write(chunk));
    far.on('data', (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk]);
      while (unread.length >= 4 && unread.length >= 4 + unread.readUIntLE(0, 3)) {
        const packet = unread.subarray(0, 4 + unread.readUIntLE(0, 3));
        unread = unread.subarray(packet.length);
        if (honest-- > 0) near.write(packet);
        else if (random !== null) {
          this.lies++;
          if (attack === null || random.once(4)) {
            attack = atLogin && random.once(2) ? loginAttack(random, packet[3]!) : commandAttack(random, packet[3]!);
          }
          carryOut(attack, packet, near, random);
        }
      }
    });
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#open.delete(near);
        near.destroy();
        far.destroy();
      });
    }
  }
}

function loginAttack(random: Random, sequence: number): Attack {
  const packets = (messages: readonly Message[]): Buffer =>
    framed(messages.map(valid), random, random.once(2), sequence);
  switch (random.below(5)) {
    case 0:
      return { kind: 'instead', bytes: packets([greeting(random)]) };
    case 1:
      // each answer is answered with another plugin
      return { kind: 'instead', bytes: packets([authSwitch(random)]) };
    case 2:
      return {
        kind: 'instead',
        bytes: packets(Array.from({ length: 1 + random.below(300) }, () => authSwitch(random))),
      };
    case 3:
      return { kind: 'instead', bytes: packets([[u8(1), plain(random.bytes(random.length()))]]) };
    default:
      return { kind: 'instead', bytes: packets([ok(random)]) };
  }
}

function commandAttack(random: Random, sequence: number): Attack {
  const packet = (message: Message, at = sequence): Buffer => encodePacket(valid(message), at & 0xff);
  // floods take most of the time
  switch (random.once(20) ? 10 + random.below(4) : random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15])) {
    case 0:
    case 1:
    case 2:
      return { kind: 'spoil' };
    case 3:
    case 4:
      return { kind: 'shuffle' };
    case 5:
    case 6:
    case 7:
      return { kind: 'instead', bytes: framedReply(reply(random, random.pick(GRAMMARS)), random, random.once(3)) };
    case 8:
      // a file that nobody asked for
      return { kind: 'instead', bytes: packet([u8(0xfb), plain(Buffer.from('/etc/passwd'))]) };
    case 9: {
      const many = Array.from({ length: random.pick([10, 5000]) }, () => trackers(random)).flat();
      const odd = random.once(2) ? [sized(many)] : [sized([u8(0), sized(random.bytes(20))])];
      return {
        kind: 'instead',
        bytes: packet([u8(random.pick([0, 0xfe])), count(0), count(0), u16(0x4002), u16(0), count(0), ...odd]),
      };
    }
    case 10:
      // as many columns as can be said, and definitions without end
      return { kind: 'flood', head: packet([count(0xffff)]), body: packet(columnDefinition(random)) };
    case 11: {
      const head = [packet([count(1)]), packet(columnDefinition(random), sequence + 1)];
      return {
        kind: 'flood',
        head: Buffer.concat(head),
        body: packet([sized(random.bytes(random.below(3000)))], sequence + 2),
      };
    }
    case 12: {
      // results without end, each with something about the session
      const about = [sized([u8(0), sized([sized('time_zone'), sized('x'.repeat(random.below(100)))])])];
      const more: Message = [u8(0), count(0), count(0), u16(0x400a), u16(0), count(0), ...about];
      return { kind: 'flood', head: Buffer.alloc(0), body: packet(random.once(2) ? more : ok(random, 0, true)) };
    }
    case 13:
      return {
        kind: 'flood',
        head: Buffer.alloc(0),
        body: random.once(2) ? Buffer.of(0, 0, 0, sequence) : packet(err(random)),
      };
    case 14:
      return { kind: 'cut' };
    default:
      return random.once(4) ? { kind: 'mute' } : { kind: 'spoil' };
  }
}

function carryOut(attack: Attack, packet: Buffer, near: net.Socket, random: Random): void {
  switch (attack.kind) {
    case 'spoil':
      near.write(random.once(2) ? packet : spoiledPacket(packet, random));
      return;
    case 'shuffle':
      for (let times = random.below(3); times > 0; times--) near.write(packet);
      return;
    case 'instead':
      near.write(attack.bytes);
      return;
    case 'flood': {
      near.write(attack.head);
      const chunk = Buffer.concat(
        Array.from({ length: Math.ceil(FLOOD_CHUNK / attack.body.length) }, () => attack.body),
      );
      const pour = (): void => {
        while (!near.destroyed && near.write(chunk));
      };
      near.removeAllListeners('drain').on('drain', pour);
      pour();
      return;
    }
    case 'cut':
      near.end(packet.subarray(0, random.below(packet.length)));
      return;
    case 'mute':
      return;
  }
  attack satisfies never;
}

function spoiledPacket(packet: Buffer, random: Random): Buffer {
  if (random.once(3)) return spoiledBytes(packet, random);
  return encodePacket(spoiledBytes(packet.subarray(4), random), packet[3]!);
}
