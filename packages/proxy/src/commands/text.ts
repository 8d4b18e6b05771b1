import { causesOf, encodePacket, ReplyGrammar, StatementKind } from '@myswitch/protocol';
import type { Cause, Packet, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import type { Session, Work } from '../session/session';
import { sqlModeOf } from './sql-mode';

/** A COM_QUERY packet, header included, on its way to a server. */
export class QueryWork implements Work {
  readonly grammar = ReplyGrammar.QUERY;
  readonly statement: Statement;
  readonly causes: readonly Cause[];
  readonly opens: string | undefined;
  readonly #packet: Buffer;

  constructor(packet: Buffer, statement: Statement, causes: readonly Cause[], opens: string | undefined) {
    this.#packet = packet;
    this.statement = statement;
    this.causes = causes;
    this.opens = opens;
  }

  get bytes(): number {
    return this.#packet.length;
  }

  write(_session: Session, backend: Backend): void {
    backend.write(this.#packet);
  }
}

/** The client's own packet. `sql`: its text as latin1. */
export function queryWork(session: Session, sql: string, packet: Packet, statement: Statement): QueryWork {
  const bytes = packet.raw ?? encodePacket(packet.payload, 0);
  return new QueryWork(bytes, statement, causesFor(session, sql, statement), opening(sql, statement));
}

/** A text of our own in place of the client's. `sql`: bytes as latin1. */
export function textWork(session: Session, sql: string, statement: Statement): QueryWork {
  return new QueryWork(textPacket(sql), statement, causesFor(session, sql, statement), opening(sql, statement));
}

export function textPacket(sql: string): Buffer {
  return encodePacket(Buffer.from(`\u0003${sql}`, 'latin1'), 0);
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
