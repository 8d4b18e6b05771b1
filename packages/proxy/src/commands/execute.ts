import {
  encodePacket,
  executeLayout,
  patchStatementId,
  ReplyGrammar,
  ServerStatus,
  statementId,
  withParamTypes,
} from '@myswitch/protocol';
import type { Packet, ReplyTracker, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import type { OpenStatement } from '../backend/statement-cache';
import { closeDropped, prepareStatement } from '../backend/exchange';
import type { PreparedStatement } from '../session/prepared-statements';
import { transition } from '../session/replay';
import type { Session } from '../session/session';
import { NO_STATEMENT } from './no-statement';
import type { Work } from '../session/session';
import { keyOn, pinStatements, unknownStatement } from './statement-state';

/** COM_STMT_EXECUTE, with the id, and where needed the parameter types, that the backend at hand knows. */
export function execute(session: Session, packet: Packet): Work | null {
  const id = statementId(packet.payload);
  const prepared = session.statements.get(id);
  if (prepared === undefined) return unknownStatement(session, id, 'mysqld_stmt_execute');
  const layout = executeLayout(packet.payload, prepared.paramCount);
  if (layout.flags !== 0) prepared.use = 'EXCLUSIVE';
  if (layout.newParamsBound) {
    prepared.types = Buffer.from(packet.payload.subarray(layout.typesOffset, layout.valuesOffset));
  }
  return new ExecuteWork(packet, prepared, layout.newParamsBound);
}

class ExecuteWork implements Work {
  readonly grammar = ReplyGrammar.QUERY;
  readonly statement: Statement;
  readonly #packet: Packet;
  readonly #prepared: PreparedStatement;
  readonly #bindsTypes: boolean;

  constructor(packet: Packet, prepared: PreparedStatement, bindsTypes: boolean) {
    this.#packet = packet;
    this.#prepared = prepared;
    this.#bindsTypes = bindsTypes;
    this.statement = prepared.statement;
  }

  get bytes(): number {
    return this.#packet.payload.length;
  }

  ready(session: Session, backend: Backend): boolean {
    return this.#open(session, backend) !== undefined;
  }

  /** Prepares it again where it is not open, in the context in which the client prepared it. */
  async prepare(session: Session, backend: Backend): Promise<void> {
    if (this.#open(session, backend) !== undefined) return;
    await transition(backend, this.#prepared.context);
    closeDropped(backend);
    const id = await prepareStatement(backend, this.#prepared.sql);
    backend.statements.set(keyOn(session, this.#prepared), { id, types: null });
    await transition(backend, session.context);
  }

  write(session: Session, backend: Backend): void {
    const open = this.#open(session, backend)!;
    const { types, paramCount } = this.#prepared;
    let { payload } = this.#packet;
    let { raw } = this.#packet;
    if (!this.#bindsTypes && types !== null && open.types !== types) {
      payload = withParamTypes(payload, paramCount, types);
      raw = null;
    }
    open.types = types;
    patchStatementId(payload, open.id);
    backend.write(raw ?? encodePacket(payload, 0));
  }

  done(session: Session, _backend: Backend, tracker: ReplyTracker, ok: boolean): void {
    session.longData.delete(this.#prepared.id);
    if (ok && (tracker.status & ServerStatus.CURSOR_EXISTS) !== 0) session.cursors.add(this.#prepared.id);
    else session.cursors.delete(this.#prepared.id);
    pinStatements(session);
  }

  #open(session: Session, backend: Backend): OpenStatement | undefined {
    return backend.statements.get(keyOn(session, this.#prepared));
  }
}

/** COM_STMT_FETCH: rows of an open cursor, so the session is on its backend. */
export function fetch(session: Session, packet: Packet): Work | null {
  const id = statementId(packet.payload);
  const prepared = session.statements.get(id);
  if (prepared === undefined || !session.cursors.has(id)) return unknownStatement(session, id, 'mysqld_stmt_fetch');
  const { payload } = packet;
  return {
    grammar: ReplyGrammar.FETCH,
    bytes: payload.length,
    statement: NO_STATEMENT,
    write(_session, backend) {
      patchStatementId(payload, backend.statements.get(keyOn(session, prepared))!.id);
      backend.write(encodePacket(payload, 0));
    },
    done(_session, _backend, tracker, ok) {
      if (ok && (tracker.status & ServerStatus.LAST_ROW_SENT) === 0) return;
      session.cursors.delete(id);
      pinStatements(session);
    },
  };
}
