import { substituteCalls } from '@myswitch/protocol';
import type { Session } from '../session/session';
import { sqlModeOf } from './sql-mode';

/** CONNECTION_ID() is what the greeting said, on whatever backend the statement runs. */
export function withOwnId(session: Session, sql: string): string {
  const values = new Map([['connection_id', `CAST(${session.id} AS UNSIGNED)`]]);
  return substituteCalls(sql, values, sqlModeOf(session));
}
