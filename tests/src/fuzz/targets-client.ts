import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import {
  authMethod,
  type AuthMethod,
  bulkTypes,
  Capability,
  CompressedStream,
  ClientLogin,
  decodeChangeUser,
  decodeHandshakeResponse,
  decodeSslRequest,
  encodeProxyHeader,
  executeLayout,
  FileUpload,
  foundByPassword,
  isSslRequest,
  loginNonce,
  PacketFramer,
  parseProxyHeader,
  patchStatementId,
  ProtocolError,
  queryTextOffset,
  statementId,
  withBulkTypes,
  withoutQueryAttributes,
  withParamTypes,
} from '@myswitch/protocol';
import { bulkExecute, changeUser, execute, handshakeResponse, query, randomCapabilities } from './client-messages';
import { type Message, spoiled, spoiledBytes, valid } from './message';
import { pieces, type Random } from './random';
import { framed } from './server-messages';
import { randomSql } from './sql';
import { outcome, type Target } from './target';

const NONCE = loginNonce(Buffer.alloc(20, 0x31));
const MAX_PAYLOAD = 1 << 16;

const bytesOf = (message: Message, random: Random, sound: boolean): Buffer =>
  sound ? valid(message) : spoiled(message, random);

const METHODS: readonly AuthMethod[] = [
  ['mysql_native_password', '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'],
  ['caching_sha2_password', `$A$005$${'s'.repeat(20)}${'d'.repeat(43)}`],
  ['sha256_password', `$5$${'s'.repeat(20)}$${'d'.repeat(43)}`],
  ['ed25519', 'ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY'],
].map(([plugin = '', stored = '']) => authMethod(plugin, stored, null)!);

/** A login by someone who has no password: whatever is said, it ends, and not with entry. */
function login(random: Random, sound: boolean): void {
  const methods = Array.from({ length: 1 + random.below(3) }, () => random.pick(METHODS));
  const known = foundByPassword('account', Buffer.from('secret'));
  const found = random.once(3) ? known : { account: 'account', methods, passwordOf: () => null };
  const machine = new ClientLogin<string>({
    connectionId: 1,
    serverVersion: '9.7.4',
    capabilities: randomCapabilities(random),
    mariadbCapabilities: random.pick([0, 0x3c]),
    defaultPlugin: random.pick(['mysql_native_password', 'caching_sha2_password']),
    nonce: NONCE,
    longNonce: Buffer.alloc(32, 7),
    characterSet: 45,
    status: 2,
    tlsAvailable: random.once(2),
    isPrivate: random.once(4),
    publicKey: random.once(2) ? 'a key' : null,
    find: () => found,
  });
  machine.greeting();
  const capabilities = randomCapabilities(random);
  const response = random.bytes(random.pick([0, 1, 20, 32, 64, 255]));
  const first = bytesOf(handshakeResponse(random, { capabilities, user: 'app', response }), random, sound);
  // a client asks for TLS once, then says the same again
  const ssl = Buffer.from(first.subarray(0, 32));
  if (ssl.length === 32) ssl.writeUInt32LE((ssl.readUInt32LE(0) | Capability.SSL) >>> 0, 0);
  let payload = random.once(4) && !sound ? ssl : first;
  for (let round = 0; ; round++) {
    assert.ok(round < 20, 'the login does not end');
    let step = machine.receive(payload);
    while (step.kind === 'check') step = machine.checked(null);
    assert.notEqual(step.kind, 'accepted', 'let in without a password');
    if (step.kind === 'rejected') return;
    payload = step.kind === 'start-tls' ? first : random.bytes(random.pick([0, 1, 1, 20, 32, 64, 256, 300]));
  }
}

/** COM_CHANGE_USER of somebody who was let in. */
function reLogin(random: Random, sound: boolean): void {
  let methods: readonly AuthMethod[] = [{ kind: 'empty', plugin: 'mysql_native_password' }];
  const machine = new ClientLogin<string>({
    connectionId: 1,
    serverVersion: '9.7.4',
    capabilities: 0xffffffff,
    defaultPlugin: 'mysql_native_password',
    nonce: NONCE,
    longNonce: Buffer.alloc(32, 7),
    characterSet: 45,
    status: 2,
    tlsAvailable: false,
    isPrivate: false,
    publicKey: null,
    find: () => ({ account: 'account', methods, passwordOf: () => null }),
  });
  machine.greeting();
  const capabilities = (Capability.PROTOCOL_41 | Capability.PLUGIN_AUTH | Capability.SECURE_CONNECTION) >>> 0;
  const entrant = { capabilities: Capability.PROTOCOL_41, user: 'app', response: Buffer.alloc(0) };
  const hello = valid(handshakeResponse(random, entrant).slice(0, 6)); // up to the user's name
  hello.writeUInt32LE(capabilities, 0);
  const native = Buffer.from('\0mysql_native_password\0');
  assert.equal(machine.receive(Buffer.concat([hello, native])).kind, 'accepted');
  methods = [random.pick(METHODS), random.pick(METHODS)];
  const payload = bytesOf(changeUser(random, capabilities, 'app'), random, sound);
  let step = machine.changeUser(decodeChangeUser(payload, capabilities));
  for (let round = 0; step.kind !== 'rejected'; round++) {
    assert.ok(round < 20, 'the login does not end');
    assert.notEqual(step.kind, 'accepted', 'let in without a password');
    step = step.kind === 'check' ? machine.checked(null) : machine.receive(random.bytes(random.pick([0, 1, 20, 256])));
  }
}

/** Cuts a stream into messages: in pieces as whole, and holding no more than was pushed. */
function framer(random: Random, sound: boolean): void {
  const payloads = Array.from({ length: 1 + random.below(5) }, () => random.bytes(random.length()));
  const stream = framed(payloads, random, sound, 0);
  const read = (chunks: readonly Buffer[]): string[] => {
    const reader = new PacketFramer({ maxPayload: MAX_PAYLOAD });
    const seen: string[] = [];
    for (const chunk of chunks) {
      const result = outcome(() => {
        reader.push(chunk);
        for (let packet = reader.next(); packet !== null; packet = reader.next()) {
          seen.push(packet.payload.toString('latin1'), String(packet.code));
          reader.expect(packet.sequence + 1);
        }
      });
      assert.ok(reader.buffered <= stream.length);
      if (result !== 'done') return [...seen, result];
    }
    return seen;
  };
  const whole = read([Buffer.from(stream)]);
  assert.deepEqual(read(pieces(stream, random.cuts(stream.length))), whole);
  if (sound) assert.equal(whole.length, 2 * payloads.length);
}

function compressed(random: Random, sound: boolean): void {
  const capabilities = random.once(2) ? Capability.COMPRESS : Capability.ZSTD_COMPRESSION_ALGORITHM;
  const zstd = (zlib as unknown as { zstdCompressSync?: (data: Buffer) => Buffer }).zstdCompressSync;
  const compress = capabilities === Capability.COMPRESS ? (data: Buffer) => zlib.deflateSync(data, { level: 1 }) : zstd;
  if (compress === undefined) return;
  const packets = Array.from({ length: 1 + random.below(3) }, (_, i) => {
    const plain = random.once(4) ? Buffer.alloc(random.below(60_000)) : random.bytes(random.length());
    const packed = random.once(3) ? null : compress(plain);
    const body = packed ?? plain;
    const packet = Buffer.concat([Buffer.alloc(7), !sound && random.once(4) ? spoiledBytes(body, random) : body]);
    packet.writeUIntLE(packet.length - 7, 0, 3);
    packet[3] = i;
    const claims = sound || random.once(3) ? plain.length : random.pick([1, plain.length + 1, 0xffffff, 65_000]);
    packet.writeUIntLE(packed === null ? 0 : claims, 4, 3);
    return packet;
  });
  const all = Buffer.concat(packets);
  const stream = sound || random.once(2) ? all : spoiledBytes(all, random);
  const read = (chunks: readonly Buffer[]): string[] => {
    const reader = CompressedStream.of(capabilities, MAX_PAYLOAD)!;
    const seen: string[] = [];
    for (const chunk of chunks) {
      const result = outcome(() => {
        reader.push(chunk);
        for (let bytes = reader.read(); bytes !== null; bytes = reader.read()) {
          assert.ok(bytes.length <= MAX_PAYLOAD + 7);
          seen.push(bytes.toString('latin1'));
        }
      });
      if (result !== 'done') return [...seen, result];
    }
    return seen;
  };
  const whole = read([Buffer.from(stream)]);
  assert.deepEqual(read(pieces(stream, random.cuts(stream.length))), whole);
  if (sound) assert.equal(whole.length, packets.length);
}

function upload(random: Random, sound: boolean): void {
  const contents = Array.from({ length: random.below(4) }, () => random.bytes(1 + random.length()));
  const stream = framed([...contents, Buffer.alloc(0)], random, sound, 2);
  const read = (chunks: readonly Buffer[]): string[] => {
    const reader = new FileUpload(1, 0);
    let taken = 0;
    for (const chunk of chunks) {
      const result = outcome(() => (taken += reader.push(chunk)));
      if (result !== 'done') return [result];
      if (reader.done) break;
    }
    return [String(taken), String(reader.done)];
  };
  const whole = read([Buffer.from(stream)]);
  assert.deepEqual(read(pieces(stream, random.cuts(stream.length))), whole);
  if (sound) assert.deepEqual(whole, [String(stream.length), 'true']);
}

function proxyHeader(random: Random, sound: boolean): void {
  const address = random.pick(['10.1.2.3', '::1', '2001:db8::7', '0.0.0.0']);
  const end = { address, port: random.below(65_536) };
  const family = address.includes(':') ? 'TCP6' : 'TCP4';
  const line = random.pick([`PROXY ${family} ${address} ${address} ${end.port} 3306\r\n`, 'PROXY UNKNOWN\r\n']);
  const header = random.once(2)
    ? Buffer.from(line, 'latin1')
    : encodeProxyHeader(random.once(3) ? { source: null, destination: null } : { source: end, destination: end });
  const bytes = sound ? header : spoiledBytes(header, random);
  // the more arrives, the more is known, and nothing that was known changes
  let known = '';
  for (const length of [...random.cuts(bytes.length), bytes.length]) {
    const now = outcome(() => JSON.stringify(parseProxyHeader(bytes.subarray(0, length))));
    if (known !== '' && known !== 'null') assert.equal(now, known);
    known = now;
  }
  if (sound) assert.match(known, /"length":/);
}

export const CLIENT_TARGETS: readonly Target[] = [
  {
    name: 'handshake response',
    weight: 10,
    run(random, sound) {
      const capabilities = randomCapabilities(random);
      const response = random.bytes(random.pick([0, 20, 32, 255]));
      const payload = bytesOf(handshakeResponse(random, { capabilities, user: 'app', response }), random, sound);
      if (isSslRequest(payload)) decodeSslRequest(payload);
      const decoded = decodeHandshakeResponse(payload);
      if (sound) assert.equal(decoded.user, 'app');
    },
  },
  { name: 'login', weight: 6, run: refusing(login) },
  { name: 'COM_CHANGE_USER on a session', weight: 4, run: refusing(reLogin) },
  {
    name: 'COM_CHANGE_USER',
    weight: 6,
    run(random, sound) {
      const capabilities = randomCapabilities(random);
      decodeChangeUser(bytesOf(changeUser(random, capabilities, 'app'), random, sound), capabilities);
    },
  },
  {
    name: 'query attributes',
    weight: 14,
    run(random, sound) {
      const sql = randomSql(random);
      const payload = bytesOf(query(random, sql, true), random, sound);
      const at = queryTextOffset(payload);
      assert.ok(at >= 1 && at <= Math.max(3, payload.length));
      if (sound) assert.equal(payload.toString('latin1', at), sql);
    },
  },
  {
    name: 'COM_STMT_EXECUTE',
    weight: 14,
    run(random, sound) {
      const parameters = random.once(50) ? random.below(1000) : random.below(5);
      const attributes = random.once(2);
      const payload = bytesOf(execute(random, 1, parameters, attributes), random, sound);
      const layout = executeLayout(payload, parameters, attributes);
      assert.ok(layout.valuesOffset <= payload.length && layout.nullBitmapOffset <= layout.typesOffset);
      if (layout.types !== null) assert.equal(layout.types.length, 2 * parameters);
      const types = layout.types ?? Buffer.alloc(2 * parameters);
      const named = withParamTypes(payload, parameters, types, attributes);
      if (parameters > 0) assert.notEqual(executeLayout(named, parameters, attributes).types, null);
      if (attributes) executeLayout(withoutQueryAttributes(payload, parameters), parameters);
      patchStatementId(payload, statementId(payload));
    },
  },
  {
    name: 'COM_STMT_BULK_EXECUTE',
    weight: 6,
    run(random, sound) {
      const parameters = random.below(5);
      const payload = bytesOf(bulkExecute(random, 1, parameters), random, sound);
      const types = bulkTypes(payload, parameters) ?? Buffer.alloc(2 * parameters);
      assert.notEqual(bulkTypes(withBulkTypes(payload, parameters, types), parameters), null);
    },
  },
  { name: 'packets', weight: 6, run: framer },
  { name: 'compressed packets', weight: 1, run: compressed },
  { name: 'file upload', weight: 4, run: upload },
  { name: 'PROXY header', weight: 5, run: proxyHeader },
];

/** A machine that is used in turn may refuse what the peer sends, but never be found in a wrong state by it. */
function refusing(run: Target['run']): Target['run'] {
  return (random, sound) => {
    try {
      run(random, sound);
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'ILLEGAL_STATE')
        throw new Error(error.message, { cause: error });
      // sound messages may ask for what there is not, such as TLS
      if (!(error instanceof ProtocolError && error.code === 'UNSUPPORTED')) throw error;
    }
  };
}
