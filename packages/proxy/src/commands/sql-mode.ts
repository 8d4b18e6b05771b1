import { DEFAULT_SQL_MODE } from '@myswitch/protocol';
import type { SqlMode } from '@myswitch/protocol';
import type { Session } from '../session/session';

/** How the session's texts are read; the default object itself for nearly all of them. */
export function sqlModeOf({ context, pool }: Session): SqlMode {
  return context.sqlMode ?? pool.baseline?.reading ?? DEFAULT_SQL_MODE;
}
