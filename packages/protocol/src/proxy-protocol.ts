import { ProtocolError } from './errors';
import { formatIpAddress, parseIpAddress } from './ip-address';

/*
 * PROXY protocol, versions 1 (text) and 2 (binary): what a load balancer sends before anything else to say whose connection it
 * passes on. https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt
 */

export interface ProxyEndpoint {
  /** IPv4, or IPv6 as RFC 5952 writes it. */
  readonly address: string;
  readonly port: number;
}

export interface ProxyHeader {
  /** Whose connection it is. Null: the sender's own (LOCAL, UNKNOWN), or of a family that has no address to match hosts with. */
  readonly source: ProxyEndpoint | null;
  readonly destination: ProxyEndpoint | null;
}

/** A header, and how many bytes it took. */
export interface ParsedProxyHeader extends ProxyHeader {
  readonly length: number;
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const TEXT_START = Buffer.from('PROXY ', 'latin1');
/** With CRLF, as the specification says. */
const MAX_TEXT = 107;
const FIXED = SIGNATURE.length + 4;
/** Addresses take 216 bytes at most; the rest are extensions (TLVs), which are passed over. */
const MAX_BINARY = FIXED + 4096;

const Command = Object.freeze({ LOCAL: 0x20, PROXY: 0x21 } as const);
/** Bytes of each address, by family and transport. Others have addresses that are of no use here. */
const STREAM: Readonly<Record<number, number>> = { 0x11: 4, 0x21: 16 };
/** Least bytes of addresses of the families that are known and not used: none, datagrams, Unix sockets. */
const UNUSED: Readonly<Record<number, number>> = { 0x00: 0, 0x12: 12, 0x22: 36, 0x31: 216, 0x32: 216 };

/**
 * Reads a header from the first bytes of a connection; null while there are too few of them.
 * Throws ProtocolError MALFORMED as soon as they can't become one: who sends something else is not waited for.
 */
export function parseProxyHeader(bytes: Buffer): ParsedProxyHeader | null {
  if (startsLike(bytes, SIGNATURE)) return bytes.length < FIXED ? null : parseBinary(bytes);
  if (startsLike(bytes, TEXT_START)) return parseText(bytes);
  throw malformed('no header');
}

/** Version 2. Without a source it says LOCAL: the connection is the sender's own. Both ends are of one family. */
export function encodeProxyHeader({ source, destination }: ProxyHeader): Buffer {
  const from = source === null ? null : parseIpAddress(source.address);
  const to = destination === null ? null : parseIpAddress(destination.address);
  if (source === null || destination === null || from === null || to === null) {
    return Buffer.concat([SIGNATURE, Buffer.from([Command.LOCAL, 0, 0, 0])]);
  }
  const size = from.length === 4 && to.length === 4 ? 4 : 16;
  const addresses = Buffer.alloc(2 * size + 4);
  widened(from, size).copy(addresses, 0);
  widened(to, size).copy(addresses, size);
  addresses.writeUInt16BE(source.port, 2 * size);
  addresses.writeUInt16BE(destination.port, 2 * size + 2);
  const head = Buffer.from([Command.PROXY, size === 4 ? 0x11 : 0x21, 0, addresses.length]);
  return Buffer.concat([SIGNATURE, head, addresses]);
}

const malformed = (what: string): ProtocolError => new ProtocolError('MALFORMED', `PROXY protocol: ${what}`);

/** So far, and as far as it goes. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

function parseBinary(bytes: Buffer): ParsedProxyHeader | null {
  const command = bytes[SIGNATURE.length] ?? 0;
  const family = bytes[SIGNATURE.length + 1] ?? 0;
  const length = FIXED + bytes.readUInt16BE(SIGNATURE.length + 2);
  if (command !== Command.LOCAL && command !== Command.PROXY) throw malformed('unknown version or command');
  if (length > MAX_BINARY) throw malformed(`${length} bytes`);
  const size = STREAM[family];
  // of LOCAL the addresses mean nothing, and may be missing
  const least = command === Command.LOCAL ? 0 : size === undefined ? UNUSED[family] : 2 * size + 4;
  if (least === undefined) throw malformed('unknown family');
  if (length < FIXED + least) throw malformed('too short for its addresses');
  if (bytes.length < length) return null;
  if (command === Command.LOCAL || size === undefined) return { source: null, destination: null, length };
  const endpoint = (index: 0 | 1): ProxyEndpoint => ({
    address: formatIpAddress(bytes.subarray(FIXED + index * size, FIXED + (index + 1) * size)),
    port: bytes.readUInt16BE(FIXED + 2 * size + 2 * index),
  });
  return { source: endpoint(0), destination: endpoint(1), length };
}

function parseText(bytes: Buffer): ParsedProxyHeader | null {
  const end = bytes.subarray(0, MAX_TEXT).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= MAX_TEXT) throw malformed('a line without an end');
    return null;
  }
  const length = end + 2;
  const line = bytes.toString('latin1', TEXT_START.length, end);
  // what follows UNKNOWN is to be ignored
  if (line === 'UNKNOWN' || line.startsWith('UNKNOWN ')) return { source: null, destination: null, length };
  const [family, from, to, fromPort, toPort, ...more] = line.split(' ');
  const source = textEndpoint(family, from, fromPort);
  const destination = textEndpoint(family, to, toPort);
  if (source === null || destination === null || more.length > 0) throw malformed('a line that says nothing');
  return { source, destination, length };
}

function textEndpoint(family: string | undefined, address = '', port = ''): ProxyEndpoint | null {
  const isOfFamily = family === 'TCP4' ? !address.includes(':') : family === 'TCP6' && address.includes(':');
  const bytes = isOfFamily ? parseIpAddress(address) : null;
  if (bytes === null || !/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65_535) return null;
  return { address: formatIpAddress(bytes), port: Number(port) };
}

/** IPv4 in a header of IPv6. */
function widened(address: Buffer, size: number): Buffer {
  if (address.length === size) return address;
  return Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), address]);
}
