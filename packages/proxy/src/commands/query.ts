import { classify, DEFAULT_SQL_MODE, StatementKind, substituteCalls } from '@myswitch/protocol';
import type { Packet, Statement } from '@myswitch/protocol';
import { LRUCache } from 'lru-cache';
import type { Session, Work } from '../session/session';
import { withOwnCounts } from './diagnostics';
import { killStatement } from './kill';
import { sqlModeOf } from './sql-mode';
import { sqlPrepared } from './sql-prepared';
import { queryWork, textWork } from './text';
import { isTrackerSetting, withoutTrackerSettings } from './tracker-settings';

/** Shorter texts are classified faster than they are looked up; longer ones would crowd out the others. */
const CACHED_FROM = 256;
const CACHED_TO = 4096;
const cache = new LRUCache<string, Statement>({ max: 4096 });

/** COM_QUERY. */
export function query(session: Session, packet: Packet): Work | null {
  const sql = packet.text(1);
  const statement = classified(session, sql);
  const { kind } = statement;
  if (kind === StatementKind.KILL) return killStatement(session, sql, statement);
  if (kind === StatementKind.PREPARE || kind === StatementKind.EXECUTE || kind === StatementKind.DEALLOCATE) {
    return sqlPrepared(session, sql, statement);
  }
  if (statement.assignments.some(isTrackerSetting)) {
    const rest = withoutTrackerSettings(session, statement);
    if (rest !== null) return textWork(session, rest, classified(session, rest));
    session.sendOk();
    return null;
  }
  if (statement.asksConnectionId) {
    const text = withOwnId(session, sql);
    return textWork(session, text, classified(session, text));
  }
  if (statement.reads.length > 0) {
    const text = withOwnCounts(session, sql, statement);
    if (text !== null) return textWork(session, text, classified(session, text));
  }
  return queryWork(session, sql, packet, statement);
}

export function classified(session: Session, sql: string): Statement {
  const mode = sqlModeOf(session);
  if (mode !== DEFAULT_SQL_MODE) return classify(sql, mode); // rare: not worth a second cache
  if (sql.length < CACHED_FROM || sql.length > CACHED_TO) return classify(sql);
  let statement = cache.get(sql);
  if (statement === undefined) {
    statement = classify(sql);
    cache.set(sql, statement);
  }
  return statement;
}

/** CONNECTION_ID() is what the greeting said, on whatever backend the statement runs. */
export function withOwnId(session: Session, sql: string): string {
  const values = new Map([['connection_id', `CAST(${session.id} AS UNSIGNED)`]]);
  return substituteCalls(sql, values, sqlModeOf(session));
}
