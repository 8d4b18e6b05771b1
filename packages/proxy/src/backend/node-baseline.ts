import { Capability } from '@myswitch/protocol';
import type { SqlMode } from '@myswitch/protocol';
import type { Capabilities } from '../capabilities';
import type { ClientError } from '../session/client-error';
import type { SessionContext } from '../session/context';

interface Collation {
  readonly charset: string;
  readonly collation: string;
}

/** What a server says of itself before anything else. */
export interface Greeting {
  readonly serverVersion: string;
  /** Low byte of the collation that it greets with. */
  readonly characterSet: number;
  readonly offers: Capabilities;
}

/** What a fresh session on a node is like; read once for each generation of a node's backends. */
export interface NodeBaseline extends Greeting {
  readonly context: SessionContext;
  /** Values of a fresh session's variables as SHOW VARIABLES gives them; as latin1. */
  readonly fresh: ReadonlyMap<string, string>;
  /** Bytes of the longest message that it takes: one less than its max_allowed_packet. */
  readonly maxPayload: number;
  /** What COM_RESET_CONNECTION leaves of a login: MariaDB its character set, MySQL what its capabilities set. */
  readonly resetKeeps: 'CHARACTER_SET' | 'CAPABILITIES';
  /** Character sets and collation of MySQL's sessions after a reset. */
  readonly globalCharset: ReadonlyMap<string, string>;
  /** Global values, which some logins add to. */
  readonly sqlMode: string;
  /** How texts are read under that sql_mode. */
  readonly reading: SqlMode;
  readonly interactiveTimeout: string;
  readonly waitTimeout: string;
  readonly collations: ReadonlyMap<number, Collation>;
  /** SET that makes the server tell what changes; run once on each new backend. */
  readonly trackers: string;
}

/** Null, for a server that has not answered yet: taken for MySQL. */
export function isMariadb(greeting: Pick<Greeting, 'serverVersion'> | null): boolean {
  return greeting?.serverVersion.includes('MariaDB') ?? false;
}

/** What a session is like after a login with these capabilities: some of them set variables. */
export function freshContext(baseline: NodeBaseline, variant: number): SessionContext {
  const values = new Map<string, string>();
  if ((variant & Capability.IGNORE_SPACE) !== 0) values.set('sql_mode', `'IGNORE_SPACE,${baseline.sqlMode}'`);
  if ((variant & Capability.INTERACTIVE) !== 0) values.set('wait_timeout', baseline.interactiveTimeout);
  return baseline.context.withValues(values, new Map());
}

/** The character set of a client's names, for a collation that it named. */
export function charsetOf({ collations, globalCharset }: NodeBaseline, collation: number): string {
  return collations.get(collation)?.charset ?? globalCharset.get('character_set_client')!.replaceAll("'", '');
}

/** What a server says to a client that names a character set which nobody can speak; null: it is another one. */
export function charsetRefusal(baseline: NodeBaseline, characterSet: number): ClientError | null {
  const charset = charsetOf(baseline, characterSet);
  if (!/^(ucs2|utf16|utf16le|utf32)$/.test(charset)) return null;
  const message = `Variable 'character_set_client' can't be set to the value of '${charset}'`;
  return { code: 1231, sqlState: '42000', message };
}

/** The same for a handshake that named a collation; one that the server does not know gets its default, as there. */
export function contextFor(baseline: NodeBaseline, characterSet: number, variant: number): SessionContext {
  const known = baseline.collations.get(characterSet);
  const fresh = freshContext(baseline, variant);
  if (known === undefined) return fresh.withValues(baseline.globalCharset, new Map());
  const { charset, collation } = known;
  const variables = new Map([
    ['character_set_client', `'${charset}'`],
    ['character_set_results', `'${charset}'`],
    ['character_set_connection', `'${charset}'`],
    ['collation_connection', `'${collation}'`],
  ]);
  return fresh.withValues(variables, new Map());
}

/** What such a login's session is like after COM_RESET_CONNECTION; its schema stays. */
export function resetContextFor(baseline: NodeBaseline, characterSet: number, variant: number): SessionContext {
  if (baseline.resetKeeps === 'CHARACTER_SET') return contextFor(baseline, characterSet, 0);
  return freshContext(baseline, variant).withValues(baseline.globalCharset, new Map());
}
