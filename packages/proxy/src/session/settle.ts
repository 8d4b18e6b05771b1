import { ColumnType, quoteIdentifier } from '@myswitch/protocol';
import type { ColumnDefinition } from '@myswitch/protocol';
import { NOTHING, withoutRowCount } from '../backend/backend';
import type { Backend } from '../backend/backend';
import { isReplayed } from '../backend/baseline';
import { freshContext } from '../backend/node-baseline';
import { asBytes, ping, query, resetConnection } from '../backend/exchange';
import type { ProxyError } from '../errors';
import { WeakPin, Pin } from './pins';
import { replayStatement, SessionContext } from './context';
import type { Session } from './session';

const UNKNOWN = new SessionContext(null, new Map(), new Map());

/** What is kept of a session's user variables, as SQL text; with more it stays on its backend. */
const MAX_USER_BYTES = 64 << 10;

/** Whether something has to be read back before anybody else may have the backend. */
export function needsSettling(session: Session): boolean {
  if (session.statusUnknown || session.interrupting !== null) return true;
  // asking would clear the warnings that the client may ask for next
  if (session.weakPins.has(WeakPin.WARNINGS)) return false;
  return session.touched.size > 0 || session.doubted.size > 0 || session.locksTouched;
}

/** Reads back what the last statement changed: transaction status, variables. Rejects when the backend is lost. */
export async function settle(session: Session, backend: Backend): Promise<void> {
  if (session.interrupting !== null) await interruptionOver(session, backend);
  if (session.statusUnknown) {
    session.status = await ping(backend);
    session.statusUnknown = false;
    // a ping makes ROW_COUNT() its own
    backend.knows = withoutRowCount(backend.knows);
  }
  // asking would clear the warnings that the client may ask for next
  if (session.weakPins.has(WeakPin.WARNINGS)) return;
  if (session.doubted.size > 0) await findChanged(session, backend);
  if (session.touched.size > 0) await readBack(session, backend);
  if (session.locksTouched) await findLocks(session, backend);
}

/** A SET that failed has changed nothing, nearly always: what still has the value of a fresh session is left alone. */
async function findChanged(session: Session, backend: Backend): Promise<void> {
  const names = [...session.doubted].filter((name) => /^[a-z0-9_]+$/.test(name) && isReplayed(name));
  const list = names.map((name) => `'${name}'`).join(',');
  backend.knows = NOTHING;
  const { rows } = await query(backend, `SHOW SESSION VARIABLES WHERE Variable_name IN (${list || "''"})`);
  session.doubted.clear();
  const { fresh } = backend.pool.node.baseline!;
  for (const [name, value] of rows) {
    const known = String(name).toLowerCase();
    const isFresh = fresh.get(known) === value?.toString('latin1');
    if (!isFresh || session.context.variables.has(known)) session.touched.add(known);
  }
}

/** Which of the locks that it named the session has. */
async function findLocks(session: Session, backend: Backend): Promise<void> {
  session.locksTouched = false;
  const names = session.pins.named(Pin.GET_LOCK).filter((name) => /^[\x20-\x7e]+$/.test(name));
  if (names.length === 0) return;
  const columns = names.map((name) => {
    const text = `CONVERT(X'${Buffer.from(name, 'latin1').toString('hex')}' USING utf8mb4)`;
    return asBytes(`IS_USED_LOCK(${text})<=>CONNECTION_ID()`);
  });
  backend.knows = NOTHING;
  const answer = await query(backend, `SELECT ${columns.join(',')}`).catch((error: { code?: string }) => {
    if (error.code === 'BACKEND_LOST') throw error;
    return null; // a name that the server does not take: it stays until it is released with all others
  });
  names.forEach((name, i) => {
    if (answer !== null && answer.rows[0]?.[i]?.toString('latin1') === '0') session.pins.endCause(Pin.GET_LOCK, name);
  });
}

/** A KILL QUERY that came late must not hit the statement of who gets the backend next: a ping takes what is left of it. */
async function interruptionOver(session: Session, backend: Backend): Promise<void> {
  await session.interrupting;
  session.interrupting = null;
  session.statusUnknown = true;
  await ping(backend).catch((error: ProxyError) => {
    if (error.code !== 'SERVER') throw error;
  });
}

/** The server forgets a session: rolled back, locks and temporary tables gone, variables at their defaults. */
export async function wipe(backend: Backend): Promise<void> {
  const baseline = backend.pool.node.baseline!;
  const { schema, role } = backend.context;
  await resetConnection(backend);
  // MySQL now has its global character sets, not those of the login
  const charset = replayStatement(UNKNOWN, baseline.context)!;
  await Promise.all([query(backend, baseline.trackers), query(backend, charset)]);
  const kept = baseline.resetKeeps === 'CAPABILITIES' ? freshContext(baseline, backend.variant) : baseline.context;
  backend.context = kept.withSchema(schema).withRole(role); // a reset leaves roles as they are
  backend.lastHolder = null;
  backend.lastInsertId = 0;
  backend.statements.clear();
}

async function readBack(session: Session, backend: Backend): Promise<void> {
  const names = [...session.touched];
  const system = names.filter((name) => !name.startsWith('@'));
  const user = names.filter((name) => name.startsWith('@')).map((name) => name.slice(1));
  // a name in another character set can't be written down reliably
  if (names.some((name) => !/^[\x20-\x7e]*$/.test(name))) {
    session.touched.clear();
    return session.pin(Pin.USER_VARIABLE);
  }
  // the plain column tells the type
  const columns = [
    ...system.map((name) => `@@SESSION.${name}`).flatMap((name) => [name, asBytes(name)]),
    ...user
      .map((name) => `@${quoteIdentifier(name)}`)
      .flatMap((name) => [
        name,
        asBytes(name),
        asBytes(`HEX(${name})`),
        asBytes(`CHARSET(${name})`),
        asBytes(`COLLATION(${name})`),
      ]),
  ];
  backend.knows = NOTHING;
  const answer = await query(backend, `SELECT ${columns.join(',')}`).catch((error: { code?: string }) => {
    if (error.code === 'BACKEND_LOST') throw error;
    return null; // a variable that can't be read back in a session, or too much of them
  });
  session.touched.clear(); // not before: with the connection lost, so is what they were set to
  // without definitions (resultset_metadata = NONE) an answer does not tell the types of what it holds
  if (answer === null || answer.columns.length === 0) return session.pin(Pin.UNKNOWN_STATE);
  const row = answer.rows[0]!;
  const systemValues = new Map(
    system.map((name, i) => [name, systemValue(name, answer.columns[2 * i]!, row[2 * i + 1]!)]),
  );
  const userValues = new Map(
    user.map((name, i) => {
      const at = 2 * system.length + 5 * i;
      return [name, userValue(answer.columns[at]!, row.slice(at + 1, at + 5))];
    }),
  );
  const context = session.context.withValues(systemValues, userValues);
  if (context.userBytes > MAX_USER_BYTES) return session.pin(Pin.USER_VARIABLE);
  session.context = backend.context = context;
}

const INTEGERS: ReadonlySet<number> = new Set([
  ColumnType.TINY,
  ColumnType.SHORT,
  ColumnType.INT24,
  ColumnType.LONG,
  ColumnType.LONGLONG,
]);
const UNSIGNED_FLAG = 0x20;

/** SQL text that sets a system variable to what was read. */
function systemValue(name: string, column: ColumnDefinition, value: Buffer | null): string {
  // MySQL shows this one as an empty text when it is NULL
  if (value === null || (name === 'character_set_results' && value.length === 0)) return 'NULL';
  const text = value.toString('latin1');
  if (INTEGERS.has(column.type) || column.type === ColumnType.DOUBLE || column.type === ColumnType.NEWDECIMAL)
    return text;
  return /^[\w ,.:+/*=-]*$/.test(text) ? `'${text}'` : `_utf8mb4 X'${value.toString('hex')}'`;
}

const TEXTS: ReadonlySet<number> = new Set([ColumnType.VAR_STRING, ColumnType.MEDIUM_BLOB, ColumnType.LONG_BLOB]);
/** Of a variable that was set to a binary text or, before anything else, to NULL: one that nobody ever set has another. */
const BINARY_LENGTH = 0xffffff;

/**
 * SQL text of an equal value: same type, same bytes, same collation, also where it is NULL; just `NULL` where it was never
 * set. `row`: value, hexadecimal, charset, collation.
 */
function userValue(column: ColumnDefinition, row: readonly (Buffer | null)[]): string {
  const [value, hex, charset, collation] = row.map((cell) => cell?.toString('latin1') ?? null);
  if (value === null || value === undefined) {
    if (charset === 'binary' && TEXTS.has(column.type) && column.length !== BINARY_LENGTH) return 'NULL';
    return `IF(1,NULL,${literal(column, '0', '', charset, collation)})`;
  }
  return literal(column, value, hex, charset, collation);
}

type Text = string | null | undefined;

function literal({ type, flags }: ColumnDefinition, value: string, hex: Text, charset: Text, collation: Text): string {
  if (INTEGERS.has(type)) return (flags & UNSIGNED_FLAG) === 0 ? value : `CAST(${value} AS UNSIGNED)`;
  if (type === ColumnType.NEWDECIMAL) return value.includes('.') ? value : `${value}.`;
  if (type === ColumnType.DOUBLE) return /e/i.test(value) ? value : `${value}e0`;
  if (charset === 'binary') return `X'${hex}'`;
  return `_${charset} X'${hex}' COLLATE ${collation}`;
}
