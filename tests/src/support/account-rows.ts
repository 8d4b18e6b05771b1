import type { AccountRow } from '@myswitch/proxy';
import type { TestServer } from '@myswitch/testkit';

/** A server's accounts as its own tables tell them. */
export function accountRows(server: TestServer): Promise<AccountRow[]> {
  return server.kind === 'mariadb' ? mariadbRows(server) : mysqlRows(server);
}

const TLS = ['NONE', 'ANY', 'X509', 'SPECIFIED'] as const;

interface Priv {
  readonly plugin?: string;
  readonly authentication_string?: string;
  readonly auth_or?: readonly { readonly plugin?: string; readonly authentication_string?: string }[];
  readonly account_locked?: boolean;
  readonly password_last_changed?: number;
  readonly ssl_type?: number;
  readonly x509_issuer?: string;
  readonly x509_subject?: string;
  readonly ssl_cipher?: string;
  readonly max_user_connections?: number;
  readonly is_role?: boolean;
}

async function mariadbRows(server: TestServer): Promise<AccountRow[]> {
  const rows = await server.sql('SELECT User AS user, Host AS host, Priv AS priv FROM mysql.global_priv');
  return rows.map(mariadbRow).filter((row) => row !== null);
}

function mariadbRow({ user, host, priv: value }: Record<string, unknown>): AccountRow | null {
  const priv = (typeof value === 'string' ? JSON.parse(value) : value) as Priv;
  if (priv.is_role === true) return null;
  const own = { plugin: priv.plugin ?? '', authentication: priv.authentication_string ?? '' };
  const alternatives = (priv.auth_or ?? []).map((way) =>
    way.plugin === undefined ? own : { plugin: way.plugin, authentication: way.authentication_string ?? '' },
  );
  return {
    user: String(user),
    host: String(host),
    ...own,
    second: null,
    alternatives,
    locked: priv.account_locked === true,
    passwordExpired: priv.password_last_changed === 0,
    tls: TLS[priv.ssl_type ?? 0] ?? 'SPECIFIED',
    issuer: priv.x509_issuer ?? '',
    subject: priv.x509_subject ?? '',
    cipher: priv.ssl_cipher ?? '',
    maxUserConnections: priv.max_user_connections ?? 0,
  };
}

async function mysqlRows(server: TestServer): Promise<AccountRow[]> {
  const rows = await server.sql(
    `SELECT user, host, plugin, authentication_string AS authentication, account_locked AS locked,
            password_expired AS expired, ssl_type AS tls, CAST(x509_issuer AS CHAR) AS issuer,
            CAST(x509_subject AS CHAR) AS subject, CAST(ssl_cipher AS CHAR) AS cipher,
            max_user_connections AS max, User_attributes->>'$.additional_password' AS second
     FROM mysql.user`,
  );
  return rows.map((row) => ({
    user: String(row['user']),
    host: String(row['host']),
    plugin: String(row['plugin']),
    authentication: (row['authentication'] as string | null) ?? '',
    second: row['second'] as string | null,
    alternatives: [],
    locked: row['locked'] === 'Y',
    passwordExpired: row['expired'] === 'Y',
    tls: row['tls'] === '' ? 'NONE' : (row['tls'] as AccountRow['tls']),
    issuer: String(row['issuer']),
    subject: String(row['subject']),
    cipher: String(row['cipher']),
    maxUserConnections: Number(row['max']),
  }));
}
