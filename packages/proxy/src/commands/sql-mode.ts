import { DEFAULT_SQL_MODE } from '@myswitch/protocol';
import type { SqlMode } from '@myswitch/protocol';
import type { Session } from '../session/session';

/** How the session's texts are read; the default object itself for nearly all of them. */
export function sqlModeOf(session: Session): SqlMode {
  const mode = session.context.variables.get('sql_mode') ?? session.pool.baseline?.sqlMode ?? '';
  const ansiQuotes = mode.includes('ANSI');
  const noBackslashEscapes = mode.includes('NO_BACKSLASH_ESCAPES');
  return noBackslashEscapes || ansiQuotes ? { ansiQuotes, noBackslashEscapes } : DEFAULT_SQL_MODE;
}
