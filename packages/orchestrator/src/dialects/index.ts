import { text, type ControlConnection } from '../control-connection';
import type { Dialect, Kind } from '../dialect';
import { mariadbDialect } from './mariadb';
import { mysqlDialect, mysqlDialectOf } from './mysql';

/** Asks the server what it is. */
export async function dialectOf(c: ControlConnection, deadlineMs: number): Promise<Dialect> {
  const row = await c.row('SELECT @@version AS version', deadlineMs);
  const version = text(row, 'version');
  return /mariadb/i.test(version) ? mariadbDialect : mysqlDialectOf(version);
}

const DIALECTS: Readonly<Record<Kind, Dialect>> = Object.freeze({ mysql: mysqlDialect, mariadb: mariadbDialect });

export const dialectFor = (kind: Kind): Dialect => DIALECTS[kind];
