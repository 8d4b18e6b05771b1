import { createConnection, type Connection, type ConnectionOptions } from 'mysql2/promise';
import type { Clock } from './clock';
import { dial } from './dial';
import { messageOf, ServerError, systemCode, UnknownOutcomeError, UnreachableError, UnresolvedError } from './errors';
import type { Credentials, NodeOptions } from './options';

/** What it takes to reach a server. */
type Reachable = Pick<NodeOptions, 'name' | 'host' | 'port' | 'tls'>;

/** JSON columns arrive as objects. */
export type Row = Readonly<Record<string, string | number | bigint | boolean | object | null>>;

/** Lives long between statements, asks nothing of the server's own sql_mode, and never waits long for a metadata lock. */
const SESSION = "SET SESSION wait_timeout = 31536000, lock_wait_timeout = 1, autocommit = 1, sql_mode = ''";

/** Of getaddrinfo: https://nodejs.org/api/dns.html#error-codes */
const LOOKUP: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);

interface ServerReply {
  readonly errno: number;
  readonly sqlState: string;
}

const isServerReply = (error: unknown): error is ServerReply =>
  typeof error === 'object' &&
  error !== null &&
  'sqlState' in error &&
  'errno' in error &&
  typeof error.errno === 'number';

/**
 * One connection of the control account to a node. Every statement has a deadline; when it passes the connection is destroyed and the
 * outcome is unknown, because the server may go on with the statement.
 */
export class ControlConnection {
  readonly node: string;
  /** The server's connection id. */
  readonly id: number;
  /** Called once when the server ends the connection, or the network does. */
  onLost: () => void = () => undefined;
  readonly #connection: Connection;
  readonly #clock: Clock;
  #usable = true;

  private constructor(node: string, connection: Connection, clock: Clock) {
    this.node = node;
    this.id = connection.threadId;
    this.#connection = connection;
    this.#clock = clock;
    for (const event of ['error', 'end']) {
      connection.on(event, () => {
        if (this.#usable) {
          this.#usable = false;
          this.onLost();
        }
      });
    }
  }

  /** The name is resolved anew each time. Rejects with UnreachableError (network, login). `deadlineMs`: for the login, and again for what follows it. */
  static async connect(
    node: Reachable,
    credentials: Credentials,
    deadlineMs: number,
    clock: Clock,
  ): Promise<ControlConnection> {
    const dialed = dial(node);
    try {
      const connection = await createConnection({
        ...connectionOptions(node, credentials, deadlineMs),
        stream: dialed.socket,
      });
      const control = new ControlConnection(node.name, connection, clock);
      try {
        await control.query(SESSION, deadlineMs);
      } catch (error) {
        control.destroy();
        throw error;
      }
      return control;
    } catch (error) {
      const message = `${node.name}: ${messageOf(error) || 'cannot connect'}`;
      if (LOOKUP.has(systemCode(error))) {
        throw new UnresolvedError(message);
      }
      if (!dialed.resolved) {
        throw new UnresolvedError(`${node.name}: ${node.host} was not looked up within ${Math.round(deadlineMs)} ms`);
      }
      throw new UnreachableError(message, isServerReply(error) && error.sqlState !== '' ? error.errno : null);
    }
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** Rows of a SELECT or SHOW; an empty array for a statement without rows. */
  query(sql: string, deadlineMs: number): Promise<readonly Row[]> {
    if (!this.#usable) {
      return Promise.reject(new UnreachableError(`${this.node}: the control connection is closed`));
    }
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.timer(deadlineMs, () => {
        this.destroy();
        reject(new UnknownOutcomeError(`${this.node}: no reply within ${Math.round(deadlineMs)} ms`));
      });
      void this.#connection
        .query(sql)
        .then(
          ([rows]) => resolve(Array.isArray(rows) ? (rows as Row[]) : []),
          (error: unknown) => reject(this.#explain(error)),
        )
        .finally(cancel);
    });
  }

  /**
   * Several statements in one round trip, each run only when the ones before it succeeded. Resolves with the first row of
   * the last one; rejects like `query`, or with ServerError when there is no row.
   */
  async batch(statements: readonly string[], deadlineMs: number): Promise<Row> {
    const results = (await this.query(statements.join(';'), deadlineMs)) as unknown as readonly (readonly Row[])[];
    const first = results.at(-1)?.[0];
    if (first === undefined) {
      throw new ServerError(0, `${this.node}: an empty result where one row was expected`);
    }
    return first;
  }

  /** The first row; rejects with ServerError when there is none. */
  async row(sql: string, deadlineMs: number): Promise<Row> {
    const [first] = await this.query(sql, deadlineMs);
    if (first === undefined) {
      throw new ServerError(0, `${this.node}: an empty result where one row was expected`);
    }
    return first;
  }

  destroy(): void {
    this.#usable = false;
    this.#connection.destroy();
  }

  /** The driver's error is not kept as the cause: it carries the statement, which may hold a password. */
  #explain(error: unknown): Error {
    if (isServerReply(error) && error.sqlState !== '') {
      return new ServerError(error.errno, `${this.node}: ${messageOf(error)}`);
    }
    this.destroy();
    return new UnknownOutcomeError(`${this.node}: ${messageOf(error)}`);
  }
}

function connectionOptions(node: Reachable, credentials: Credentials, deadlineMs: number): ConnectionOptions {
  const { tls } = node;
  return {
    host: node.host,
    port: node.port,
    user: credentials.user,
    password: credentials.password,
    connectTimeout: Math.max(1, Math.round(deadlineMs)),
    multipleStatements: true, // for `batch`; what goes into a statement is quoted by `quote` and `identifier`
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    connectAttributes: { program_name: 'myswitch' },
    ...(tls === null
      ? {}
      : {
          ssl: {
            ...(tls.ca === null ? {} : { ca: tls.ca }),
            ...(tls.cert === null ? {} : { cert: tls.cert }),
            ...(tls.key === null ? {} : { key: tls.key }),
            rejectUnauthorized: tls.ca !== null,
          },
        }),
  };
}

export const text = (row: Row, column: string): string => {
  const value = row[column];
  if (value === null || value === undefined) {
    return '';
  }
  if (typeof value === 'object') {
    return Buffer.isBuffer(value) ? value.toString('utf8') : JSON.stringify(value);
  }
  return String(value);
};

/** The bytes of a column, one a character (latin1). */
export const bytes = (row: Row, column: string): string => {
  const value = row[column];
  return Buffer.isBuffer(value) ? value.toString('latin1') : Buffer.from(text(row, column)).toString('latin1');
};

export const number = (row: Row, column: string): number => Number(text(row, column));

/** 1, ON, YES and true of the servers' many spellings. */
export const flag = (row: Row, column: string): boolean => /^(1|ON|YES|TRUE)$/i.test(text(row, column));

export const quote = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

export const identifier = (value: string): string => `\`${value.replaceAll('`', '``')}\``;
