import type { AccountRow } from '../plane/types';
import { accessDenied } from '../commands/access-denied';
import type { ClientError } from '../session/client-error';
import type { VerifiedCertificate } from './client-certificate';
import type { ClientHost } from './host-pattern';

/** What is known of a client's connection, apart from its password. */
export interface ClientFacts extends ClientHost {
  /** host:port for texts; `localhost` for a Unix-domain socket. */
  readonly client: string;
  /** null: not by TLS. */
  readonly tls: { readonly cipher: string; readonly certificate: VerifiedCertificate | null } | null;
}

/** A login whose password is right. */
export interface Entrant {
  readonly user: string;
  readonly usedPassword: boolean;
}

/** Why an account's row keeps a client out whose password is right, in the words and order of the server; null: it does not. */
export function refusal(row: AccountRow, entrant: Entrant, facts: ClientFacts, mariadb: boolean): ClientError | null {
  const { user, usedPassword } = entrant;
  const host = facts.address ?? 'localhost';
  if (!meetsTls(row, facts, mariadb)) return accessDenied(user, facts.client, usedPassword);
  if (row.locked && mariadb) return { code: 4151, sqlState: 'HY000', message: 'Access denied, this account is locked' };
  if (row.locked) {
    return { code: 3118, sqlState: 'HY000', message: `Access denied for user '${user}'@'${host}'. Account is locked.` };
  }
  return row.passwordExpired ? { code: 1862, sqlState: 'HY000', message: mariadb ? EXPIRED : `${EXPIRED}.` } : null;
}

/** After everything else: the row has as many connections as it may have. */
export function tooMany({ user, maxUserConnections }: AccountRow): ClientError {
  const message = `User '${user}' has exceeded the 'max_user_connections' resource (current value: ${maxUserConnections})`;
  return { code: 1226, sqlState: '42000', message };
}

/** What a server says to clients that can't change an expired password at once; we let none do that. */
const EXPIRED =
  'Your password has expired. To log in you must change it using a client that supports expired passwords';

function meetsTls({ tls, cipher, issuer, subject }: AccountRow, facts: ClientFacts, mariadb: boolean): boolean {
  switch (tls) {
    case 'NONE':
      return true;
    case 'ANY':
      return facts.tls !== null;
    case 'X509':
      return facts.tls !== null && facts.tls.certificate !== null;
    case 'SPECIFIED': {
      if (facts.tls === null || (cipher !== '' && cipher !== facts.tls.cipher)) return false;
      const { certificate } = facts.tls;
      // MySQL wants one for REQUIRE CIPHER too
      if (certificate === null) return mariadb && issuer === '' && subject === '';
      return (issuer === '' || issuer === certificate.issuer) && (subject === '' || subject === certificate.subject);
    }
  }
  return tls satisfies never;
}
