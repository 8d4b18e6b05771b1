import { number, text, type ControlConnection } from '../link/control-connection';
import { Kind, type Meeting } from './dialect';
import { accountOf, missingGrants } from './grants';
import { termsOf } from './mysql-terms';
import { controlNeeds } from './privileges';
import { placeOf } from './shared';

/** A server's own name for itself; MariaDB has none. */
const IDENTITY: Readonly<Record<Kind, string>> = { mysql: '@@server_uuid', mariadb: "''" };

/** What stays as it is as long as the connection does. `schema`: of the heartbeat. */
export async function meet(c: ControlConnection, kind: Kind, schema: string, deadlineMs: number): Promise<Meeting> {
  const row = await c.row(
    `SELECT @@hostname AS hostname, @@port AS port, @@datadir AS datadir, ${IDENTITY[kind]} AS uid, @@server_id AS serverId, ` +
      '@@version AS version, CURRENT_USER() AS account',
    deadlineMs,
  );
  const uptime = await c.row("SHOW GLOBAL STATUS LIKE 'Uptime'", deadlineMs);
  const needs = controlNeeds(kind, schema, false, termsOf(text(row, 'version')));
  const grants = await c.query('SHOW GRANTS', deadlineMs);
  return {
    place: placeOf(row),
    uptimeSeconds: number(uptime, 'Value'),
    missingGrants: missingGrants(grants, needs, accountOf(text(row, 'account'))),
  };
}
