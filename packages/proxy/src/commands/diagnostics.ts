import { Diagnostic } from '@myswitch/protocol';
import type { Session } from '../session/session';

/** The only spelling that is answered from our own count; anything else is asked of the server, or refused. */
const PLAIN = /^\s*select\s+(found_rows|row_count)\s*\(\s*\)\s*;?\s*$/i;

/**
 * `SELECT FOUND_ROWS()` and `SELECT ROW_COUNT()` for a session whose backend went to somebody else in between: a SELECT of
 * the number that we counted, under the same column name. null: not such a statement, or the server still knows.
 */
export function answeredHere(session: Session, sql: string): string | null {
  const name = PLAIN.exec(sql)?.[1];
  if (name === undefined) return null;
  const foundRowsAsked = name.toLowerCase() === 'found_rows';
  if (session.serverKnows(foundRowsAsked ? Diagnostic.FOUND_ROWS : Diagnostic.ROW_COUNT)) return null;
  const { foundRows, rowCount } = session.diagnostics;
  const value = foundRowsAsked ? foundRows : rowCount;
  if (value === null) return null; // then it is refused
  // as long as a bigint can be, so that the column is one
  const digits = `${value < 0 ? '-' : ''}${String(value).replace('-', '').padStart(19, '0')}`;
  return `SELECT CAST('${digits}' AS SIGNED) AS \`${name}()\``;
}
