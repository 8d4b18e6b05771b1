import { classify, type SqlMode } from '@myswitch/protocol';
import type { Labelled } from './labelled';

type Text = Pick<Labelled, 'sql' | 'sqlMode'>;

function modeOf({ sqlMode = '' }: Text): SqlMode {
  return {
    ansiQuotes: /ANSI|ORACLE/.test(sqlMode),
    noBackslashEscapes: sqlMode.includes('NO_BACKSLASH_ESCAPES'),
  };
}

export function isCalledReadOnly(one: Text): boolean {
  return classify(one.sql, modeOf(one)).readOnly;
}
