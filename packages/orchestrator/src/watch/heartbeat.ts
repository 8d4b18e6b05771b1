import { identifier, quote, text, type ControlConnection, type Row } from '../link/control-connection';
import { BEAT, markOf } from '../dialects/dialect';
import { ServerError } from '../errors';

const ER_BAD_DB = 1049;
const ER_NO_SUCH_TABLE = 1146;
/** An account without any privilege on a schema that is not there is told this instead of 1049. */
const ER_DB_ACCESS_DENIED = 1044;
const ER_TABLE_ACCESS_DENIED = 1142;

/** A row for each of these, of each pool: a beat must not take the place of the probe that a restart looks for. */
const BEATS = ' beats'; // a pool's name has no space

/** The table that a switch writes its probe to, and the monitor its beats: two rows a pool. */
export class Heartbeat {
  readonly #table: string;
  readonly #schema: string;
  readonly #pool: string;
  readonly #beats: string;

  constructor(schema: string, pool: string) {
    this.#schema = identifier(schema);
    this.#table = `${this.#schema}.heartbeat`;
    this.#pool = quote(pool);
    this.#beats = quote(`${pool}${BEATS}`);
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

  /** Whether a statement, as a binary log has it, is one of these. */
  isOurs(sql: string): boolean {
    return sql.includes(this.#table);
  }

  async exists(c: ControlConnection, deadlineMs: number): Promise<boolean> {
    return (await this.#read(c, deadlineMs)) !== null;
  }

  /** One committed transaction. */
  async write(c: ControlConnection, beat: string, epoch: number, deadlineMs: number): Promise<void> {
    await c.query(this.#insert(this.#pool, beat, epoch), deadlineMs);
  }

  /**
   * The same for the monitor: one committed transaction, unless the node is read-only by then (ServerError 1242), which not every account is
   * stopped by. The mark lets a fence find one that hangs.
   */
  async writeBeat(c: ControlConnection, beat: string, epoch: number, deadlineMs: number): Promise<void> {
    const unlessReadOnly = 'DO IF(@@global.read_only, (SELECT 1 UNION SELECT 2), 0)';
    await c.query(`${unlessReadOnly};${markOf(BEAT)}${this.#insert(this.#beats, beat, epoch)}`, deadlineMs);
  }

  /** The monitor's last, as this node has it; empty: there is none; null: there is no table, or it may not be read. */
  readBeat(c: ControlConnection, deadlineMs: number): Promise<string | null> {
    return this.#read(c, deadlineMs, this.#beats);
  }

  #insert(row: string, beat: string, epoch: number): string {
    return (
      `INSERT INTO ${this.#table} (pool, beat, epoch) VALUES (${row}, ${quote(beat)}, ${epoch}) ` +
      `ON DUPLICATE KEY UPDATE beat = ${quote(beat)}, epoch = ${epoch}`
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
  async #read(c: ControlConnection, deadlineMs: number, pool = this.#pool): Promise<string | null> {
    const row = await this.#row(c, deadlineMs, pool);
    return row === null ? null : text(row, 'beat');
  }

  /** Empty when the table has no row yet; null when there is no table. */
  async #row(c: ControlConnection, deadlineMs: number, pool = this.#pool): Promise<Row | null> {
    try {
      const rows = await c.query(`SELECT beat, epoch FROM ${this.#table} WHERE pool = ${pool}`, deadlineMs);
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
