import { classify, type SqlMode } from '@myswitch/protocol';
import type { Labelled } from './labelled';

export function modeOf({ sqlMode = '' }: Pick<Labelled, 'sqlMode'>): SqlMode {
  return {
    ansiQuotes: /ANSI|ORACLE/.test(sqlMode),
    noBackslashEscapes: sqlMode.includes('NO_BACKSLASH_ESCAPES'),
  };
}

export function isCalledReadOnly(one: Labelled): boolean {
  return classify(one.sql, modeOf(one)).readOnly;
}
