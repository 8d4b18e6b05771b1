import { createHash } from 'node:crypto';
import { text, type Row } from '../link/control-connection';
import { NO_LOGIN, type ServerAccount } from './dialect';

/** Columns that differ between two servers with the same accounts. */
const NOISE = new Set(['password_last_changed', 'Timestamp', 'Grantor']);
/** The same inside MariaDB's JSON. */
const JSON_NOISE = /"password_last_changed":\s*\d+/;
const LOCAL = new Set(['localhost', '127.0.0.1', '::1']);

const hostOf = (row: Row): string => text(row, 'Host') || text(row, 'HOST');
const userOf = (row: Row): string => text(row, 'User') || text(row, 'USER');

/** Two rows of accounts are equal when their fingerprints are. Accounts of the machine itself are left out: no client of the pool uses them. */
export function fingerprintAccounts(tables: readonly (readonly Row[])[]): ReadonlyMap<string, string> {
  const lines = new Map<string, string[]>();
  for (const [index, rows] of tables.entries()) {
    for (const row of rows) {
      const host = hostOf(row);
      if (LOCAL.has(host)) {
        continue;
      }
      const account = `'${userOf(row)}'@'${host}'`;
      const values = Object.keys(row)
        .filter((column) => !NOISE.has(column))
        .sort()
        .map((column) => `${column}=${text(row, column).replace(JSON_NOISE, '')}`);
      lines.set(account, [...(lines.get(account) ?? []), `${index}:${values.join('|')}`]);
    }
  }
  return new Map(
    [...lines].map(([account, rows]) => [account, createHash('sha256').update(rows.sort().join('\n')).digest('hex')]),
  );
}

/** Accounts that differ, or that only one of the two servers has. */
export function accountDifferences(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): readonly string[] {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].filter((name) => a.get(name) !== b.get(name)).sort();
}

/**
 * An expression over all rows of a table: their number and a hash. The hash of each row is not linear, so that two accounts that
 * swap their passwords don't cancel out.
 */
export function markOfRows(expressions: readonly string[]): string {
  const values = expressions.map((expression) => `IFNULL(HEX(${expression}), '-')`).join(', ');
  const hash = `CAST(CONV(LEFT(SHA2(CONCAT_WS('|', ${values}), 256), 16), 16, 10) AS UNSIGNED)`;
  return `CONCAT(COUNT(*), ' ', BIT_XOR(${hash}))`;
}

/** Longer than any hash that a supported plugin keeps: what is beyond is of another plugin, and not kept. */
const MAX_AUTHENTICATION = 512;
const MAX_TEXT = 4096;
const MAX_ALTERNATIVES = 8;

/** An account with something too long to be meant is kept by its name alone, so that it still matches, and lets nobody in. */
export function withinBounds(account: ServerAccount): ServerAccount {
  const { row } = account;
  const fits =
    [row.authentication, row.second ?? ''].every(({ length }) => length <= MAX_AUTHENTICATION) &&
    row.alternatives.length <= MAX_ALTERNATIVES &&
    row.alternatives.every(
      ({ plugin, authentication }) => plugin.length + authentication.length <= MAX_AUTHENTICATION,
    ) &&
    [row.issuer, row.subject, row.cipher].every(({ length }) => length <= MAX_TEXT);
  return fits
    ? account
    : {
        ...account,
        row: {
          ...row,
          plugin: NO_LOGIN,
          authentication: '',
          second: null,
          alternatives: [],
          issuer: '',
          subject: '',
          cipher: '',
        },
        unfit: `it has more than ${MAX_AUTHENTICATION} bytes to log in with`,
      };
}
