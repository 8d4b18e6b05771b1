import { ByteReader, ByteWriter } from './bytes';
import { Capability, Command } from './constants';
import { ProtocolError } from './errors';

/** The server's greeting (manual: Protocol::HandshakeV10). */
export interface HandshakeV10 {
  readonly serverVersion: string;
  readonly connectionId: number;
  /** 20 bytes, without the NUL that ends it on the wire. */
  readonly nonce: Buffer;
  readonly capabilities: number;
  /** Low byte of the server's default collation. */
  readonly characterSet: number;
  readonly status: number;
  readonly authPlugin: string;
  /** MariaDbCapability bits; 0 from MySQL. */
  readonly mariadbCapabilities: number;
}

/** What a client sends before TLS begins (manual: Protocol::SSLRequest). */
export interface SslRequest {
  readonly capabilities: number;
  readonly maxPacket: number;
  readonly characterSet: number;
  readonly mariadbCapabilities: number;
}

/** The client's answer to the greeting (manual: Protocol::HandshakeResponse41). */
export interface HandshakeResponse41 extends SslRequest {
  /** Its bytes as latin1: they are in the character set that the message names. */
  readonly user: string;
  readonly authResponse: Buffer;
  /** As `user`. */
  readonly database: string | null;
  /** null: the client knows no plugins. */
  readonly authPlugin: string | null;
  readonly attributes: ConnectAttributes | null;
}

/** COM_CHANGE_USER (manual: COM_CHANGE_USER). */
export interface ChangeUser {
  /** Its bytes as latin1, as in HandshakeResponse41. */
  readonly user: string;
  readonly authResponse: Buffer;
  readonly database: string | null;
  /** null: not sent, the session's default applies. */
  readonly characterSet: number | null;
  readonly authPlugin: string | null;
  readonly attributes: ConnectAttributes | null;
}

export type ConnectAttributes = ReadonlyMap<string, string>;

/** Manual: Protocol::AuthSwitchRequest. */
export interface AuthSwitchRequest {
  readonly plugin: string;
  /** Plugin data as on the wire: most nonces have a NUL behind them, that of client_ed25519 has none. */
  readonly data: Buffer;
}

const NONCE = 20;
const RESERVED = 6;
const RESPONSE_FILLER = 19;
const SSL_REQUEST = 32;
const DEFAULT_PLUGIN = 'mysql_native_password';

export function encodeHandshake(message: HandshakeV10): Buffer {
  const writer = new ByteWriter(160)
    .u8(10)
    .nulString(message.serverVersion)
    .u32(message.connectionId)
    .bytes(message.nonce.subarray(0, 8))
    .u8(0)
    .u16(message.capabilities & 0xffff)
    .u8(message.characterSet & 0xff)
    .u16(message.status)
    .u16(message.capabilities >>> 16)
    .u8(has(message.capabilities, Capability.PLUGIN_AUTH) ? message.nonce.length + 1 : 0)
    .zeros(RESERVED)
    .u32(message.mariadbCapabilities)
    .bytes(message.nonce.subarray(8))
    .u8(0);
  if (has(message.capabilities, Capability.PLUGIN_AUTH)) writer.nulString(message.authPlugin);
  return writer.finish();
}

/** Throws UNSUPPORTED for another protocol version than 10. */
export function decodeHandshake(payload: Buffer): HandshakeV10 {
  const reader = new ByteReader(payload);
  const version = reader.u8();
  if (version !== 10) throw new ProtocolError('UNSUPPORTED', `protocol version ${version}`);
  const serverVersion = reader.nulString();
  const connectionId = reader.u32();
  const nonceStart = reader.bytes(8);
  reader.skip(1);
  const low = reader.u16();
  const characterSet = reader.u8();
  const status = reader.u16();
  const capabilities = (low | (reader.u16() << 16)) >>> 0;
  const authDataLength = reader.u8();
  reader.skip(RESERVED);
  const extended = reader.u32();
  const nonceEnd = has(capabilities, Capability.SECURE_CONNECTION)
    ? reader.bytes(Math.max(NONCE - 8 + 1, authDataLength - 8))
    : Buffer.alloc(0);
  return {
    serverVersion,
    connectionId,
    nonce: Buffer.concat([nonceStart, withoutLastNul(nonceEnd)]),
    capabilities,
    characterSet,
    status,
    // MySQL bug #59453: servers of the 5.5 time leave out the NUL
    authPlugin: has(capabilities, Capability.PLUGIN_AUTH) ? reader.nulOrEndString() : DEFAULT_PLUGIN,
    mariadbCapabilities: has(capabilities, Capability.LONG_PASSWORD) ? 0 : extended,
  };
}

export function encodeSslRequest(message: SslRequest): Buffer {
  return writeResponseHead(new ByteWriter(SSL_REQUEST), message).finish();
}

/** An SSLRequest is the head of a HandshakeResponse41, with the SSL bit and nothing after it. */
export function isSslRequest(payload: Buffer): boolean {
  return payload.length === SSL_REQUEST && has(payload.readUInt32LE(0), Capability.SSL);
}

export function decodeSslRequest(payload: Buffer): SslRequest {
  return readResponseHead(new ByteReader(payload));
}

/** Optional fields are written as `capabilities` says; those bits must agree with the fields that are set. */
export function encodeHandshakeResponse(message: HandshakeResponse41): Buffer {
  const { capabilities } = message;
  const writer = writeName(writeResponseHead(new ByteWriter(256), message), message.user);
  if (has(capabilities, Capability.PLUGIN_AUTH_LENENC)) writer.lenencBuffer(message.authResponse);
  else writeShortAuth(writer, message.authResponse, capabilities);
  if (has(capabilities, Capability.CONNECT_WITH_DB)) writeName(writer, message.database ?? '');
  if (has(capabilities, Capability.PLUGIN_AUTH)) writer.nulString(message.authPlugin ?? DEFAULT_PLUGIN);
  if (has(capabilities, Capability.CONNECT_ATTRS)) writeAttributes(writer, message.attributes);
  return writer.finish();
}

/** Throws UNSUPPORTED for a client older than protocol 4.1. */
export function decodeHandshakeResponse(payload: Buffer): HandshakeResponse41 {
  const reader = new ByteReader(payload);
  const head = readResponseHead(reader);
  const { capabilities } = head;
  const user = reader.nulBuffer().toString('latin1');
  const authResponse = has(capabilities, Capability.PLUGIN_AUTH_LENENC)
    ? reader.lenencBuffer()
    : readShortAuth(reader, capabilities);
  const database = has(capabilities, Capability.CONNECT_WITH_DB) ? reader.nulOrEndBuffer().toString('latin1') : '';
  const authPlugin = has(capabilities, Capability.PLUGIN_AUTH) ? reader.nulOrEndString() : null;
  const attributes = has(capabilities, Capability.CONNECT_ATTRS) ? readAttributes(reader) : null;
  return { ...head, user, authResponse, database: database === '' ? null : database, authPlugin, attributes };
}

export function encodeAuthSwitch(message: AuthSwitchRequest): Buffer {
  return new ByteWriter(64).u8(0xfe).nulString(message.plugin).bytes(message.data).finish();
}

/** A bare 0xfe is the old form: it asks for mysql_old_password. */
export function decodeAuthSwitch(payload: Buffer): AuthSwitchRequest {
  const reader = new ByteReader(payload);
  if (reader.u8() !== 0xfe) throw new ProtocolError('MALFORMED', 'not an AuthSwitchRequest');
  if (reader.remaining === 0) return { plugin: 'mysql_old_password', data: Buffer.alloc(0) };
  return { plugin: reader.nulString(), data: reader.rest() };
}

/** Manual: Protocol::AuthMoreData. */
export function encodeAuthMoreData(data: Buffer): Buffer {
  return new ByteWriter(data.length + 1).u8(0x01).bytes(data).finish();
}

export function encodeChangeUser(message: ChangeUser, capabilities: number): Buffer {
  const writer = writeName(new ByteWriter(256).u8(Command.CHANGE_USER), message.user);
  writeShortAuth(writer, message.authResponse, capabilities);
  writeName(writer, message.database ?? '');
  if (message.characterSet === null) return writer.finish();
  writer.u16(message.characterSet);
  if (has(capabilities, Capability.PLUGIN_AUTH)) writer.nulString(message.authPlugin ?? DEFAULT_PLUGIN);
  if (has(capabilities, Capability.CONNECT_ATTRS)) writeAttributes(writer, message.attributes);
  return writer.finish();
}

/** `capabilities`: those negotiated at login. */
export function decodeChangeUser(payload: Buffer, capabilities: number): ChangeUser {
  const reader = new ByteReader(payload);
  if (reader.u8() !== Command.CHANGE_USER) throw new ProtocolError('MALFORMED', 'not a COM_CHANGE_USER');
  const user = reader.nulBuffer().toString('latin1');
  const authResponse = readShortAuth(reader, capabilities);
  const database = reader.nulOrEndBuffer().toString('latin1');
  const characterSet = reader.remaining >= 2 ? reader.u16() : null;
  const authPlugin = has(capabilities, Capability.PLUGIN_AUTH) && reader.remaining > 0 ? reader.nulOrEndString() : null;
  const attributes = has(capabilities, Capability.CONNECT_ATTRS) ? readAttributes(reader) : null;
  return { user, authResponse, database: database === '' ? null : database, characterSet, authPlugin, attributes };
}

/** `name`: bytes as latin1. */
function writeName(writer: ByteWriter, name: string): ByteWriter {
  if (name.includes('\0')) throw new ProtocolError('MALFORMED', 'NUL in a name');
  return writer.bytes(Buffer.from(name, 'latin1')).u8(0);
}

function has(capabilities: number, bit: number): boolean {
  return (capabilities & bit) !== 0;
}

function writeResponseHead(writer: ByteWriter, message: SslRequest): ByteWriter {
  return writer
    .u32(message.capabilities)
    .u32(message.maxPacket)
    .u8(message.characterSet & 0xff)
    .zeros(RESPONSE_FILLER)
    .u32(message.mariadbCapabilities);
}

function readResponseHead(reader: ByteReader): SslRequest {
  const low = reader.u16();
  // a client of before 4.1 sends no more than these 16 bits
  if (!has(low, Capability.PROTOCOL_41)) throw new ProtocolError('UNSUPPORTED', 'client without protocol 4.1');
  const capabilities = (low | (reader.u16() << 16)) >>> 0;
  const maxPacket = reader.u32();
  const characterSet = reader.u8();
  reader.skip(RESPONSE_FILLER);
  const extended = reader.u32();
  const mariadbCapabilities = has(capabilities, Capability.LONG_PASSWORD) ? 0 : extended;
  return { capabilities, maxPacket, characterSet, mariadbCapabilities };
}

function writeShortAuth(writer: ByteWriter, response: Buffer, capabilities: number): void {
  if (has(capabilities, Capability.SECURE_CONNECTION)) {
    if (response.length > 0xff) throw new ProtocolError('TOO_LARGE', 'authentication response above 255 bytes');
    writer.u8(response.length).bytes(response);
  } else {
    writer.bytes(response).u8(0);
  }
}

function readShortAuth(reader: ByteReader, capabilities: number): Buffer {
  return has(capabilities, Capability.SECURE_CONNECTION) ? reader.bytes(reader.u8()) : reader.nulBuffer();
}

function writeAttributes(writer: ByteWriter, attributes: ConnectAttributes | null): void {
  const pairs = new ByteWriter(256);
  for (const [name, value] of attributes ?? []) pairs.lenencString(name).lenencString(value);
  writer.lenencBuffer(pairs.finish());
}

/** Absent at the end of the message counts as none: some clients set the bit and send nothing. */
function readAttributes(reader: ByteReader): ConnectAttributes | null {
  if (reader.remaining === 0) return null;
  const pairs = new ByteReader(reader.lenencBuffer());
  const attributes = new Map<string, string>();
  while (pairs.remaining > 0) attributes.set(pairs.lenencString(), pairs.lenencString());
  return attributes;
}

function withoutLastNul(data: Buffer): Buffer {
  return data.at(-1) === 0 ? data.subarray(0, -1) : data;
}
