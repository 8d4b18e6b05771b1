import { identifier, quote, text, type ControlConnection, type Row } from './control-connection';
import { ServerError } from './errors';

const ER_BAD_DB = 1049;
const ER_NO_SUCH_TABLE = 1146;
/** An account without any privilege on a schema that is not there is told this instead of 1049. */
const ER_DB_ACCESS_DENIED = 1044;
const ER_TABLE_ACCESS_DENIED = 1142;

/** The table that a switch writes its probe to: one row a pool. */
export class Heartbeat {
  readonly #table: string;
  readonly #schema: string;
  readonly #pool: string;

  constructor(schema: string, pool: string) {
    this.#schema = identifier(schema);
    this.#table = `${this.#schema}.heartbeat`;
    this.#pool = quote(pool);
  }

  /** Created on the primary only when it is missing: CREATE … IF NOT EXISTS would be a transaction each time. */
  async create(c: ControlConnection, deadlineMs: number): Promise<void> {
    if (await this.exists(c, deadlineMs)) {
      return;
    }
    await c.query(`CREATE SCHEMA IF NOT EXISTS ${this.#schema}`, deadlineMs);
    await c.query(
      `CREATE TABLE IF NOT EXISTS ${this.#table} (pool VARCHAR(190) CHARACTER SET utf8mb4 NOT NULL PRIMARY KEY, ` +
        'beat VARCHAR(190) CHARACTER SET ascii NOT NULL, epoch BIGINT UNSIGNED NOT NULL) ENGINE = InnoDB',
      deadlineMs,
    );
  }

  async exists(c: ControlConnection, deadlineMs: number): Promise<boolean> {
    return (await this.#read(c, deadlineMs)) !== null;
  }

  /** One committed transaction. */
  async write(c: ControlConnection, beat: string, epoch: number, deadlineMs: number): Promise<void> {
    await c.query(
      `INSERT INTO ${this.#table} (pool, beat, epoch) VALUES (${this.#pool}, ${quote(beat)}, ${epoch}) ` +
        `ON DUPLICATE KEY UPDATE beat = ${quote(beat)}, epoch = ${epoch}`,
      deadlineMs,
    );
  }

  /** True when the last row written, as this node has it, is `beat`. */
  async seen(c: ControlConnection, beat: string, deadlineMs: number): Promise<boolean> {
    return (await this.#read(c, deadlineMs)) === beat;
  }

  /** Of the last row written, as this node has it; null: there is none. */
  async epoch(c: ControlConnection, deadlineMs: number): Promise<number | null> {
    const row = await this.#row(c, deadlineMs);
    return row === null || row['epoch'] === undefined ? null : Number(text(row, 'epoch'));
  }

  /** The beat; empty when the table has no row yet; null when there is no table. */
  async #read(c: ControlConnection, deadlineMs: number): Promise<string | null> {
    const row = await this.#row(c, deadlineMs);
    return row === null ? null : text(row, 'beat');
  }

  /** Empty when the table has no row yet; null when there is no table. */
  async #row(c: ControlConnection, deadlineMs: number): Promise<Row | null> {
    try {
      const rows = await c.query(`SELECT beat, epoch FROM ${this.#table} WHERE pool = ${this.#pool}`, deadlineMs);
      return rows[0] ?? {};
    } catch (error) {
      const missing = [ER_BAD_DB, ER_NO_SUCH_TABLE, ER_DB_ACCESS_DENIED, ER_TABLE_ACCESS_DENIED];
      if (error instanceof ServerError && missing.includes(error.errno)) {
        return null;
      }
      throw error;
    }
  }
}
