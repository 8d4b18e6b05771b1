import net from 'node:net';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { Capability, Command, encodePacket, encodeSslRequest } from '@myswitch/protocol';
import { RawClient } from '../support/raw-client';
import { command, handshakeResponse, randomCapabilities } from './client-messages';
import { spoiled, spoiledBytes, valid } from './message';
import type { Random } from './random';
import { framed } from './server-messages';

/** Longer than any deadline towards clients takes; a connection that is still there then hangs. */
const HANGS_MS = 20_000;
const USER = 'app';

/** One hostile client, from connect to end. Resolves with how many messages it sent; rejects when its connection hangs. */
export function hostileClient(random: Random, port: number): Promise<number> {
  return random.once(3) ? beforeLogin(random, port) : afterLogin(random, port);
}

/** What it says in place of a login. */
async function beforeLogin(random: Random, port: number): Promise<number> {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  const closed = closing(socket);
  if (random.once(8)) {
    // gone before the greeting, or talking before it
    if (random.once(2)) socket.write(random.bytes(random.length()));
    if (random.once(2)) socket.destroy();
    else socket.end();
    return closed.then(() => 1);
  }
  await Promise.race([new Promise((resolve) => socket.once('data', resolve)), closed]);
  if (random.once(4)) return hostileTls(random, socket, closed);
  const response = (): Buffer => {
    const fields = {
      capabilities: randomCapabilities(random) & ~Capability.SSL,
      user: random.pick([USER, 'nobody', '']),
      response: random.bytes(20),
    };
    return spoiled(handshakeResponse(random, { ...fields, capabilities: fields.capabilities >>> 0 }), random);
  };
  const messages = Array.from({ length: 1 + random.below(4) }, () =>
    random.once(4) ? random.bytes(random.pick([0, 1, 20, 32, 256])) : response(),
  );
  socket.write(framed(messages, random, random.once(2), random.once(10) ? random.below(256) : 1));
  return ended(random, socket, closed, messages.length);
}

/** A promise of TLS, then anything else; or TLS indeed, and garbage inside of it. */
async function hostileTls(random: Random, socket: net.Socket, closed: Promise<void>): Promise<number> {
  const capabilities = (Capability.PROTOCOL_41 | Capability.SSL | Capability.SECURE_CONNECTION) >>> 0;
  const request = encodeSslRequest({ capabilities, maxPacket: 1 << 24, characterSet: 45, mariadbCapabilities: 0 });
  socket.write(encodePacket(random.once(10) ? spoiledBytes(request, random) : request, 1));
  if (random.once(3)) {
    const secured = tls.connect({ socket, rejectUnauthorized: false });
    const over = closing(secured);
    await Promise.race([new Promise((resolve) => secured.once('secureConnect', resolve)), over]);
    if (!secured.destroyed) secured.write(framed([random.bytes(random.length())], random, random.once(2), 2));
    return ended(random, secured, over, 2);
  }
  const garbage = random.bytes(random.length());
  const record = Buffer.concat([Buffer.of(0x16, 3, random.below(5), random.u32(), random.u32(), 1, 0), garbage]);
  socket.write(random.pick([garbage, record, Buffer.concat([Buffer.of(0x16, 3, 1, 0xff, 0xff), garbage])]));
  return ended(random, socket, closed, 2);
}

/** Logged in: commands with something wrong, many at once. */
async function afterLogin(random: Random, port: number): Promise<number> {
  const compression = random.once(6) ? Capability.COMPRESS : 0;
  const add = (random.u32() & ADDED) | compression;
  const client = await RawClient.connect({
    port,
    add: add >>> 0,
    without: random.once(3) ? Capability.DEPRECATE_EOF : 0,
    database: random.once(2) ? 'shop' : null,
    mariadb: random.pick([0, 0x3c]),
  });
  const { socket } = client;
  const closed = closing(socket);
  socket.removeAllListeners('data').on('data', () => undefined);
  if (random.once(12)) socket.pause(); // and never reads
  let sent = 0;
  for (let bursts = 1 + random.below(3); bursts > 0 && !socket.destroyed; bursts--) {
    const messages = Array.from({ length: 1 + random.below(random.once(20) ? 1000 : 60) }, () =>
      oneCommand(random, add),
    );
    const bytes = Buffer.concat(messages);
    socket.write(compression === 0 ? bytes : compressed(bytes, random));
    sent += messages.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return ended(random, socket, closed, sent);
}

/** Of the first command alone such a stream is wrong, so most are not wrong in this way. */
function oneCommand(random: Random, capabilities: number): Buffer {
  const message = command(random, capabilities, USER);
  if (random.once(3)) return encodePacket(valid(message), 0);
  // a command that would end another session is sent as it is: it names none
  const payload = valid(message)[0] === Command.PROCESS_KILL ? valid(message) : spoiled(message, random);
  if (payload[0] === Command.PROCESS_KILL && payload.length === 5) payload[4] = 0x7f;
  return random.once(60) ? framed([payload], random, false, 0) : encodePacket(payload, 0);
}

/** Compressed packets of commands: sound, spoiled, or bombs that unpack to far more than they say, or than they may. */
function compressed(bytes: Buffer, random: Random): Buffer {
  const bomb = random.once(3);
  const body = zlib.deflateSync(bomb ? Buffer.alloc(random.pick([1 << 20, 8 << 20]), bytes.subarray(0, 4096)) : bytes);
  const packet = Buffer.concat([Buffer.alloc(7), random.once(4) ? spoiledBytes(body, random) : body]);
  packet.writeUIntLE(packet.length - 7, 0, 3);
  packet[3] = random.once(10) ? random.u32() : 0;
  const claims = random.once(3) ? random.pick([0, 1, 100, 0xffffff]) : bytes.length;
  packet.writeUIntLE(claims, 4, 3);
  return packet;
}

/** Leaves, politely or not. */
async function ended(random: Random, socket: net.Socket, closed: Promise<void>, sent: number): Promise<number> {
  if (random.once(4)) socket.destroy();
  else {
    if (socket.isPaused()) {
      for (let turns = random.below(20); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
    }
    socket.end();
  }
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('a connection that its client has ended stays open')), HANGS_MS);
  });
  await Promise.race([closed, hangs]).finally(() => clearTimeout(timer));
  socket.destroy();
  return sent;
}

function closing(socket: net.Socket): Promise<void> {
  socket.on('error', () => undefined);
  if (!socket.listenerCount('data')) socket.on('data', () => undefined);
  return socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));
}

const ADDED =
  Capability.FOUND_ROWS |
  Capability.LOCAL_FILES |
  Capability.INTERACTIVE |
  Capability.MULTI_STATEMENTS |
  Capability.SESSION_TRACK |
  Capability.QUERY_ATTRIBUTES |
  Capability.OPTIONAL_RESULTSET_METADATA;
