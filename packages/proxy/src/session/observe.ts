import { Diagnostic, ReplyGrammar, ServerStatus, StatementKind, utf8Bytes } from '@myswitch/protocol';
import type { Cause, ReplyTracker, SqlValue, Statement } from '@myswitch/protocol';
import { NOTHING, withoutRowCount } from '../backend/backend';
import type { Backend } from '../backend/backend';
import { isMariadb } from '../backend/node-baseline';
import { isReplayed, LAST_GTID } from '../backend/baseline';
import { CHARSET_VARIABLES } from './context';
import type { SessionContext } from './context';
import { Pin, WeakPin } from './pins';
import { isInsertIdLost } from './insert-id';
import type { Session } from './session';
import type { Work } from './work';

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

/** ER_UNKNOWN_STMT_HANDLER */
const UNKNOWN_STATEMENT = 1243;

/** ER_PARSE_ERROR and ER_SP_DOES_NOT_EXIST: nothing was run. */
const NOT_RUN: ReadonlySet<number> = new Set([1064, 1305]);

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

/** Of a SET ROLE that is kept. */
const MAX_ROLE = 4096;

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
export function observe(session: Session, backend: Backend, work: Work, tracker: ReplyTracker): void {
  const { statement } = work;
  const failed = tracker.errorCode !== 0;
  const characterized = session.pins.has(Pin.TRANSACTION_CHARACTERISTICS);
  const { inTransaction } = session;
  if (session.context.unreadable) session.pin(Pin.UNKNOWN_STATE); // what the text did is anybody's guess
  observeDiagnostics(session, backend, work, tracker, failed);
  if (failed) observeFailure(session, work, tracker.errorCode);
  else observeSuccess(session, backend, work, tracker);
  if (session.begun !== null || work.opens !== undefined)
    observeBeginning(session, work, failed, characterized, inTransaction);
  if (statement.assignments.length > 0) touch(session, statement, failed);
  if (statement.assignsUserVariables) for (const name of statement.userVariables) session.touched.add(`@${name}`);
  if (session.reply.trackers.length > 0) observeTrackers(session, backend, work);
}

function observeFailure(session: Session, work: Work, errorCode: number): void {
  const { statement } = work;
  if (!statement.plain || (session.status & ServerStatus.AUTOCOMMIT) === 0) session.statusUnknown = true;
  // of a name that nobody prepared
  if (statement.kind === StatementKind.EXECUTE && errorCode === UNKNOWN_STATEMENT) return;
  if (PARTLY_DONE.has(statement.kind)) pin(session, work);
  // a body may have done a part of its work; in a CALL these errors may be those of the body
  if (statement.opaque || (statement.calls && !NOT_RUN.has(errorCode))) session.pin(Pin.UNKNOWN_STATE);
}

function observeSuccess(session: Session, backend: Backend, work: Work, tracker: ReplyTracker): void {
  const { statement } = work;
  const { inTransaction, status } = session;
  session.status = tracker.status;
  if (!session.inTransaction) {
    if (inTransaction || ENDS_CHARACTERISTICS.has(statement.kind)) {
      session.pins.end(Pin.SAVEPOINT);
      // `SET autocommit = 1` ends a transaction, and the next one is still as that was to be
      if (statement.kind !== StatementKind.SET) session.pins.end(Pin.TRANSACTION_CHARACTERISTICS);
      else if ((status & ServerStatus.IN_TRANS_READONLY) !== 0) session.pin(Pin.TRANSACTION_CHARACTERISTICS);
    }
    const early = statement.kind === StatementKind.SAVEPOINT && (session.status & ServerStatus.AUTOCOMMIT) === 0;
    if (early) session.pin(Pin.SAVEPOINT); // known to the server though no transaction is open
  }
  session.lastWrite = session.inTransaction ? (isWrite(work) ? work : session.lastWrite) : null;
  for (const reason of statement.unpins) session.pins.end(reason);
  pin(session, work);
  for (const { pin: reason, name, ends } of work.causes ?? NO_CAUSES) {
    if (ends && name !== null && reason !== Pin.GET_LOCK) session.pins.endCause(reason, name);
    if (reason === Pin.GET_LOCK) session.locksTouched = true;
  }
  if (tracker.lastInsertId !== 0) session.pins.endCause(Pin.ONE_SHOT, 'insert_id');
  if (statement.schema !== null && statement.kind === StatementKind.USE) setSchema(session, backend, statement.schema);
}

/** By its text a transaction is found in a binary log that says no more of who wrote it; long ones are not kept for that. */
const isWrite = ({ statement: { kind }, bytes }: Work): boolean => WRITES.has(kind) && bytes <= MOST_KEPT;

const WRITES: ReadonlySet<StatementKind> = new Set([
  StatementKind.INSERT,
  StatementKind.REPLACE,
  StatementKind.UPDATE,
  StatementKind.DELETE,
]);

const MOST_KEPT = 4096;

const NO_CAUSES: readonly Cause[] = [];

/** Each cause by its name, where the text tells it. */
function pin(session: Session, { statement, causes = NO_CAUSES }: Work): void {
  if (statement.pins.length === 0 && causes.length === 0) return;
  for (const reason of statement.pins) {
    const named = causes.filter((cause) => cause.pin === reason);
    if (named.length === 0) session.pin(reason);
    for (const { name, ends } of named) if (!ends) session.pin(reason, name);
  }
  // a temporary table under another name
  const renamed = causes.some(({ pin: reason, name }) => reason === Pin.TEMPORARY_TABLE && name === null);
  if (renamed && session.pins.has(Pin.TEMPORARY_TABLE)) session.pin(Pin.TEMPORARY_TABLE);
}

/** With more statements than these a transaction in which nothing was done is kept where it is. */
const MAX_BEGINNING = 8;

/**
 * Keeps how the transaction was begun, as long as nothing was done in it. `characterized`: what it will be like was set
 * before this statement, and that is known only if nothing came in between. `within`: it was sent in a transaction, which
 * it ends; on MySQL the new one is as that was (READ ONLY, its isolation level) where the text says nothing else.
 */
function observeBeginning(
  session: Session,
  { opens }: Work,
  failed: boolean,
  characterized: boolean,
  within: boolean,
): void {
  if (opens === null) return;
  const before = session.begun ?? [];
  const lost = (characterized || within) && session.begun === null;
  const unknown = opens === undefined || failed || lost || session.pins.has(Pin.SAVEPOINT);
  if (unknown || before.length >= MAX_BEGINNING) session.begun = null;
  else session.begun = [...before, opens];
}

function observeDiagnostics(
  session: Session,
  backend: Backend,
  { statement, grammar }: Work,
  tracker: ReplyTracker,
  failed: boolean,
): void {
  const { diagnostics } = session;
  // these two leave the count of the statement before, on both kinds
  const leavesCount = !failed && (grammar === ReplyGrammar.PREPARE || grammar === ReplyGrammar.STATISTICS);
  if (!leavesCount) diagnostics.rowCount = failed ? -1 : rowCount(statement, tracker);
  const warned = failed || tracker.warnings > 0;
  if (warned) diagnostics.warnings = Math.max(1, tracker.warnings);
  else if (CLEARS_WARNINGS.has(statement.kind)) diagnostics.warnings = 0;
  const askedAgain = diagnostics.warnings > 0 && statement.reads.includes(Diagnostic.WARNINGS);
  // what a statement does not touch may be another session's
  const kept = backend.lastHolder === session ? backend.knows : NOTHING;
  // SELECT … INTO has no result: MySQL counts its rows all the same, MariaDB not always
  const into = tracker.resultSets === 0 && !isMariadb(session.pool.baseline);
  const counted = !failed && statement.kind === StatementKind.SELECT && (tracker.resultSets > 0 || into);
  if (counted && !statement.calcFoundRows) diagnostics.foundRows = into ? Number(tracker.affectedRows) : tracker.rows;
  else if (!KEEPS_FOUND_ROWS.has(statement.kind)) diagnostics.foundRows = null;
  backend.knows = known(
    counted || kept.has(Diagnostic.FOUND_ROWS),
    warned || CLEARS_WARNINGS.has(statement.kind) || kept.has(Diagnostic.WARNINGS),
  );
  if (leavesCount && !kept.has(Diagnostic.ROW_COUNT)) backend.knows = withoutRowCount(backend.knows);
  backend.lastHolder = session;
  session.endWeakPins();
  if (statement.calcFoundRows && !failed) session.weakPin(WeakPin.FOUND_ROWS);
  if (warned || askedAgain) session.weakPin(WeakPin.WARNINGS);
  const changesId = tracker.lastInsertId !== 0 || (statement.setsLastInsertId && tracker.rows > 0);
  const mayChangeId =
    statement.setsLastInsertId ||
    statement.opaque ||
    statement.kind === StatementKind.MULTI ||
    statement.kind === StatementKind.OTHER ||
    (failed && !statement.repeatable) ||
    (tracker.resultSets > 0 && !statement.repeatable); // INSERT … RETURNING tells no id
  // one that was lost stays lost until there is surely another one: the server may still have the 0 that it was told in its place
  if (!changesId && (!mayChangeId || isInsertIdLost(session, backend))) return;
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
function touch(session: Session, statement: Statement, failed: boolean): void {
  for (const assignment of statement.assignments) {
    switch (assignment.target) {
      case 'system':
        if (assignment.scope !== 'session') break;
        if (failed) session.doubted.add(assignment.name);
        else if (assignment.name === 'timestamp') setTimestamp(session, assignment.value);
        else touchVariable(session, assignment.name);
        break;
      case 'user':
        session.touched.add(`@${assignment.name}`);
        break;
      case 'names':
      case 'charset':
        touchVariable(session, CHARSET_VARIABLES[0]);
        break;
      case 'role':
        if (!failed) setRole(session, assignment.text);
        break;
      case 'transaction':
      case 'statement':
      case 'password':
      case 'other':
        break; // pins or trackers say what there is to say
    }
  }
}

/** The server reports the passing value, so the text alone tells whether it stands still, and where. */
function setTimestamp(session: Session, value: SqlValue): void {
  if (value.kind !== 'number' && value.kind !== 'default') return; // pinned
  const runs = value.kind === 'default' || Number(value.text) === 0;
  setContext(session, session.context.withVariable('timestamp', runs ? null : value.text));
  session.pins.endCause(Pin.ONE_SHOT, 'timestamp');
}

function setRole(session: Session, text: string): void {
  if (text.length > MAX_ROLE) session.pin(Pin.ROLE);
  else setContext(session, session.context.withRole(/^default$/i.test(text) ? null : text));
}

/** Of both: the statement that changed it has just run on the session's backend. */
function setContext(session: Session, context: SessionContext): void {
  session.context = context;
  if (session.backend !== null) session.backend.context = context;
}

/** Setting one of the four charset variables changes others of them. */
function touchVariable(session: Session, name: string): void {
  if ((CHARSET_VARIABLES as readonly string[]).includes(name)) {
    for (const each of CHARSET_VARIABLES) session.touched.add(each);
  } else if (isReplayed(name)) {
    session.touched.add(name);
  }
}

function observeTrackers(session: Session, backend: Backend, { statement, causes = NO_CAUSES }: Work): void {
  // what a function did besides is not in the text
  let explained = (EXPLAINED.has(statement.kind) && !statement.calls) || statement.pins.length > 0 || causes.length > 0;
  let changed = false;
  for (const tracker of session.reply.trackers) {
    if (tracker.kind === 'schema') {
      explained ||= !statement.opaque;
      setSchema(session, backend, utf8Bytes(tracker.name)); // the server's name for it, whatever the client's character set
    } else if (tracker.kind === 'systemVariable') {
      if (tracker.name === LAST_GTID) session.pool.unknownWrites.acknowledged(tracker.value);
      else touchVariable(session, tracker.name.toLowerCase());
    } else if (tracker.kind === 'gtids') {
      session.pool.unknownWrites.acknowledged(tracker.gtids);
    } else if (tracker.kind === 'stateChange') {
      changed = true;
    }
  }
  if (changed && !explained) session.pin(Pin.UNKNOWN_STATE);
}

function setSchema(session: Session, backend: Backend, schema: string): void {
  session.context = backend.context = session.context.withSchema(schema === '' ? null : schema);
}
