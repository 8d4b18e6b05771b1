import { DEFAULT_SQL_MODE, ServerStatus } from '@myswitch/protocol';
import type { SqlMode } from '@myswitch/protocol';
import type { Session } from '../session/session';

/** How the session's texts are read; the default object itself for nearly all of them. */
export function sqlModeOf(session: Session): SqlMode {
  const noBackslashEscapes = (session.status & ServerStatus.NO_BACKSLASH_ESCAPES) !== 0;
  const mode = session.context.variables.get('sql_mode') ?? '';
  const ansiQuotes = mode.includes('ANSI');
  return noBackslashEscapes || ansiQuotes ? { ansiQuotes, noBackslashEscapes } : DEFAULT_SQL_MODE;
}
