import { grantStatements } from '@myswitch/orchestrator';
import type { Kind } from './provision';

export interface GrantOptions {
  /** The data has events, which a switch has to stop on the old primary and enable on the new one. */
  readonly events?: boolean;
}

/** What the accounts `myswitch` (control) and `repl` (what replicas log in with) get on test servers: the least that does the work. */
export const grants = (kind: Kind, { events = false }: GrantOptions = {}): readonly string[] =>
  grantStatements(kind, { control: 'myswitch', replication: 'repl' }, undefined, events);
