import { text, type ControlConnection } from '../link/control-connection';
import type { Dialect, Kind } from './dialect';
import { UnreachableError } from '../errors';
import { mariadbDialect } from './mariadb';
import { mysqlDialect, mysqlDialectOf } from './mysql';

/** Asks the server what it is. Rejects with UnreachableError, too, when it is nothing that statements are known for. */
export async function dialectOf(c: ControlConnection, deadlineMs: number): Promise<Dialect> {
  const row = await c.row('SELECT @@version AS version', deadlineMs);
  const version = text(row, 'version');
  const major = Number(/^(\d+)\.\d+/.exec(version)?.[1] ?? 0);
  if (/mariadb/i.test(version) && major >= 10) {
    return mariadbDialect;
  }
  if (major >= 8 && !/mariadb/i.test(version)) {
    return mysqlDialectOf(version);
  }
  throw new UnreachableError(
    `${c.node}: version "${version.slice(0, 60)}" is neither MySQL 8.0.23 or later nor MariaDB 10.11 or later`,
  );
}

const DIALECTS: Readonly<Record<Kind, Dialect>> = Object.freeze({ mysql: mysqlDialect, mariadb: mariadbDialect });

export const dialectFor = (kind: Kind): Dialect => DIALECTS[kind];
