import { Diagnostic, substituteCalls } from '@myswitch/protocol';
import type { Statement } from '@myswitch/protocol';
import type { Session } from '../session/session';
import { sqlModeOf } from './sql-mode';

/**
 * A statement that asks for FOUND_ROWS() or ROW_COUNT(), for a session whose backend went to somebody else in between: with
 * the numbers that we counted in their place. null: the server still knows, or we don't (then it is refused).
 */
export function withOwnCounts(session: Session, sql: string, statement: Statement): string | null {
  const { foundRows, rowCount } = session.diagnostics;
  const values = new Map<string, string>();
  const own = (what: Diagnostic, name: string, value: number | bigint | null): void => {
    if (statement.reads.includes(what) && value !== null && !session.serverKnows(what)) values.set(name, bigint(value));
  };
  own(Diagnostic.FOUND_ROWS, 'found_rows', foundRows);
  own(Diagnostic.ROW_COUNT, 'row_count', rowCount);
  if (values.size === 0) return null;
  const text = substituteCalls(sql, values, sqlModeOf(session));
  return text === sql ? null : text;
}

/** As wide as the functions' own results: MariaDB takes a column's width from what is cast. */
function bigint(value: number | bigint): string {
  const digits = String(value).replace('-', '');
  return `CAST('${value < 0 ? '-' : '0'}${digits.padStart(20, '0')}' AS SIGNED)`;
}
