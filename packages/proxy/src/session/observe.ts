import { Diagnostic, ServerStatus, StatementKind } from '@myswitch/protocol';
import type { ReplyTracker, Statement } from '@myswitch/protocol';
import { NOTHING } from '../backend/backend';
import type { Backend } from '../backend/backend';
import { isReplayed } from '../backend/baseline';
import { CHARSET_VARIABLES } from './context';
import { Pin, WeakPin } from './pins';
import type { Session } from './session';

/** Statements whose failure may have left part of their effect: expressions with side effects that ran, bodies of several statements. */
const PARTLY_DONE: ReadonlySet<StatementKind> = new Set([
  StatementKind.SELECT,
  StatementKind.INSERT,
  StatementKind.REPLACE,
  StatementKind.UPDATE,
  StatementKind.DELETE,
  StatementKind.DO,
  StatementKind.CALL,
  StatementKind.EXECUTE,
  StatementKind.MULTI,
  StatementKind.OTHER,
]);

/** Statements that run text which is not in front of us. */
const OPAQUE: ReadonlySet<StatementKind> = new Set([
  StatementKind.CALL,
  StatementKind.EXECUTE,
  StatementKind.MULTI,
  StatementKind.OTHER,
]);

/** Statements of which it is known why the server reports a change of state. */
const EXPLAINED: ReadonlySet<StatementKind> = new Set([
  StatementKind.SET,
  StatementKind.USE,
  StatementKind.PREPARE,
  StatementKind.DEALLOCATE,
]);

/** Statements that use tables, and so forget the warnings of the one before. Of others it can't be told. */
const CLEARS_WARNINGS: ReadonlySet<StatementKind> = new Set([
  StatementKind.INSERT,
  StatementKind.REPLACE,
  StatementKind.UPDATE,
  StatementKind.DELETE,
]);

/** After any other the server may count anew, in ways of its own. */
const KEEPS_FOUND_ROWS: ReadonlySet<StatementKind> = new Set([
  StatementKind.SET,
  StatementKind.USE,
  StatementKind.BEGIN,
  StatementKind.COMMIT,
  StatementKind.ROLLBACK,
]);

const RESULT_SETS: ReadonlySet<StatementKind> = new Set([
  StatementKind.SELECT,
  StatementKind.SHOW,
  StatementKind.EXPLAIN,
]);

/** Outside of a transaction these are one, surely; whether a SELECT was depends on its having tables. */
const ENDS_CHARACTERISTICS: ReadonlySet<StatementKind> = new Set([
  StatementKind.INSERT,
  StatementKind.REPLACE,
  StatementKind.UPDATE,
  StatementKind.DELETE,
  StatementKind.COMMIT,
  StatementKind.ROLLBACK,
]);

/** Takes over what a complete reply says of the session: from the text, the status, and the trackers. */
export function observe(session: Session, backend: Backend, statement: Statement, tracker: ReplyTracker): void {
  const failed = tracker.errorCode !== 0;
  if (session.context.unreadable) session.pin(Pin.UNKNOWN_STATE); // what the text did is anybody's guess
  observeDiagnostics(session, backend, statement, tracker, failed);
  if (failed) {
    if (!statement.plain || (session.status & ServerStatus.AUTOCOMMIT) === 0) session.statusUnknown = true;
    if (PARTLY_DONE.has(statement.kind)) for (const pin of statement.pins) session.pin(pin);
    if (OPAQUE.has(statement.kind)) session.pin(Pin.UNKNOWN_STATE);
  } else {
    const { inTransaction } = session;
    session.status = tracker.status;
    const over = !session.inTransaction && (inTransaction || ENDS_CHARACTERISTICS.has(statement.kind));
    if (over) session.pins.delete(Pin.TRANSACTION_CHARACTERISTICS);
    for (const pin of statement.unpins) session.pins.delete(pin);
    for (const pin of statement.pins) session.pin(pin);
    if (statement.schema !== null && statement.kind === StatementKind.USE) {
      setSchema(session, backend, statement.schema);
    }
  }
  if (statement.assignments.length > 0) touch(session, statement);
  if (session.reply.trackers.length > 0) observeTrackers(session, backend, statement);
}

function observeDiagnostics(
  session: Session,
  backend: Backend,
  statement: Statement,
  tracker: ReplyTracker,
  failed: boolean,
): void {
  const { diagnostics } = session;
  diagnostics.rowCount = failed ? -1 : rowCount(statement, tracker);
  const warned = failed || tracker.warnings > 0;
  if (warned) diagnostics.warnings = Math.max(1, tracker.warnings);
  else if (CLEARS_WARNINGS.has(statement.kind)) diagnostics.warnings = 0;
  const askedAgain = diagnostics.warnings > 0 && statement.reads.includes(Diagnostic.WARNINGS);
  // what a statement does not touch may be another session's
  const kept = backend.lastHolder === session ? backend.knows : NOTHING;
  const counted = !failed && tracker.resultSets > 0 && statement.kind === StatementKind.SELECT;
  if (counted && !statement.calcFoundRows) diagnostics.foundRows = tracker.rows;
  else if (!KEEPS_FOUND_ROWS.has(statement.kind)) diagnostics.foundRows = null;
  backend.knows = known(
    counted || kept.has(Diagnostic.FOUND_ROWS),
    warned || CLEARS_WARNINGS.has(statement.kind) || kept.has(Diagnostic.WARNINGS),
  );
  backend.lastHolder = session;
  session.endWeakPins();
  if (statement.calcFoundRows && !failed) session.weakPin(WeakPin.FOUND_ROWS);
  if (warned || askedAgain) session.weakPin(WeakPin.WARNINGS);
  const mayChangeId =
    tracker.lastInsertId !== 0 ||
    statement.setsLastInsertId ||
    OPAQUE.has(statement.kind) ||
    (failed && !statement.readOnly) ||
    (tracker.resultSets > 0 && !statement.readOnly); // INSERT … RETURNING tells no id
  if (!mayChangeId) return;
  session.lastInsertId = backend.lastInsertId = null;
  session.insertIdPending = null;
}

const KNOWN = [false, true].map((foundRows) =>
  [false, true].map(
    (warnings): ReadonlySet<Diagnostic> =>
      new Set([
        Diagnostic.ROW_COUNT,
        ...(foundRows ? [Diagnostic.FOUND_ROWS] : []),
        ...(warnings ? [Diagnostic.WARNINGS] : []),
      ]),
  ),
);

function known(foundRows: boolean, warnings: boolean): ReadonlySet<Diagnostic> {
  return KNOWN[Number(foundRows)]![Number(warnings)]!;
}

/** ROW_COUNT() after a success; null: the server alone knows. A procedure's results are followed by an OK of its own. */
function rowCount(statement: Statement, tracker: ReplyTracker): number | bigint | null {
  if (tracker.resultSets === 0 || statement.kind === StatementKind.CALL) return tracker.affectedRows;
  return RESULT_SETS.has(statement.kind) ? -1 : null;
}

/** SET: what it named is read back, since neither its text nor the trackers give every value. */
function touch(session: Session, statement: Statement): void {
  for (const assignment of statement.assignments) {
    switch (assignment.target) {
      case 'system':
        if (assignment.scope === 'session') touchVariable(session, assignment.name);
        break;
      case 'user':
        session.touched.add(`@${assignment.name}`);
        break;
      case 'names':
      case 'charset':
        touchVariable(session, CHARSET_VARIABLES[0]);
        break;
      case 'transaction':
      case 'statement':
      case 'role':
      case 'password':
      case 'other':
        break; // pins or trackers say what there is to say
    }
  }
}

/** Setting one of the four charset variables changes others of them. */
function touchVariable(session: Session, name: string): void {
  if ((CHARSET_VARIABLES as readonly string[]).includes(name)) {
    for (const each of CHARSET_VARIABLES) session.touched.add(each);
  } else if (isReplayed(name)) {
    session.touched.add(name);
  }
}

function observeTrackers(session: Session, backend: Backend, statement: Statement): void {
  let explained = EXPLAINED.has(statement.kind) || statement.pins.length > 0;
  let changed = false;
  for (const tracker of session.reply.trackers) {
    if (tracker.kind === 'schema') {
      explained ||= !OPAQUE.has(statement.kind);
      // one in a client's own character set is taken from its text
      if (statement.kind !== StatementKind.USE) setSchema(session, backend, latin1(tracker.name));
    } else if (tracker.kind === 'systemVariable') {
      touchVariable(session, tracker.name.toLowerCase());
    } else if (tracker.kind === 'stateChange') {
      changed = true;
    }
  }
  if (changed && !explained) session.pin(Pin.UNKNOWN_STATE);
}

/** The bytes of a name, each as a character. */
function latin1(name: string): string {
  return Buffer.from(name, 'utf8').toString('latin1');
}

function setSchema(session: Session, backend: Backend, schema: string): void {
  session.context = backend.context = session.context.withSchema(schema === '' ? null : schema);
}
