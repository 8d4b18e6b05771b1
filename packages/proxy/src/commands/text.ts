import {
  Capability,
  causesOf,
  Command,
  encodePacket,
  mayLoadLocalFile,
  Packet,
  ReplyGrammar,
} from '@myswitch/protocol';
import { StatementKind } from '@myswitch/protocol';
import type { Cause, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import { NO_ATTRIBUTES } from '../backend/exchange';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { sqlModeOf } from './sql-mode';

/** A COM_QUERY, whole. */
export interface QueryText {
  /** Its bytes as latin1. */
  readonly sql: string;
  readonly packet: Packet;
  /** Where in the payload the text begins: behind the command, and the attributes of a client that has any to send. */
  readonly at: number;
}

/** The same command with another text. `sql`: bytes as latin1. */
export function withSql({ packet, at }: QueryText, sql: string): QueryText {
  const payload = Buffer.concat([packet.payload.subarray(0, at), Buffer.from(sql, 'latin1')]);
  return { sql, packet: new Packet(payload, 0, payload.length, 0, false), at };
}

/** A text of our own, without attributes. */
export function ownText(sql: string): QueryText {
  const payload = Buffer.from(`\u0003${sql}`, 'latin1');
  return { sql, packet: new Packet(payload, 0, payload.length, 0, false), at: 1 };
}

export class QueryWork implements Work {
  readonly grammar = ReplyGrammar.QUERY;
  readonly statement: Statement;
  readonly causes: readonly Cause[];
  readonly opens: string | undefined;
  readonly #text: QueryText;

  constructor(text: QueryText, statement: Statement, causes: readonly Cause[], opens: string | undefined) {
    this.#text = text;
    this.statement = statement;
    this.causes = causes;
    this.opens = opens;
  }

  get bytes(): number {
    return this.#text.packet.length;
  }

  get sql(): string {
    return this.#text.sql;
  }

  mayLoadFile(session: Session): boolean {
    return mayLoadLocalFile(this.#text.sql, sqlModeOf(session));
  }

  write(_session: Session, backend: Backend): void {
    const { packet, at } = this.#text;
    const attributes = backend.has(Capability.QUERY_ATTRIBUTES);
    if (attributes === at > 1) backend.write(packet.raw ?? encodePacket(packet.payload, 0));
    else {
      const text = packet.payload.subarray(at);
      backend.send(Command.QUERY, attributes ? Buffer.concat([NO_ATTRIBUTES, text]) : text);
    }
  }
}

export function queryWork(session: Session, text: QueryText, statement: Statement): Work {
  const { sql } = text;
  const work: Work = new QueryWork(text, statement, causesFor(session, sql, statement), opening(sql, statement));
  if (endsConnection(session, sql, statement))
    work.done = (_session, _backend, _tracker, ok) => ok && session.end(null);
  if (statement.kind === StatementKind.ROLLBACK && rollsBack(session, sql)) work.rollsBack = true;
  return work;
}

const ROLLBACK = /^\s*rollback(?:\s+work)?\s*;?\s*$/i;

/** A ROLLBACK after which no transaction is open. */
export function rollsBack(session: Session, sql: string): boolean {
  return ROLLBACK.test(sql) && /NO_CHAIN|0/.test(session.context.variables.get('completion_type') ?? '0');
}

/** COMMIT RELEASE, or COMMIT where completion_type says so: the server closes the connection behind its OK. */
function endsConnection(session: Session, sql: string, { kind }: Statement): boolean {
  if (kind !== StatementKind.COMMIT && kind !== StatementKind.ROLLBACK) return false;
  if (/\brelease\b/i.test(sql)) return !/\bno\s+release\b/i.test(sql);
  return /RELEASE|2/.test(session.context.variables.get('completion_type') ?? '');
}

/** What a text begins and ends of what pins the session. */
function causesFor(session: Session, sql: string, statement: Statement): readonly Cause[] {
  if (statement.pins.length === 0 && session.pins.size === 0) return NONE;
  if (statement.kind === StatementKind.MULTI) return NONE; // one of them may have failed
  return causesOf(sql, sqlModeOf(session), session.context.schema);
}

const NONE: readonly Cause[] = [];

function opening(sql: string, statement: Statement): string | undefined {
  if (statement.kind === StatementKind.BEGIN) {
    return /consistent/i.test(sql) ? undefined : sql; // a snapshot is of its moment
  }
  const { assignments } = statement;
  const characterizes = (one: Statement['assignments'][number]): boolean =>
    one.target === 'transaction' && one.scope === 'next';
  return assignments.length > 0 && assignments.every(characterizes) ? sql : undefined;
}
