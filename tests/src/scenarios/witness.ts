import { type Connection, createConnection } from 'mysql2/promise';
import { ACCOUNTS, sleep, type TestServer } from '@myswitch/testkit';

/** An answer that takes longer says nothing of now: the connection is given up, since what it says later is old. */
const LATE_MS = 40;
/** A new one: a SYN that was lost is sent again by the system after a second only. */
const CONNECT_MS = 250;

/** Asks a server past MySwitch, over the network as a client of its own would, whether it takes writes. */
export class Witness {
  readonly #server: TestServer;
  #connection: Connection | null = null;
  #connecting = false;

  constructor(server: TestServer) {
    this.#server = server;
  }

  get name(): string {
    return this.#server.name;
  }

  /** False where it can't be asked within 40 ms. Never rejects. */
  async writes(): Promise<boolean> {
    const connection = this.#connection;
    if (connection === null) {
      if (!this.#connecting && this.#server.pid !== null) void this.#connect();
      return false;
    }
    try {
      const late = sleep(LATE_MS).then(() => null);
      const answer = await Promise.race([connection.query('SELECT @@GLOBAL.read_only AS readOnly'), late]);
      if (answer === null) throw new Error('late');
      const [row] = answer[0] as { readOnly: number }[];
      return row?.readOnly === 0;
    } catch {
      this.#drop(connection);
      return false;
    }
  }

  end(): void {
    if (this.#connection !== null) this.#drop(this.#connection);
  }

  async #connect(): Promise<void> {
    this.#connecting = true;
    const { host, port } = this.#server;
    // an account whose sessions are in nobody's way
    const login = { host, port, ...ACCOUNTS.replication, connectTimeout: CONNECT_MS };
    try {
      const connection = await createConnection(login);
      connection.on('error', () => this.#drop(connection));
      this.#connection = connection;
    } catch {
      // the next look tries again
    } finally {
      this.#connecting = false;
    }
  }

  #drop(connection: Connection): void {
    connection.destroy();
    if (this.#connection === connection) this.#connection = null;
  }
}
