import { classify, encodePacket, mayLoadLocalFile, ReplyGrammar, StatementKind } from '@myswitch/protocol';
import type { Packet, SqlMode, Statement } from '@myswitch/protocol';
import { ServerStatus } from '@myswitch/protocol';
import { LRUCache } from 'lru-cache';
import type { Backend } from '../backend/backend';
import type { Session, Work } from '../session/session';
import { answeredHere } from './diagnostics';
import { killStatement } from './kill';
import { isTrackerSetting, withoutTrackerSettings } from './tracker-settings';

/** Shorter texts are classified faster than they are looked up; longer ones would crowd out the others. */
const CACHED_FROM = 256;
const CACHED_TO = 4096;
const cache = new LRUCache<string, Statement>({ max: 4096 });

/** COM_QUERY. */
export function query(session: Session, packet: Packet): Work | null {
  const sql = packet.text(1);
  const statement = classified(session, sql);
  if (statement.kind === StatementKind.KILL) return killStatement(session, sql);
  if (statement.assignments.some(isTrackerSetting)) {
    const rest = withoutTrackerSettings(session, statement);
    if (rest !== null) return new QueryWork(textPacket(rest), classified(session, rest));
    session.sendOk();
    return null;
  }
  if (statement.reads.length > 0) {
    const text = answeredHere(session, sql);
    if (text !== null) return new QueryWork(textPacket(text), classified(session, text));
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

/** null: the default one. */
function sqlModeOf(session: Session): SqlMode | null {
  const noBackslashEscapes = (session.status & ServerStatus.NO_BACKSLASH_ESCAPES) !== 0;
  const mode = session.context.variables.get('sql_mode') ?? '';
  const ansiQuotes = mode.includes('ANSI');
  return noBackslashEscapes || ansiQuotes ? { ansiQuotes, noBackslashEscapes } : null;
}

/** Header and command byte. */
const TEXT_AT = 5;

class QueryWork implements Work {
  readonly grammar = ReplyGrammar.QUERY;
  readonly statement: Statement;
  readonly #packet: Buffer;

  constructor(packet: Buffer, statement: Statement) {
    this.#packet = packet;
    this.statement = statement;
  }

  get bytes(): number {
    return this.#packet.length;
  }

  mayLoadFile(session: Session): boolean {
    return mayLoadLocalFile(this.#packet.toString('latin1', TEXT_AT), sqlModeOf(session) ?? undefined);
  }

  write(_session: Session, backend: Backend): void {
    backend.write(this.#packet);
  }
}

function textPacket(sql: string): Buffer {
  return encodePacket(Buffer.from(`\u0003${sql}`, 'latin1'), 0);
}
