import { Capability, classify, DEFAULT_SQL_MODE, queryTextOffset, StatementKind } from '@myswitch/protocol';
import type { Packet, Statement } from '@myswitch/protocol';
import { LRUCache } from 'lru-cache';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { withOwnCounts } from './diagnostics';
import { killStatement } from './kill';
import { withOwnId } from './own-id';
import { sqlModeOf } from './sql-mode';
import { sqlPrepared } from './sql-prepared';
import { queryWork, withSql } from './text';
import type { QueryText } from './text';
import { isTrackerSetting, withoutTrackerSettings } from './tracker-settings';

/** Shorter texts are classified faster than they are looked up; longer ones would crowd out the others. */
const CACHED_FROM = 256;
const CACHED_TO = 4096;
const cache = new LRUCache<string, Statement>({ max: 4096 });

/** COM_QUERY. */
export function query(session: Session, packet: Packet): Work | null {
  const text = textOf(session, packet);
  const { sql } = text;
  const statement = classified(session, sql);
  const { kind } = statement;
  if (kind === StatementKind.KILL) return killStatement(session, text, statement);
  if (kind === StatementKind.PREPARE || kind === StatementKind.EXECUTE || kind === StatementKind.DEALLOCATE) {
    return sqlPrepared(session, text, statement);
  }
  if (statement.assignments.some(isTrackerSetting)) {
    const rest = withoutTrackerSettings(session, statement);
    if (rest !== null) return queryWork(session, withSql(text, rest), classified(session, rest));
    session.sendOk();
    return null;
  }
  if (statement.asksConnectionId) {
    const own = withOwnId(session, sql);
    return queryWork(session, withSql(text, own), classified(session, own));
  }
  if (statement.reads.length > 0) {
    const own = withOwnCounts(session, sql, statement);
    if (own !== null) return queryWork(session, withSql(text, own), classified(session, own));
  }
  return queryWork(session, text, statement);
}

export function textOf(session: Session, packet: Packet): QueryText {
  const attributes = (session.capabilities & Capability.QUERY_ATTRIBUTES) !== 0;
  const at = attributes ? queryTextOffset(packet.payload) : 1;
  return { sql: packet.text(at), packet, at };
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
