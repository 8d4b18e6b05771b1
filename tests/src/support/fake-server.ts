import type { Writable } from 'node:stream';
import { createServer, type Connection } from 'mysql2';
import { freePort } from '@myswitch/testkit';

/** As they are, where mysql2's types say otherwise. */
interface Listener {
  listen(port: number, host: string): void;
  close(): void;
}
interface Wire {
  sequenceId: number;
  readonly stream: Writable;
}
const wireOf = (connection: Connection): Wire => connection as unknown as Wire;

type Row = Readonly<Record<string, string | number | null>>;

/** PROTOCOL_41, PLUGIN_AUTH and the like: all of the first 24 but compression and TLS. */
const CAPABILITIES = 0xffffff & ~0x20 & ~0x800;
const VAR_STRING = 253;

/**
 * A server that is none: it lets everybody in, and answers each statement as `answers` says. `hang`: not at all; a text: error 1064 with it;
 * `half`: a part of a row, and then nothing.
 */
export class FakeServer {
  readonly host = '127.0.0.1';
  readonly port: number;
  answers: (sql: string) => readonly Row[] | 'hang' | 'half' | Error;
  readonly #server: Listener;
  readonly #open = new Set<Connection>();
  #last = 0;

  private constructor(port: number, answers: FakeServer['answers']) {
    this.port = port;
    this.answers = answers;
    this.#server = createServer((connection) => this.#greet(connection)) as unknown as Listener;
  }

  static async start(answers: FakeServer['answers']): Promise<FakeServer> {
    const fake = new FakeServer(await freePort(), answers);
    fake.#server.listen(fake.port, fake.host);
    return fake;
  }

  /** Ends its connections. */
  drop(): void {
    for (const connection of this.#open) connection.destroy();
    this.#open.clear();
  }

  stop(): void {
    this.drop();
    this.#server.close();
  }

  #greet(connection: Connection): void {
    this.#open.add(connection);
    connection.on('error', () => this.#open.delete(connection));
    // mysql2 goes on counting packets where each command begins anew
    const beginAnew = (): void => {
      wireOf(connection).sequenceId = 0;
    };
    // a SET it takes for a PREPARE
    for (const event of ['query', 'stmt_prepare']) {
      connection.on(event, (sql: string) => {
        this.#answer(connection, sql);
        beginAnew();
      });
    }
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '5.5.5-4.0',
      connectionId: (this.#last += 1),
      statusFlags: 2,
      characterSet: 45,
      capabilityFlags: CAPABILITIES,
      authCallback: (_login: unknown, letIn: (error: null) => void) => {
        letIn(null);
        beginAnew();
      },
    });
  }

  #answer(connection: Connection, sql: string): void {
    const answer = this.answers(sql);
    if (answer === 'hang') return;
    if (answer === 'half') {
      wireOf(connection).stream.write(Buffer.from([1, 0, 0, 1, 5, 40, 0, 0, 2, 3, 100, 101, 102]));
      return;
    }
    if (answer instanceof Error) {
      connection.writeError({ message: answer.message, code: 1064 });
      return;
    }
    const [first] = answer;
    if (first === undefined) {
      connection.writeOk();
      return;
    }
    const columns = Object.keys(first).map((name) => ({
      catalog: 'def',
      schema: '',
      table: '',
      orgTable: '',
      name,
      orgName: name,
      characterSet: 45,
      columnLength: 1024,
      columnType: VAR_STRING,
      type: VAR_STRING,
      flags: 0,
      decimals: 0,
    }));
    const rows = answer.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? null : String(value)])),
    );
    connection.writeTextResult(rows, columns);
  }
}
