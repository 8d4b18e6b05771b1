import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificates {
  /** PEM text of the authority. */
  readonly ca: string;
  readonly caFile: string;
  /** For 127.0.0.1 and localhost, signed by the authority. */
  readonly certFile: string;
  readonly keyFile: string;
}

/** DER (X.690): a tag, the length, the content. */
function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const digits = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, body]);
}

const sequence = (...content: Buffer[]): Buffer => der(0x30, ...content);
const octets = (content: Buffer): Buffer => der(0x04, content);
const bits = (content: Buffer): Buffer => der(0x03, Buffer.from([0]), content);
const explicit = (tag: number, content: Buffer): Buffer => der(0xa0 | tag, content);
const TRUE = der(0x01, Buffer.from([0xff]));

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift(0x80 | (left & 0x7f));
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** GeneralizedTime: YYYYMMDDHHMMSSZ. */
const time = (date: Date): Buffer => der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\..*/g, '')}Z`));
const name = (common: string): Buffer => sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(common)))));

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const DAY_MS = 86_400_000;

interface Subject {
  readonly common: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** An X.509 v3 certificate (RFC 5280, section 4.1) as PEM. */
function certificate(subject: Subject, issuer: string, issuerKey: KeyObject, now: Date): string {
  const serial = randomBytes(8);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40; // positive, and of full length
  const body = sequence(
    explicit(0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    name(issuer),
    sequence(time(new Date(now.getTime() - DAY_MS)), time(new Date(now.getTime() + 30 * DAY_MS))),
    name(subject.common),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...subject.extensions)),
  );
  const signed = sequence(body, ECDSA_WITH_SHA256, bits(sign('sha256', body, issuerKey)));
  const lines = signed.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** A fresh authority and a certificate for a server on loopback, written to a folder. */
export function createCertificates(folder: string, now = new Date()): Certificates {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const common = 'MySwitch test authority';
  const isAuthority = sequence(oid('2.5.29.19'), TRUE, octets(sequence(TRUE)));
  const ca = certificate(
    { common, publicKey: authority.publicKey, extensions: [isAuthority] },
    common,
    authority.privateKey,
    now,
  );
  const hosts = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
  const alternatives = sequence(oid('2.5.29.17'), octets(hosts));
  const cert = certificate(
    { common: 'localhost', publicKey: server.publicKey, extensions: [alternatives] },
    common,
    authority.privateKey,
    now,
  );
  mkdirSync(folder, { recursive: true });
  const path = (file: string): string => join(folder, file);
  const certificates = { ca, caFile: path('ca.pem'), certFile: path('server.pem'), keyFile: path('server.key') };
  writeFileSync(certificates.caFile, ca);
  writeFileSync(certificates.certFile, cert);
  writeFileSync(certificates.keyFile, server.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return certificates;
}
