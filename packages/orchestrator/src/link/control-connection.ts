import { createConnection, type Connection, type ConnectionOptions } from 'mysql2';
import { encodePacket } from '@myswitch/protocol';
import type { Clock } from '../clock';
import { dial } from './dial';
import { messageOf, ServerError, systemCode, UnknownOutcomeError, UnreachableError, UnresolvedError } from '../errors';
import type { Credentials, NodeOptions } from '../options';

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

/** What of the driver takes a command that it does not know. */
interface Driver {
  addCommand(command: {
    /** Once without a packet, to begin, and then for each; true: it was the last one. */
    execute(packet: DriverPacket | undefined, driver: DriverConnection): boolean;
  }): void;
}

interface DriverConnection {
  _resetSequenceId(): void;
  _bumpSequenceId(by: number): void;
  write(bytes: Buffer): void;
}

interface DriverPacket {
  isError(): boolean;
  isEOF(): boolean;
  asError(encoding: string): Error;
  readBuffer(): Buffer;
}

const binlogDump = (log: string): Buffer => {
  const payload = Buffer.alloc(11);
  payload[0] = COM_BINLOG_DUMP;
  payload.writeUInt32LE(FIRST_EVENT, 1);
  payload.writeUInt16LE(NOT_BLOCKING | WITH_ANNOTATIONS, 5);
  return Buffer.concat([payload, Buffer.from(log)]);
};

const COM_BINLOG_DUMP = 0x12;
const FIRST_EVENT = 4;
/** Flags of COM_BINLOG_DUMP. */
const NOT_BLOCKING = 1;
/** MariaDB: https://mariadb.com/kb/en/com_binlog_dump/ */
const WITH_ANNOTATIONS = 2;

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
      const connection = await login({ ...connectionOptions(node, credentials, deadlineMs), stream: dialed.socket });
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
      // without the driver's promises, which keep the stack of each call: monitors make hundreds a second
      this.#connection.query(sql, (error, rows) => {
        cancel();
        if (error !== null) reject(this.#explain(error));
        else resolve(Array.isArray(rows) ? (rows as Row[]) : []);
      });
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

  /** Resolves when the server answers, however late; rejects when the connection is lost. */
  ping(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connection.ping((error) => {
        if (error) reject(this.#explain(error));
        else resolve();
      });
    });
  }

  /**
   * Each event of a binary log and of those after it, as it is stored: COM_BINLOG_DUMP as mysqlbinlog sends it, with server id 0, which ends with the
   * last one. The connection is of no more use afterwards.
   * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_binlog_dump.html
   */
  async binlog(log: string, take: (event: Buffer) => void, deadlineMs: number): Promise<void> {
    // MariaDB: a reader that says nothing of itself is told neither GTIDs nor texts
    await this.query("SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32'", deadlineMs);
    await this.query('SET @mariadb_slave_capability = 4', deadlineMs);
    try {
      await new Promise<void>((resolve, reject) => {
        const cancel = this.#clock.timer(deadlineMs, () => {
          reject(
            new UnknownOutcomeError(`${this.node}: its binary log was not read within ${Math.round(deadlineMs)} ms`),
          );
        });
        const end = (settle: () => void): true => {
          cancel();
          settle();
          return true;
        };
        this.#connection.on('error', (error: Error) => end(() => reject(this.#explain(error))));
        // the driver has a command of its own for this, which can neither send a file's name nor read every event
        (this.#connection as unknown as Driver).addCommand({
          execute: (packet, driver) => {
            if (packet === undefined) {
              driver._resetSequenceId();
              driver._bumpSequenceId(1);
              driver.write(encodePacket(binlogDump(log), 0));
              return false;
            }
            if (packet.isError()) return end(() => reject(this.#explain(packet.asError('utf8'))));
            if (packet.isEOF()) return end(resolve);
            take(packet.readBuffer().subarray(1));
            return false;
          },
        });
      });
    } finally {
      this.destroy();
    }
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

function login(options: ConnectionOptions): Promise<Connection> {
  const connection = createConnection(options);
  // one that fails may fail twice
  connection.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    connection.connect((error) => {
      if (error) reject(error);
      else resolve(connection);
    });
  });
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
