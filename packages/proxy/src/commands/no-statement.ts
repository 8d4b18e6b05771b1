import { classify } from '@myswitch/protocol';
import type { Statement } from '@myswitch/protocol';

/** For commands that neither change the session nor ask about the last statement. */
export const NO_STATEMENT: Statement = classify('SELECT 1');
