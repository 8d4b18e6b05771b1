import type { Connection, ConnectionOptions, FieldPacket, QueryOptions, ResultSetHeader } from 'mysql2/promise';
import type { TestServer } from '@myswitch/testkit';
import { ACCOUNTS } from '@myswitch/testkit';
import type { TestPlane } from './plane';

/** What came of a statement, as far as it has to be the same with and without the proxy. */
export type Outcome = Record<string, unknown>;

/** A client of the proxy and one that is connected to the server itself, with a schema each: the same has to come of all they do. */
export class Twins {
  readonly proxied: Connection;
  readonly direct: Connection;
  readonly name: string;

  private constructor(proxied: Connection, direct: Connection, name: string) {
    this.proxied = proxied;
    this.direct = direct;
    this.name = name;
  }

  static async connect(
    plane: TestPlane,
    server: TestServer,
    name: string,
    options: ConnectionOptions = {},
  ): Promise<Twins> {
    for (const side of ['p', 'd']) await server.sql(`CREATE DATABASE IF NOT EXISTS app_${side}_${name}`);
    const proxied = await plane.connect({ ...options, database: `app_p_${name}` });
    const direct = await server.connect({ ...ACCOUNTS.app, ...options, database: `app_d_${name}` });
    direct.on('error', () => undefined);
    return new Twins(proxied, direct, name);
  }

  /** `{s}` in the text is the twin's own schema. */
  async both(sql: string, values?: unknown[]): Promise<{ proxied: Outcome; direct: Outcome }> {
    const [proxied, direct] = await Promise.all([
      this.one(this.proxied, 'p', sql, values),
      this.one(this.direct, 'd', sql, values),
    ]);
    return { proxied, direct };
  }

  /** Runs it on both and expects the same. Returns it. */
  async same(sql: string, values?: unknown[]): Promise<Outcome> {
    const { proxied, direct } = await this.both(sql, values);
    expect({ sql, ...proxied }).toEqual({ sql, ...direct });
    return proxied;
  }

  end(): void {
    this.proxied.destroy();
    this.direct.destroy();
  }

  private one(connection: Connection, side: string, sql: string, values?: unknown[]): Promise<Outcome> {
    const text = sql.replaceAll('{s}', `app_${side}_${this.name}`);
    const run =
      values === undefined
        ? connection.query({ sql: text, rowsAsArray: true } as QueryOptions)
        : connection.execute({ sql: text, rowsAsArray: true } as QueryOptions, values as never);
    return run.then(
      ([rows, fields]) => normal({ rows: outcomes(rows), fields: columns(fields) }, `app_${side}_${this.name}`),
      (error: NodeJS.ErrnoException & { sqlState?: string }) => {
        const { errno, sqlState, message } = error;
        return normal({ errno, sqlState, message }, `app_${side}_${this.name}`);
      },
    );
  }
}

function outcomes(rows: unknown): unknown {
  if (!Array.isArray(rows)) return header(rows as ResultSetHeader);
  return rows.map((row) => (isHeader(row) ? header(row) : row));
}

function isHeader(row: unknown): row is ResultSetHeader {
  return typeof row === 'object' && row !== null && 'affectedRows' in row;
}

function header({ affectedRows, insertId, info, serverStatus, warningStatus, changedRows }: ResultSetHeader): object {
  return { affectedRows, insertId, info, status: serverStatus & 0x03, warningStatus, changedRows };
}

function columns(fields: unknown): unknown {
  if (!Array.isArray(fields)) return null;
  return fields.map((field: FieldPacket | FieldPacket[] | undefined) =>
    Array.isArray(field) || field === undefined
      ? columns(field)
      : [
          field.name,
          field.table,
          ...(field.name.includes('@') ? [] : [typeOf(field.type), charsetOf(field.characterSet)]),
        ],
  );
}

/**
 * How long a text may get decides its type, and a user variable remembers how long a former value could get;
 * one that is NULL remembers its former type.
 */
function typeOf(type: number | undefined): number | string | undefined {
  return (type ?? 0) >= 249 && (type ?? 0) <= 254 ? 'text' : type;
}

/** Metadata names a collation, but which one of a character set means nothing: SET NAMES … COLLATE is not told by trackers. */
function charsetOf(collation: number | undefined): string | number | undefined {
  if ([45, 46, 224, 255].includes(collation ?? 0)) return 'utf8mb4';
  return [5, 8, 15, 31, 47, 48, 49, 94].includes(collation ?? 0) ? 'latin1' : collation;
}

function normal(outcome: object, schema: string): Outcome {
  return JSON.parse(JSON.stringify(outcome).replaceAll(schema, '{s}')) as Outcome;
}
