import { bytes, flag, number, text, type ControlConnection, type Row } from '../link/control-connection';
import type { AccountRow } from '../data-plane';
import { NO_LOGIN, type ServerAccount } from './dialect';
import { markOfRows, withinBounds } from './accounts';

const LIFETIME = 'IFNULL(password_lifetime, @@global.default_password_lifetime)';
const EXPIRED =
  `(password_expired = 'Y' OR (${LIFETIME} > 0 AND ` +
  `UNIX_TIMESTAMP(password_last_changed) + ${LIFETIME} * 86400 < UNIX_TIMESTAMP()))`;

/**
 * mysql.user: https://dev.mysql.com/doc/refman/8.4/en/grant-tables.html. The hash of a password has a binary salt, so it must not
 * pass through a character set.
 */
const COLUMNS: Readonly<Record<string, string>> = {
  user: 'User',
  host: 'Host',
  plugin: 'plugin',
  authentication: 'CAST(authentication_string AS BINARY)',
  second: "CAST(User_attributes->>'$.additional_password' AS BINARY)",
  attributes: 'JSON_KEYS(User_attributes)',
  locked: "account_locked = 'Y'",
  expired: EXPIRED,
  tls: 'ssl_type',
  issuer: 'x509_issuer',
  subject: 'x509_subject',
  cipher: 'ssl_cipher',
  maxUserConnections: 'max_user_connections',
};

export async function accountsMark(c: ControlConnection, deadlineMs: number): Promise<string> {
  return text(await c.row(`SELECT ${markOfRows(Object.values(COLUMNS))} AS mark FROM mysql.user`, deadlineMs), 'mark');
}

export async function readAccounts(
  c: ControlConnection,
  limit: number,
  deadlineMs: number,
): Promise<readonly ServerAccount[]> {
  const columns = Object.entries(COLUMNS).map(([name, expression]) => `${expression} AS \`${name}\``);
  const sql = `SELECT ${columns.join(', ')} FROM mysql.user ORDER BY User, Host LIMIT ${limit}`;
  return (await c.query(sql, deadlineMs)).map(accountOf);
}

const TLS: Readonly<Record<string, AccountRow['tls']>> = { '': 'NONE', ANY: 'ANY', X509: 'X509' };

/** A role is a locked account here, and the server treats a login as one like a login to a locked account. */
function accountOf(row: Row): ServerAccount {
  const attributes = text(row, 'attributes');
  const unfit = /"multi_factor_authentication"/i.test(attributes) ? 'it asks for a second factor' : null;
  return withinBounds({
    row: {
      user: text(row, 'user'),
      host: text(row, 'host'),
      plugin: unfit === null ? text(row, 'plugin') : NO_LOGIN,
      authentication: bytes(row, 'authentication'),
      second: bytes(row, 'second') || null,
      alternatives: [],
      locked: flag(row, 'locked'),
      passwordExpired: flag(row, 'expired'),
      tls: TLS[text(row, 'tls')] ?? 'SPECIFIED',
      issuer: text(row, 'issuer'),
      subject: text(row, 'subject'),
      cipher: text(row, 'cipher'),
      maxUserConnections: number(row, 'maxUserConnections'),
    },
    unfit,
    countsFailures: /"Password_locking"/i.test(attributes),
  });
}
