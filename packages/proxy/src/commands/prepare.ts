import { causesOf, decodePrepareOk, encodePacket, ReplyGrammar, StatementKind } from '@myswitch/protocol';
import type { Cause, Packet, ReplyTracker, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import { closeDropped } from '../backend/exchange';
import type { Session } from '../session/session';
import { NO_STATEMENT } from './no-statement';
import type { Work } from '../session/work';
import { withOwnId } from './own-id';
import { classified } from './query';
import { sqlModeOf } from './sql-mode';

/** COM_STMT_PREPARE. The client gets an id of ours in the reply (see ClientReply.prepared). */
export function prepare(session: Session, packet: Packet): Work | null {
  if (!session.statements.hasRoomFor(packet.payload.length - 1)) {
    session.sendError({
      code: 1461,
      sqlState: '42000',
      message: `Can't create more than max_prepared_stmt_count statements (current value: ${session.statements.size}, at most 32 MiB of text)`,
    });
    return null;
  }
  const text = packet.text(1);
  const statement = classified(session, text);
  if (statement.kind === StatementKind.KILL) {
    // the id in it would be that of some other session on the server
    session.sendError({
      code: 1295,
      sqlState: 'HY000',
      message: 'This command is not supported in the prepared statement protocol yet',
    });
    return null;
  }
  const own = statement.asksConnectionId ? withOwnId(session, text) : text;
  const ends = statement.pins.length > 0 || !statement.plain || statement.kind === StatementKind.DDL;
  const causes = ends ? causesOf(text, sqlModeOf(session), session.context.schema) : [];
  return new PrepareWork(Buffer.from(own, 'latin1'), statement, causes);
}

class PrepareWork implements Work {
  readonly grammar = ReplyGrammar.PREPARE;
  /** Preparing does nothing of what the statement says, and nothing in a transaction. */
  readonly statement = NO_STATEMENT;
  readonly opens = null;
  readonly #sql: Buffer;
  readonly #prepared: Statement;
  readonly #causes: readonly Cause[];

  constructor(sql: Buffer, prepared: Statement, causes: readonly Cause[]) {
    this.#sql = sql;
    this.#causes = causes;
    this.#prepared = prepared;
  }

  get bytes(): number {
    return this.#sql.length;
  }

  write(session: Session, backend: Backend): void {
    session.onPrepared = (payload) => this.#prepareOk(session, backend, payload);
    closeDropped(backend);
    backend.write(encodePacket(Buffer.concat([Buffer.of(0x16), this.#sql]), 0));
  }

  done(session: Session, _backend: Backend, _tracker: ReplyTracker, ok: boolean): void {
    session.onPrepared = null;
    if (!ok) session.statements.forgetLast();
  }

  #prepareOk(session: Session, backend: Backend, payload: Buffer): void {
    const { statementId, paramCount } = decodePrepareOk(payload);
    const prepared = session.statements.add(this.#sql, this.#prepared, this.#causes, session.context, paramCount);
    backend.statements.set(prepared.sharedKey, { id: statementId, types: null });
    payload.writeUInt32LE(prepared.id, 1);
  }
}
