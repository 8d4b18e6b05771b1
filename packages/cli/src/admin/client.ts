import { createConnection, type Connection, type QueryError, type RowDataPacket } from 'mysql2';
import { formatEndpoint, loadAdminAccess, type AdminAccess } from '../config';
import { errorCode } from '../error-details';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';

const CONNECT_TIMEOUT_MS = 5_000;
const LOGIN_REFUSED: ReadonlySet<number> = new Set([1040, 1045, 1049, 1159]);

/** A connection to the admin port of the MySwitch that a configuration file describes. */
export class AdminClient {
  readonly #connection: Connection;
  readonly #access: AdminAccess;
  /** Rejects the statements that have no reply yet. */
  readonly #waiting = new Set<(error: CliError) => void>();

  private constructor(connection: Connection, access: AdminAccess) {
    this.#connection = connection;
    this.#access = access;
    // an ERR packet is told to its query, a lost connection to the connection
    connection.on('error', (error) => {
      for (const reject of this.#waiting) reject(statementError(error));
    });
  }

  /** @throws CliError NO_SERVER (exit 6), LOGIN_REFUSED (exit 7), CONFIG (exit 2) */
  static async connect(configFile: string): Promise<AdminClient> {
    return AdminClient.#open(loadAdminAccess(configFile, process.env), configFile);
  }

  static #open(access: AdminAccess, configFile: string): Promise<AdminClient> {
    const { listen, user, password } = access;
    const connection = createConnection({ ...listen, user, password, connectTimeout: CONNECT_TIMEOUT_MS });
    return new Promise((resolve, reject) => {
      connection.once('error', (error) => reject(connectError(error, access, configFile)));
      connection.connect((error) => {
        if (error === null) resolve(new AdminClient(connection, access));
        else reject(connectError(error, access, configFile));
      });
    });
  }

  /** @param onRow is told each row when it arrives @throws CliError */
  async query(sql: string, onRow: (row: RowDataPacket) => void = () => undefined): Promise<RowDataPacket[]> {
    let onLost: ((error: CliError) => void) | null = null;
    try {
      return await new Promise((resolve, reject) => {
        onLost = reject;
        this.#waiting.add(reject);
        const rows: RowDataPacket[] = [];
        const query = this.#connection.query<RowDataPacket[]>(sql);
        query.on('result', (row: RowDataPacket) => {
          rows.push(row);
          onRow(row);
        });
        query.on('error', (error) => reject(statementError(error)));
        query.on('end', () => resolve(rows));
      });
    } finally {
      if (onLost !== null) this.#waiting.delete(onLost);
    }
  }

  /** Asks, over a second connection, that the statement which runs on this one be ended. */
  async abort(configFile: string): Promise<void> {
    const other = await AdminClient.#open(this.#access, configFile);
    try {
      await other.query(`KILL QUERY ${this.#connection.threadId}`);
    } finally {
      other.close();
    }
  }

  close(): void {
    this.#connection.destroy();
  }
}

/** Connects, lets `work` ask, and hangs up. */
export async function withAdmin<T>(configFile: string, work: (client: AdminClient) => Promise<T>): Promise<T> {
  const client = await AdminClient.connect(configFile);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

function connectError(error: QueryError | Error, { listen, user }: AdminAccess, configFile: string): CliError {
  const where = formatEndpoint(listen);
  const errno = 'errno' in error ? Number(error.errno) : 0;
  if (LOGIN_REFUSED.has(errno)) {
    return new CliError(
      'LOGIN_REFUSED',
      ExitCode.CONNECTION,
      `${where} refused the login of ${user}: ${error.message}`,
      [`compare admin.user and admin.password in ${configFile} with those that MySwitch was started with`],
    );
  }
  const reason = errorCode(error) ?? error.message;
  return new CliError(
    'NO_SERVER',
    ExitCode.NO_SERVER,
    `no MySwitch answers at ${where} (${reason}); nothing was sent`,
    [`myswitch start --config ${configFile}`],
  );
}

/** Errors of the admin port begin with a code of their own. */
function statementError(error: QueryError): CliError {
  const [, code, message] = /^([A-Z][A-Z_]+): ([\s\S]*)$/.exec(error.message) ?? [];
  if (code === 'UNKNOWN_POOL' || code === 'UNKNOWN_NODE')
    return new CliError(code, ExitCode.USAGE, message ?? '', ['myswitch status']);
  if (code === 'UNKNOWN_SWITCH') return new CliError(code, ExitCode.USAGE, message ?? '', ['myswitch history']);
  if (error.fatal) {
    return new CliError('CONNECTION_LOST', ExitCode.INTERNAL, `the connection was lost: ${error.message}`);
  }
  return new CliError(code ?? 'SERVER_ERROR', ExitCode.INTERNAL, message ?? error.message);
}
