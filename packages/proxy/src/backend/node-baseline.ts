import { Capability } from '@myswitch/protocol';
import type { SessionContext } from '../session/context';

interface Collation {
  readonly charset: string;
  readonly collation: string;
}

/** What a fresh session on a node is like; read once for each generation of a node's backends. */
export interface NodeBaseline {
  readonly serverVersion: string;
  /** Low byte of the collation that the server greets with. */
  readonly characterSet: number;
  readonly context: SessionContext;
  /** Values of a fresh session's variables as SHOW VARIABLES gives them; as latin1. */
  readonly fresh: ReadonlyMap<string, string>;
  /** Global values, which some logins add to. */
  readonly sqlMode: string;
  readonly interactiveTimeout: string;
  readonly collations: ReadonlyMap<number, Collation>;
  /** SET that makes the server tell what changes; run once on each new backend. */
  readonly trackers: string;
}

/** What a session is like after a login with these capabilities: some of them set variables. */
export function freshContext(baseline: NodeBaseline, variant: number): SessionContext {
  const values = new Map<string, string>();
  if ((variant & Capability.IGNORE_SPACE) !== 0) values.set('sql_mode', `'IGNORE_SPACE,${baseline.sqlMode}'`);
  if ((variant & Capability.INTERACTIVE) !== 0) values.set('wait_timeout', baseline.interactiveTimeout);
  return baseline.context.withValues(values, new Map());
}

/** The same for a handshake that named a collation; an unknown one gets the server's default, as there. */
export function contextFor(baseline: NodeBaseline, characterSet: number, variant: number): SessionContext {
  const known = baseline.collations.get(characterSet);
  const fresh = freshContext(baseline, variant);
  // no client can speak these: the server falls back to its default too
  if (known === undefined || /^(ucs2|utf16|utf16le|utf32)$/.test(known.charset)) return fresh;
  const { charset, collation } = known;
  const variables = new Map([
    ['character_set_client', `'${charset}'`],
    ['character_set_results', `'${charset}'`],
    ['character_set_connection', `'${charset}'`],
    ['collation_connection', `'${collation}'`],
  ]);
  return fresh.withValues(variables, new Map());
}
