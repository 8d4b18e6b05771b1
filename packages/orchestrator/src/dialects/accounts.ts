import { createHash } from 'node:crypto';
import { text, type Row } from '../control-connection';

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
