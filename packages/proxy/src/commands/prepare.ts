import { decodePrepareOk, encodePacket, ReplyGrammar, StatementKind } from '@myswitch/protocol';
import type { Packet, ReplyTracker, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import { closeDropped } from '../backend/exchange';
import type { Session } from '../session/session';
import { NO_STATEMENT } from './no-statement';
import type { Work } from '../session/session';
import { classified } from './query';

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
  const sql = Buffer.from(packet.payload.subarray(1)); // outlives the chunk that it came in
  const statement = classified(session, sql.toString('latin1'));
  if (statement.kind === StatementKind.KILL) {
    // the id in it would be that of some other session on the server
    session.sendError({
      code: 1295,
      sqlState: 'HY000',
      message: 'This command is not supported in the prepared statement protocol yet',
    });
    return null;
  }
  return new PrepareWork(sql, statement);
}

class PrepareWork implements Work {
  readonly grammar = ReplyGrammar.PREPARE;
  /** Preparing does nothing of what the statement says. */
  readonly statement = NO_STATEMENT;
  readonly #sql: Buffer;
  readonly #prepared: Statement;

  constructor(sql: Buffer, prepared: Statement) {
    this.#sql = sql;
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
    const prepared = session.statements.add(this.#sql, this.#prepared, session.context, paramCount);
    backend.statements.set(prepared.sharedKey, { id: statementId, types: null });
    payload.writeUInt32LE(prepared.id, 1);
  }
}
