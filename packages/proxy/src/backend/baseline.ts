import { CHARSET_VARIABLES, SessionContext } from '../session/context';
import type { Backend } from './backend';
import { query } from './exchange';

export interface Collation {
  readonly charset: string;
  readonly collation: string;
}

/** What a fresh session on a node is like; read once for each generation of a node's backends. */
export interface NodeBaseline {
  readonly serverVersion: string;
  /** Low byte of the collation that the server greets with. */
  readonly characterSet: number;
  readonly context: SessionContext;
  readonly collations: ReadonlyMap<number, Collation>;
  /** SET that makes the server tell what changes; run once on each new backend. */
  readonly trackers: string;
}

/**
 * Not asked for: variables that change with every statement, that are consumed by the next one (those are pins), and
 * the trackers' own settings.
 */
const UNTRACKED =
  /^(timestamp|insert_id|last_insert_id|identity|rand_seed[12]|pseudo_.*|gtid_.*|last_gtid|statement_id|warning_count|error_count|session_track_.*|in_transaction|proxy_user|external_user|resultset_metadata)$/;

export async function readBaseline(
  backend: Backend,
  greeting: { serverVersion: string; characterSet: number },
): Promise<NodeBaseline> {
  const charset = query(backend, `SELECT ${CHARSET_VARIABLES.map((name) => `@@SESSION.${name}`).join(',')}`);
  const collations = query(
    backend,
    'SELECT ID, CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLLATIONS WHERE ID IS NOT NULL',
  );
  const names = query(backend, 'SHOW SESSION VARIABLES');
  const values = (await charset).rows[0] ?? [];
  const variables = new Map(CHARSET_VARIABLES.map((name, i) => [name, quoted(values[i])]));
  const tracked = (await names).rows
    .map((row) => String(row[0]).toLowerCase())
    .filter((name) => /^[a-z0-9_]+$/.test(name) && !UNTRACKED.test(name));
  return {
    ...greeting,
    context: new SessionContext(null, variables, new Map()),
    collations: new Map(
      (await collations).rows.map(([id, name, collation]) => [
        Number(id),
        { charset: String(name), collation: String(collation) },
      ]),
    ),
    trackers:
      `SET SESSION session_track_schema=ON, SESSION session_track_state_change=ON, ` +
      `SESSION session_track_system_variables='${tracked.join(',')}'`,
  };
}

/** The context of a session whose handshake named a collation; an unknown one gets the server's default, as there. */
export function contextFor(baseline: NodeBaseline, characterSet: number, schema: string | null): SessionContext {
  const known = baseline.collations.get(characterSet);
  if (known === undefined) return baseline.context.withSchema(schema);
  // no client can speak these: the server falls back to its default too
  if (/^(ucs2|utf16|utf16le|utf32)$/.test(known.charset)) return baseline.context.withSchema(schema);
  // by number, the variables keep the very collation, which result metadata then shows
  const id = String(characterSet);
  const variables = new Map([
    ['character_set_client', id],
    ['character_set_results', id],
    ['character_set_connection', id],
    ['collation_connection', `'${known.collation}'`],
  ]);
  return new SessionContext(schema, variables, new Map());
}

function quoted(value: Buffer | null | undefined): string {
  return value === null || value === undefined ? 'NULL' : `'${value.toString('latin1')}'`;
}
