import { createHash } from 'node:crypto';
import type { AccountRow } from '../src/plane/types';

/** As a server stores it for mysql_native_password. */
export function nativeHash(password: string): string {
  const sha1 = (data: Buffer): Buffer => createHash('sha1').update(data).digest();
  return `*${sha1(sha1(Buffer.from(password)))
    .toString('hex')
    .toUpperCase()}`;
}

export function accountRow(user: string, host: string, rest: Partial<AccountRow> = {}): AccountRow {
  return {
    user,
    host,
    plugin: 'mysql_native_password',
    authentication: nativeHash('secret'),
    second: null,
    alternatives: [],
    locked: false,
    passwordExpired: false,
    tls: 'NONE',
    issuer: '',
    subject: '',
    cipher: '',
    maxUserConnections: 0,
    ...rest,
  };
}
