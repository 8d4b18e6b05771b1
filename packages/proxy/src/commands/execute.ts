import {
  encodePacket,
  executeLayout,
  patchStatementId,
  ReplyGrammar,
  ServerStatus,
  statementId,
  withParamTypes,
} from '@myswitch/protocol';
import type { Cause, Packet, ReplyTracker, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import type { PreparedStatement } from '../session/prepared-statements';
import type { Session } from '../session/session';
import { NO_STATEMENT } from './no-statement';
import type { Work } from '../session/session';
import { ensureOpen, keyOn, noteUse, openOn, unknownStatement } from './statement-state';

/** COM_STMT_EXECUTE, with the id, and where needed the parameter types, that the backend at hand knows. */
export function execute(session: Session, packet: Packet): Work | null {
  const { payload } = packet;
  const id = statementId(payload);
  const prepared = session.statements.get(id);
  if (prepared === undefined) return unknownStatement(session, id, 'mysqld_stmt_execute');
  const layout = executeLayout(payload, prepared.paramCount);
  if (layout.flags !== 0) prepared.use = 'EXCLUSIVE';
  if (layout.newParamsBound) {
    const types = payload.subarray(layout.typesOffset, layout.valuesOffset);
    if (prepared.types === null || !prepared.types.equals(types)) bind(prepared, Buffer.from(types));
  }
  return new ExecuteWork(packet, prepared, layout.newParamsBound);
}

function bind(prepared: PreparedStatement, types: Buffer): void {
  prepared.types = types;
  prepared.typedKey = `${prepared.sharedKey}\u0000${types.toString('latin1')}`;
}

/** Bytes before a payload on the wire. */
const HEADER = 4;

class ExecuteWork implements Work {
  readonly grammar = ReplyGrammar.QUERY;
  readonly statement: Statement;
  readonly causes: readonly Cause[];
  readonly #packet: Packet;
  readonly #prepared: PreparedStatement;
  readonly #bindsTypes: boolean;

  constructor(packet: Packet, prepared: PreparedStatement, bindsTypes: boolean) {
    this.#packet = packet;
    this.#prepared = prepared;
    this.#bindsTypes = bindsTypes;
    this.statement = prepared.statement;
    this.causes = prepared.causes;
  }

  get bytes(): number {
    return this.#packet.length;
  }

  ready(session: Session, backend: Backend): boolean {
    return openOn(session, backend, this.#prepared) !== undefined;
  }

  prepare(session: Session, backend: Backend): Promise<void> {
    return ensureOpen(session, backend, this.#prepared);
  }

  write(session: Session, backend: Backend): void {
    const open = openOn(session, backend, this.#prepared)!;
    const { types, paramCount } = this.#prepared;
    const { raw } = this.#packet;
    if (!this.#bindsTypes && types !== null && open.types === null) {
      open.types = types;
      const typed = withParamTypes(this.#packet.payload, paramCount, types);
      patchStatementId(typed, open.id);
      backend.write(encodePacket(typed, 0));
      return;
    }
    open.types = types;
    if (raw !== null) {
      raw.writeUInt32LE(open.id, HEADER + 1);
      backend.write(raw);
      return;
    }
    const { payload } = this.#packet;
    patchStatementId(payload, open.id);
    backend.write(encodePacket(payload, 0));
  }

  done(session: Session, backend: Backend, tracker: ReplyTracker, ok: boolean): void {
    session.longData.delete(this.#prepared.id);
    if (ok && (tracker.status & ServerStatus.CURSOR_EXISTS) !== 0) session.cursors.add(this.#prepared.id);
    else session.cursors.delete(this.#prepared.id);
    noteUse(session, backend, this.#prepared);
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
    done(_session, backend, tracker, ok) {
      if (ok && (tracker.status & ServerStatus.LAST_ROW_SENT) === 0) return;
      session.cursors.delete(id);
      noteUse(session, backend, prepared);
    },
  };
}
