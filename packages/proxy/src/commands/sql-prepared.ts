import { causesOf, classify, quoteString, readPreparedText } from '@myswitch/protocol';
import type { Cause, PreparedText, SqlMode, Statement } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import { Pin } from '../session/pins';
import type { SessionContext } from '../session/context';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { sqlModeOf } from './sql-mode';
import { QueryWork, queryWork } from './text';
import type { QueryText } from './text';

/** What is kept of what a session prepares by SQL; with more of it the session stays on its backend. */
const MAX_PREPARED = 64;
const MAX_TEXT = 16 << 10;

/** PREPARE, EXECUTE and DEALLOCATE PREPARE: where the text is known so is what it does, and it can be prepared elsewhere. */
export function sqlPrepared(session: Session, text: QueryText, statement: Statement): Work {
  const mode = sqlModeOf(session);
  const read = readPreparedText(text.sql, mode);
  if (read === null) return queryWork(session, text, statement);
  switch (read.does) {
    case 'immediate':
      if (read.text === null) return queryWork(session, text, statement);
      return executing(text, classify(read.text, mode), causesOf(read.text, mode, session.context.schema));
    case 'execute': {
      const prepared = session.context.prepared.get(read.name);
      if (prepared === undefined) return queryWork(session, text, statement);
      return executing(text, prepared.statement, prepared.causes);
    }
    case 'prepare':
      return preparing(session, text, statement, read, mode);
    case 'deallocate':
      return changing(text, statement, [{ pin: Pin.SQL_PREPARE, name: read.name, ends: true }], (context) =>
        context.withPrepared(read.name, null),
      );
  }
}

/** It does what the prepared text says. */
function executing(text: QueryText, inner: Statement, causes: readonly Cause[]): Work {
  return new QueryWork(text, inner, causes, undefined);
}

function preparing(
  session: Session,
  query: QueryText,
  statement: Statement,
  read: Extract<PreparedText, { does: 'prepare' }>,
  mode: SqlMode,
): Work {
  const { name } = read;
  const { context } = session;
  const text = read.text ?? (read.variable === null ? null : valueOf(session, read.variable));
  // its text may name a temporary table, which will be gone elsewhere
  const bound = session.pins.has(Pin.TEMPORARY_TABLE);
  if (text === null || bound || text.length > MAX_TEXT || context.prepared.size >= MAX_PREPARED) {
    const causes = [{ pin: Pin.SQL_PREPARE, name, ends: false }];
    return changing(query, statement, causes, (now) => now.withPrepared(name, null));
  }
  const prepared = {
    literal: read.text === null ? quoteString(text) : read.source,
    statement: classify(text, mode),
    causes: causesOf(text, mode, context.schema),
    context: context.bare,
  };
  const movable = { ...statement, pins: [] };
  return changing(query, movable, [{ pin: Pin.SQL_PREPARE, name, ends: true }], (now, ok) =>
    now.withPrepared(name, ok ? prepared : null),
  );
}

/** The server forgets an earlier statement of that name even when it can't prepare the new one. */
function changing(
  text: QueryText,
  statement: Statement,
  causes: readonly Cause[],
  change: (context: SessionContext, ok: boolean) => SessionContext,
): Work {
  const work: Work = new QueryWork(text, statement, causes, undefined);
  work.done = (session: Session, backend: Backend, _tracker, ok) => {
    session.context = backend.context = change(session.context, ok);
  };
  return work;
}

/** Of a user variable, where it is known and reads the same in every character set. */
function valueOf(session: Session, variable: string): string | null {
  if (session.touched.has(`@${variable}`)) return null;
  const hex = /^_\w+ X'([0-9A-F]*)' COLLATE \w+$/i.exec(session.context.userVariables.get(variable) ?? '')?.[1];
  if (hex === undefined) return null;
  const text = Buffer.from(hex, 'hex').toString('latin1');
  // a backslash in a literal depends on the sql_mode
  return /^[\t\n\r -[\]-~]*$/.test(text) ? text : null;
}
