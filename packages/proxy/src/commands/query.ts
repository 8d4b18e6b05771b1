import {
  Capability,
  classify,
  Command,
  encodePacket,
  mayLoadLocalFile,
  Packet,
  queryTextOffset,
  ReplyGrammar,
  ServerStatus,
  StatementKind,
} from '@myswitch/protocol';
import type { SqlMode, Statement } from '@myswitch/protocol';
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
  const attributes = (session.capabilities & Capability.QUERY_ATTRIBUTES) !== 0;
  const textAt = attributes ? queryTextOffset(packet.payload) : 1;
  const sql = packet.text(textAt);
  const statement = classified(session, sql);
  if (statement.kind === StatementKind.KILL) return killStatement(session, sql);
  if (statement.assignments.some(isTrackerSetting)) {
    const rest = withoutTrackerSettings(session, statement);
    if (rest !== null) return new QueryWork(withText(packet, textAt, rest), textAt, classified(session, rest));
    session.sendOk();
    return null;
  }
  if (statement.reads.length > 0) {
    const text = answeredHere(session, sql);
    if (text !== null) return new QueryWork(withText(packet, textAt, text), textAt, classified(session, text));
  }
  return new QueryWork(packet, textAt, statement);
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

class QueryWork implements Work {
  readonly grammar = ReplyGrammar.QUERY;
  readonly statement: Statement;
  readonly #packet: Packet;
  /** Before it are the command, and the attributes of a client that has any to send. */
  readonly #textAt: number;

  constructor(packet: Packet, textAt: number, statement: Statement) {
    this.#packet = packet;
    this.#textAt = textAt;
    this.statement = statement;
  }

  get bytes(): number {
    return this.#packet.length;
  }

  mayLoadFile(session: Session): boolean {
    return mayLoadLocalFile(this.#packet.text(this.#textAt), sqlModeOf(session) ?? undefined);
  }

  write(_session: Session, backend: Backend): void {
    const packet = this.#packet;
    if (this.#textAt > 1 && !backend.has(Capability.QUERY_ATTRIBUTES)) {
      backend.send(Command.QUERY, packet.payload.subarray(this.#textAt));
    } else {
      backend.write(packet.raw ?? encodePacket(packet.payload, 0));
    }
  }
}

/** The same command, with another text. */
function withText(packet: Packet, textAt: number, sql: string): Packet {
  const payload = Buffer.concat([packet.payload.subarray(0, textAt), Buffer.from(sql, 'latin1')]);
  return new Packet(payload, 0, payload.length, 0, false);
}
