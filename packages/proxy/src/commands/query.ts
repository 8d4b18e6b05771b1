import { classify, DEFAULT_SQL_MODE, encodePacket, StatementKind, withConnectionId } from '@myswitch/protocol';
import type { Packet, SqlMode, Statement } from '@myswitch/protocol';
import { ServerStatus } from '@myswitch/protocol';
import { LRUCache } from 'lru-cache';
import type { Session, Work } from '../session/session';
import { answeredHere } from './diagnostics';
import { killStatement } from './kill';
import { QueryWork, textWork } from './text';
import { isTrackerSetting, withoutTrackerSettings } from './tracker-settings';

/** Shorter texts are classified faster than they are looked up; longer ones would crowd out the others. */
const CACHED_FROM = 256;
const CACHED_TO = 4096;
const cache = new LRUCache<string, Statement>({ max: 4096 });

/** COM_QUERY. */
export function query(session: Session, packet: Packet): Work | null {
  const sql = packet.text(1);
  const statement = classified(session, sql);
  if (statement.kind === StatementKind.KILL) return killStatement(session, sql, statement);
  if (statement.asksConnectionId) {
    const text = withOwnId(session, sql);
    return textWork(text, classified(session, text));
  }
  if (statement.assignments.some(isTrackerSetting)) {
    const rest = withoutTrackerSettings(session, statement);
    if (rest !== null) return textWork(rest, classified(session, rest));
    session.sendOk();
    return null;
  }
  if (statement.reads.length > 0) {
    const text = answeredHere(session, sql);
    if (text !== null) return textWork(text, classified(session, text));
  }
  return new QueryWork(packet.raw ?? encodePacket(packet.payload, 0), statement);
}

export function classified(session: Session, sql: string): Statement {
  const mode = sqlModeOf(session);
  if (mode !== null) return classify(sql, mode); // rare: not worth a second cache
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
  return withConnectionId(sql, session.id, sqlModeOf(session) ?? DEFAULT_SQL_MODE);
}

/** null: the default one. */
function sqlModeOf(session: Session): SqlMode | null {
  const noBackslashEscapes = (session.status & ServerStatus.NO_BACKSLASH_ESCAPES) !== 0;
  const mode = session.context.variables.get('sql_mode') ?? '';
  const ansiQuotes = mode.includes('ANSI');
  return noBackslashEscapes || ansiQuotes ? { ansiQuotes, noBackslashEscapes } : null;
}
