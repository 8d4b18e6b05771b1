import {
  bulkTypes,
  Capability,
  encodePacket,
  executeLayout,
  MariaDbCapability,
  mayLoadLocalFile,
  patchStatementId,
  ReplyGrammar,
  ServerStatus,
  withBulkTypes,
  withoutQueryAttributes,
  withParamTypes,
} from '@myswitch/protocol';
import type { Cause, Packet, ReplyTracker, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import { isMariadb } from '../backend/node-baseline';
import type { PreparedStatement } from '../session/prepared-statements';
import type { Session } from '../session/session';
import { NO_STATEMENT } from './no-statement';
import type { Work } from '../session/work';
import { ensureOpen, keyOn, noteUse, openAhead, openOn, statementOf, unknownStatement } from './statement-state';
import type { Ahead } from './statement-state';
import { unknownCommand } from './unknown-command';

/** COM_STMT_EXECUTE, with the id, and where needed the parameter types, that the backend at hand knows. */
export function execute(session: Session, packet: Packet): Work | null {
  const { payload } = packet;
  const prepared = statementOf(session, payload);
  if (prepared === undefined) return unknownStatement(session, payload, 'mysqld_stmt_execute');
  const attributes = (session.capabilities & Capability.QUERY_ATTRIBUTES) !== 0;
  const { flags, types } = executeLayout(payload, prepared.paramCount, attributes);
  if (flags !== 0) prepared.use = 'EXCLUSIVE';
  return new ExecuteWork(packet, prepared, types, attributes ? WITH_ATTRIBUTES : PLAIN, flags !== 0);
}

/** COM_STMT_BULK_EXECUTE (MariaDB): many rows of parameters at once. */
export function bulkExecute(session: Session, packet: Packet): Work | null {
  const { payload } = packet;
  if ((session.mariadbCapabilities & MariaDbCapability.STMT_BULK_OPERATIONS) === 0) return unknownCommand(session);
  const prepared = statementOf(session, payload);
  if (prepared === undefined) return unknownStatement(session, payload, 'mysqld_stmt_execute');
  return new ExecuteWork(packet, prepared, bulkTypes(payload, prepared.paramCount), BULK, false);
}

/** How a command that executes a statement is changed for the backend at hand. */
interface Form {
  readonly withTypes: (payload: Buffer, paramCount: number, types: Buffer) => Buffer;
  /** For a backend without CLIENT_QUERY_ATTRIBUTES. Absent: it is the same there. */
  readonly withoutAttributes?: (payload: Buffer, paramCount: number) => Buffer;
}

const PLAIN: Form = { withTypes: withParamTypes };
const BULK: Form = { withTypes: withBulkTypes };
const WITH_ATTRIBUTES: Form = {
  withTypes: (payload, paramCount, types) => withParamTypes(payload, paramCount, types, true),
  withoutAttributes: withoutQueryAttributes,
};

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
  readonly opensCursor: boolean;
  readonly #packet: Packet;
  readonly #prepared: PreparedStatement;
  readonly #bindsTypes: boolean;
  readonly #form: Form;

  constructor(packet: Packet, prepared: PreparedStatement, types: Buffer | null, form: Form, opensCursor: boolean) {
    this.#packet = packet;
    this.#prepared = prepared;
    this.#bindsTypes = types !== null;
    this.#form = form;
    this.statement = prepared.statement;
    this.causes = prepared.causes;
    this.opensCursor = opensCursor;
    if (types !== null && prepared.types?.equals(types) !== true) bind(prepared, Buffer.from(types));
  }

  get bytes(): number {
    return this.#packet.length;
  }

  ready(session: Session, backend: Backend): boolean {
    return openOn(session, backend, this.#prepared) !== undefined;
  }

  ahead(session: Session, backend: Backend): Ahead | null {
    return openAhead(session, backend, this.#prepared);
  }

  prepare(session: Session, backend: Backend): Promise<void> {
    return ensureOpen(session, backend, this.#prepared);
  }

  /** MariaDB prepares LOAD DATA too. */
  mayLoadFile(): boolean {
    return mayLoadLocalFile(this.#prepared.sql.toString('latin1'));
  }

  write(session: Session, backend: Backend): void {
    const open = openOn(session, backend, this.#prepared)!;
    const { types, paramCount } = this.#prepared;
    const isUntyped = !this.#bindsTypes && types !== null && open.types === null;
    const { withoutAttributes } = this.#form;
    const isCounted = withoutAttributes !== undefined && !backend.has(Capability.QUERY_ATTRIBUTES);
    open.types = types;
    const { raw } = this.#packet;
    if (raw !== null && !isUntyped && !isCounted) {
      raw.writeUInt32LE(open.id, HEADER + 1);
      backend.write(raw);
      return;
    }
    let { payload } = this.#packet;
    if (isUntyped) payload = this.#form.withTypes(payload, paramCount, types);
    if (isCounted) payload = withoutAttributes(payload, paramCount);
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
  const { payload } = packet;
  const prepared = statementOf(session, payload);
  if (prepared === undefined) return unknownStatement(session, payload, 'mysqld_stmt_fetch');
  if (!session.cursors.has(prepared.id)) {
    const dot = isMariadb(session.pool.baseline) ? '' : '.';
    session.sendError({
      code: 1421,
      sqlState: 'HY000',
      message: `The statement (${prepared.id}) has no open cursor${dot}`,
    });
    return null;
  }
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
      session.cursors.delete(prepared.id);
      noteUse(session, backend, prepared);
    },
  };
}
