import {
  type Connection,
  type ConnectionOptions,
  type ResultSetHeader,
  type RowDataPacket,
  createConnection,
} from 'mysql2/promise';
import type { Clock } from '../clock';
import { ACCOUNT_COUNT, OTHER_SCHEMA } from './schema';
import type { Statistics } from './statistics';
import { Writes } from './writes';

const RECONNECT_AFTER_MS = 50;

interface Form {
  /** Statements it takes. */
  readonly cost: number;
  run(client: LedgerClient): Promise<void>;
}

/** The forms a client goes through, over and over. */
const FORMS: readonly Form[] = [
  { cost: 1, run: (client) => client.insertAsText() },
  { cost: 1, run: (client) => client.insertPrepared() },
  { cost: 5, run: (client) => client.transfer() },
  { cost: 1, run: (client) => client.read() },
];
const SESSION_CHECK: Form = { cost: 1, run: (client) => client.checkSession() };
const SESSION_CHECK_EVERY = 16;

const INSERT = 'INSERT INTO shop.ledger (client, id, amount) VALUES (?, ?, ?)';
const TRANSFER = 'INSERT INTO shop.ledger (client, id, source, target, amount) VALUES (?, ?, ?, ?, ?)';

interface ServerError extends Error {
  readonly errno: number;
  readonly sqlState: string;
}

/** An error that the server sent, in contrast to a connection that was lost. */
function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error && 'sqlState' in error && 'errno' in error && !('fatal' in error && error.fatal === true)
  );
}

/** One connection that goes through all forms of writing, and now and then looks whether its session is still its own. */
export class LedgerClient {
  readonly index: number;
  readonly writes = new Writes();
  private readonly options: ConnectionOptions;
  private readonly clock: Clock;
  private readonly statistics: Statistics;
  private readonly schema: string;
  private readonly timeZone: string;
  private connection: Connection | null = null;
  private turn: number;
  /** Of the last insert that was acknowledged on this connection; null: not known. */
  private lastInsertId: number | null = null;

  constructor(index: number, options: ConnectionOptions, clock: Clock, statistics: Statistics) {
    this.index = index;
    this.options = options;
    this.clock = clock;
    this.statistics = statistics;
    this.schema = index % 2 === 0 ? 'shop' : OTHER_SCHEMA;
    this.timeZone = `+${String(index % 12).padStart(2, '0')}:30`;
    this.turn = index; // so that at any moment the clients are at different forms
  }

  /** What the next step will cost, in statements. */
  get cost(): number {
    return this.form.cost;
  }

  private get form(): Form {
    if (this.turn % SESSION_CHECK_EVERY === SESSION_CHECK_EVERY - 1) return SESSION_CHECK;
    return FORMS[this.turn % FORMS.length] ?? SESSION_CHECK;
  }

  /** Runs one form; connects (again) first when needed. Never rejects: what goes wrong is counted. */
  async step(): Promise<void> {
    const { form } = this;
    this.turn += 1;
    const start = this.clock.now();
    const ended = (): void => this.statistics.took(this.clock.now() - start);
    try {
      this.connection ??= await this.connect();
      await form.run(this);
      ended();
    } catch (error) {
      ended();
      await this.recover(error);
    }
  }

  async end(): Promise<void> {
    const { connection } = this;
    this.connection = null;
    connection?.removeAllListeners('error');
    connection?.on('error', () => {}); // it is going anyway
    await connection?.end().catch(() => {});
  }

  private async connect(): Promise<Connection> {
    const connection = await createConnection({ ...this.options, database: 'shop' });
    connection.on('error', () => this.lose(connection));
    this.lastInsertId = null;
    try {
      await this.prepareSession(connection);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  private async prepareSession(connection: Connection): Promise<void> {
    await connection.query(`SET @ledger_client = ${this.index}, SESSION time_zone = '${this.timeZone}'`);
    if (this.schema !== 'shop') await connection.query(`USE ${this.schema}`);
  }

  private lose(connection: Connection): void {
    if (this.connection !== connection) return;
    this.connection = null;
    this.statistics.dropped += 1;
  }

  private async recover(error: unknown): Promise<void> {
    const { connection } = this;
    if (isServerError(error)) {
      this.statistics.refused(error.errno, error.message);
      if (connection === null) await this.clock.at(this.clock.now() + RECONNECT_AFTER_MS);
      else await this.rollback(connection, error.message.includes('with it went'));
      return;
    }
    this.statistics.unknown += 1;
    this.statistics.note(error instanceof Error ? error.message : String(error));
    if (connection !== null) this.drop(connection);
    await this.clock.at(this.clock.now() + RECONNECT_AFTER_MS);
  }

  /** Who is told that its session has lost something makes it anew. */
  private async rollback(connection: Connection, anew: boolean): Promise<void> {
    try {
      await connection.query('ROLLBACK');
      if (anew) await this.prepareSession(connection);
    } catch (error) {
      if (!isServerError(error)) return this.drop(connection);
      // refused too: nobody has ended this connection but its client, who does not know what it is worth
      this.statistics.refused(error.errno, error.message);
      if (this.connection === connection) this.connection = null;
      connection.destroy();
    }
  }

  private drop(connection: Connection): void {
    this.lose(connection);
    connection.destroy();
  }

  /** Runs one statement and records how long its answer took. */
  private async timed<T>(run: (connection: Connection) => Promise<[T, ...unknown[]]>): Promise<T> {
    const { connection } = this;
    if (connection === null) throw new Error('the connection was lost');
    const start = this.clock.now();
    const [result] = await run(connection);
    this.statistics.answered(this.clock.now() - start);
    return result;
  }

  private text(sql: string): Promise<unknown> {
    return this.timed((connection) => connection.query(sql));
  }

  private inserted(result: ResultSetHeader): void {
    this.lastInsertId = result.insertId;
  }

  async insertAsText(): Promise<void> {
    const id = this.writes.next();
    this.inserted(
      await this.timed((connection) => connection.query<ResultSetHeader>(INSERT, [this.index, id, id % 100])),
    );
    this.writes.acknowledge(id);
  }

  async insertPrepared(): Promise<void> {
    const id = this.writes.next();
    this.inserted(
      await this.timed((connection) => connection.execute<ResultSetHeader>(INSERT, [this.index, id, id % 100])),
    );
    this.writes.acknowledge(id);
  }

  /** A transaction of five statements. Accounts are touched in ascending order: two clients never deadlock. */
  async transfer(): Promise<void> {
    const id = this.writes.next();
    const source = (this.index * 7 + id * 13) % ACCOUNT_COUNT;
    const target = (source + 1 + (id % (ACCOUNT_COUNT - 1))) % ACCOUNT_COUNT;
    const amount = 1 + (id % 100);
    const changes = [
      { account: source, change: -amount },
      { account: target, change: amount },
    ].sort((a, b) => a.account - b.account);
    await this.text('START TRANSACTION');
    for (const { account, change } of changes) {
      await this.text(`UPDATE shop.account SET balance = balance + ${change} WHERE id = ${account}`);
    }
    const values = [this.index, id, source, target, amount];
    this.inserted(await this.timed((connection) => connection.execute<ResultSetHeader>(TRANSFER, values)));
    await this.text('COMMIT');
    this.writes.acknowledge(id);
  }

  async read(): Promise<void> {
    const account = this.turn % ACCOUNT_COUNT;
    const rows = await this.timed((connection) =>
      connection.execute<RowDataPacket[]>('SELECT id, balance FROM shop.account WHERE id = ?', [account]),
    );
    if (rows[0]?.['id'] !== account) this.statistics.sessionError(`client ${this.index}: wrong row for ${account}`);
  }

  /** User variable, session variable, schema and last insert id are what this client has set. */
  async checkSession(): Promise<void> {
    const rows = await this.timed((connection) =>
      connection.query<RowDataPacket[]>(
        'SELECT @ledger_client AS client, @@SESSION.time_zone AS zone, DATABASE() AS db, LAST_INSERT_ID() AS last',
      ),
    );
    const found: Record<string, unknown> = rows[0] ?? {};
    const expected: Record<string, unknown> = { client: this.index, zone: this.timeZone, db: this.schema };
    if (this.lastInsertId !== null) expected['last'] = this.lastInsertId;
    for (const [name, value] of Object.entries(expected)) {
      if (found[name] === value) continue;
      this.statistics.sessionError(`client ${this.index}: ${name} is ${String(found[name])}, not ${String(value)}`);
    }
  }
}
