import { bytes, flag, text, type ControlConnection, type Row } from '../link/control-connection';
import type { AccountRow } from '../data-plane';
import { NO_LOGIN, type ServerAccount } from './dialect';
import { markOfRows, withinBounds } from './accounts';

const CHANGED = "CAST(JSON_VALUE(Priv, '$.password_last_changed') AS SIGNED)";
const OWN_LIFETIME = "CAST(JSON_VALUE(Priv, '$.password_lifetime') AS SIGNED)";
/** Negative or missing: the server's default. */
const LIFETIME = `IF(IFNULL(${OWN_LIFETIME}, -1) < 0, @@global.default_password_lifetime, ${OWN_LIFETIME})`;
const AGE = `(UNIX_TIMESTAMP() - ${CHANGED}) DIV 86400`;
const EXPIRED = `IFNULL(${CHANGED} = 0 OR (${LIFETIME} > 0 AND ${AGE} >= ${LIFETIME}), 0)`;

/** mysql.global_priv; the view mysql.user hides alternatives, locks and roles: https://mariadb.com/kb/en/mysqlglobal_priv-table/ */
const COLUMNS: Readonly<Record<string, string>> = {
  user: 'User',
  host: 'Host',
  priv: 'CAST(Priv AS BINARY)',
  expired: EXPIRED,
};

/** An account without a plugin has this one. */
const DEFAULT_PLUGIN = 'mysql_native_password';

export async function accountsMark(c: ControlConnection, deadlineMs: number): Promise<string> {
  const sql = `SELECT ${markOfRows(Object.values(COLUMNS))} AS mark FROM mysql.global_priv`;
  return text(await c.row(sql, deadlineMs), 'mark');
}

export async function readAccounts(
  c: ControlConnection,
  limit: number,
  deadlineMs: number,
): Promise<readonly ServerAccount[]> {
  const columns = Object.entries(COLUMNS).map(([name, expression]) => `${expression} AS \`${name}\``);
  const sql =
    `SELECT ${columns.join(', ')} FROM mysql.global_priv ` +
    `WHERE IFNULL(JSON_VALUE(Priv, '$.is_role'), 0) = 0 ORDER BY User, Host LIMIT ${limit}`;
  return (await c.query(sql, deadlineMs)).map(accountOf);
}

const TLS: readonly AccountRow['tls'][] = ['NONE', 'ANY', 'X509', 'SPECIFIED'];

type Priv = Readonly<Record<string, unknown>>;

const isPriv = (value: unknown): value is Priv => typeof value === 'object' && value !== null && !Array.isArray(value);
const textIn = (priv: Priv, key: string): string => {
  const value = priv[key];
  return typeof value === 'string' ? value : '';
};
const bytesIn = (priv: Priv, key: string): string => Buffer.from(textIn(priv, key)).toString('latin1');

function accountOf(row: Row): ServerAccount {
  const priv = parsed(bytes(row, 'priv'));
  const known = priv ?? {};
  const limit = known['max_user_connections'];
  return withinBounds({
    row: {
      user: text(row, 'user'),
      host: text(row, 'host'),
      plugin: priv === null ? NO_LOGIN : textIn(known, 'plugin') || DEFAULT_PLUGIN,
      authentication: bytesIn(known, 'authentication_string'),
      second: null,
      alternatives: alternativesOf(known),
      locked: known['account_locked'] === true,
      passwordExpired: flag(row, 'expired'),
      tls: TLS[Number(known['ssl_type'] ?? 0)] ?? 'SPECIFIED',
      issuer: textIn(known, 'x509_issuer'),
      subject: textIn(known, 'x509_subject'),
      cipher: textIn(known, 'ssl_cipher'),
      maxUserConnections: typeof limit === 'number' ? limit : 0,
    },
    unfit: priv === null ? 'its row is not understood' : null,
    countsFailures: false,
  });
}

function parsed(json: string): Priv | null {
  try {
    const priv: unknown = JSON.parse(Buffer.from(json, 'latin1').toString());
    return isPriv(priv) ? priv : null;
  } catch {
    return null;
  }
}

/** An empty object in the list is the place of the account's own plugin. */
function alternativesOf(priv: Priv): AccountRow['alternatives'] {
  const list = priv['auth_or'];
  return (Array.isArray(list) ? list : []).filter(isPriv).flatMap((one) => {
    const plugin = textIn(one, 'plugin');
    return plugin === '' ? [] : [{ plugin, authentication: bytesIn(one, 'authentication_string') }];
  });
}
