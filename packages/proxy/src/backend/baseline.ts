import { CHARSET_VARIABLES, readingOf, SessionContext } from '../session/context';
import type { Backend } from './backend';
import { isMariadb } from './node-baseline';
import type { Greeting, NodeBaseline } from './node-baseline';
import { query } from './exchange';

/**
 * Not asked for: variables that change with every statement, that are consumed by the next one (those are pins), and
 * the trackers' own settings.
 */
const UNTRACKED =
  /^(timestamp|insert_id|last_insert_id|identity|rand_seed[12]|pseudo_.*|gtid_.*|last_gtid|statement_id|warning_count|error_count|session_track_(schema|state_change|system_variables|gtids)|in_transaction|proxy_user|external_user)$/;

/** MariaDB: the transaction that the session has committed last. */
export const LAST_GTID = 'last_gtid';

/** Whether a session variable is replayed: its value is the session's own, and lasts. */
export function isReplayed(name: string): boolean {
  return !UNTRACKED.test(name);
}

export async function readBaseline(
  backend: Backend,
  { serverVersion, characterSet, offers }: Greeting,
): Promise<NodeBaseline> {
  const charset = query(backend, `SELECT ${CHARSET_VARIABLES.map((name) => `@@SESSION.${name}`).join(',')}`);
  const globals = query(backend, `SELECT ${CHARSET_VARIABLES.map((name) => `@@GLOBAL.${name}`).join(',')}`);
  const collations = query(
    backend,
    'SELECT ID, CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLLATIONS WHERE ID IS NOT NULL',
  );
  const names = query(backend, 'SHOW SESSION VARIABLES');
  const defaults = query(
    backend,
    'SELECT @@GLOBAL.sql_mode,@@GLOBAL.interactive_timeout,@@GLOBAL.wait_timeout,@@GLOBAL.max_allowed_packet',
  );
  const variables = charsetValues((await charset).rows[0]);
  const globalCharset = charsetValues((await globals).rows[0]);
  const shown = (await names).rows;
  const tracked = shown
    .map((row) => String(row[0]).toLowerCase())
    .filter((name) => /^[a-z0-9_]+$/.test(name) && isReplayed(name));
  const mariadb = isMariadb({ serverVersion });
  const [sqlMode, interactiveTimeout, waitTimeout, maxAllowedPacket] = (await defaults).rows[0] ?? [];
  return {
    serverVersion,
    characterSet,
    offers,
    resetKeeps: mariadb ? 'CHARACTER_SET' : 'CAPABILITIES',
    globalCharset,
    fresh: new Map(shown.map(([name, value]) => [String(name).toLowerCase(), value?.toString('latin1') ?? ''])),
    maxPayload: Number(maxAllowedPacket) - 1,
    sqlMode: String(sqlMode),
    reading: readingOf(String(sqlMode)),
    interactiveTimeout: String(interactiveTimeout),
    waitTimeout: String(waitTimeout),
    context: new SessionContext(null, variables, new Map()),
    collations: new Map(
      (await collations).rows.map(([id, name, collation]) => [
        Number(id),
        { charset: String(name), collation: String(collation) },
      ]),
    ),
    trackers:
      `SET SESSION session_track_schema=ON, SESSION session_track_state_change=ON, ` +
      // which of its transactions are acknowledged: each kind has a way of its own to say it, and warns of the other's
      (mariadb ? '' : `SESSION session_track_gtids=OWN_GTID, `) +
      `SESSION session_track_system_variables='${[...tracked, ...(mariadb ? [LAST_GTID] : [])].join(',')}'`,
  };
}

function charsetValues(row: readonly (Buffer | null)[] = []): ReadonlyMap<string, string> {
  return new Map(CHARSET_VARIABLES.map((name, i) => [name, quoted(row[i])]));
}

function quoted(value: Buffer | null | undefined): string {
  return value === null || value === undefined ? 'NULL' : `'${value.toString('latin1')}'`;
}
