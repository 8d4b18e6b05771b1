// node fakes.js, with a message that is a Crowd: servers that answer what a monitor asks, as healthy ones do. A process of their own, so that
// what they cost is not counted.
import { createServer } from 'mysql2';
import type { Connection } from 'mysql2';
import type { Kind } from '@myswitch/testkit';

/** The first one of each pool is its primary, the others follow it. */
export interface Crowd {
  readonly kind: Kind;
  readonly version: string;
  readonly pools: number;
  readonly nodes: number;
  readonly port: number;
  /** What a real replica says of its channel. */
  readonly channel: Row;
  /** What a real server answers to these statements. */
  readonly learned: Readonly<Record<string, readonly Row[]>>;
}

export type Row = Readonly<Record<string, string | null>>;

/** Of one pool: `pool` and `node` count from 1. */
export const hostOf = (pool: number, node: number): string => `127.1.${pool}.${node}`;

/** The server's side of a connection, of which mysql2 declares a part. */
interface ServerSide {
  serverHandshake(greeting: object): void;
  writeColumns(columns: readonly object[]): void;
  writeTextRow(values: readonly (string | null)[]): void;
  writeEof(): void;
  writeOk(): void;
  writeError(error: { readonly code: number; readonly message: string }): void;
  /** The next packet begins a command. */
  _resetSequenceId(): void;
}

/** Without TLS, compression, CLIENT_DEPRECATE_EOF and CLIENT_SESSION_TRACK: a healthy server all the same. */
const CAPABILITIES = 0x7ff7df;
const VAR_STRING = 253;
const UTF8MB4 = 45;

const PRIMARY = 1;

class Fake {
  readonly #crowd: Crowd;
  readonly #pool: number;
  readonly #node: number;
  /** Of the pool: what was written on one is on all. */
  readonly #beats: Map<string, Row>;
  #connections = 0;

  constructor(crowd: Crowd, pool: number, node: number, beats: Map<string, Row>) {
    this.#crowd = crowd;
    this.#pool = pool;
    this.#node = node;
    this.#beats = beats;
  }

  listen(): Promise<void> {
    const server = createServer((connection) => this.#meet(connection as unknown as Connection & ServerSide));
    return new Promise((resolve, reject) => {
      server.on('error', reject);
      // mysql2 declares the port alone
      const listen: (port: number, host: string, done: () => void) => unknown = server.listen.bind(server);
      listen(this.#crowd.port, hostOf(this.#pool, this.#node), resolve);
    });
  }

  #meet(connection: Connection & ServerSide): void {
    this.#connections += 1;
    const connectionId = this.#connections;
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: this.#crowd.version,
      connectionId,
      statusFlags: 2,
      characterSet: UTF8MB4,
      capabilityFlags: CAPABILITIES,
      authCallback: (_login: unknown, done: () => void) => {
        done();
        connection._resetSequenceId();
      },
    });
    // mysql2 takes a SET for something prepared
    for (const event of ['query', 'stmt_prepare']) {
      connection.on(event, (sql: string) => {
        this.#answer(connection, sql, connectionId);
        connection._resetSequenceId();
      });
    }
    connection.on('ping', () => {
      connection.writeOk();
      connection._resetSequenceId();
    });
    connection.on('error', () => undefined);
  }

  #answer(connection: ServerSide, sql: string, connectionId: number): void {
    const beat = /INSERT INTO .* VALUES \('([^']*)', '([^']*)', (\d+)\)/.exec(sql);
    if (beat !== null) {
      const [, pool = '', told = '', epoch = ''] = beat;
      this.#beats.set(pool, { beat: told, epoch });
    }
    if (beat !== null || /^SET /.test(sql)) {
      connection.writeOk();
      return;
    }
    const rows = this.#rows(sql, connectionId);
    if (rows === null) {
      process.send?.({ unknown: sql });
      connection.writeError({ code: 1235, message: 'a fake does not know that' });
      return;
    }
    const names = Object.keys(rows[0] ?? NOTHING);
    connection.writeColumns(names.map(columnOf));
    for (const row of rows) connection.writeTextRow(names.map((name) => row[name] ?? null));
    connection.writeEof();
  }

  /** Null: it has no answer. */
  #rows(sql: string, connectionId: number): readonly Row[] | null {
    if (/^SHOW (REPLICA|ALL SLAVES) STATUS/.test(sql)) return this.#node === PRIMARY ? [] : [this.#channel()];
    if (/^SHOW GLOBAL STATUS LIKE 'Uptime'/.test(sql)) return [{ Variable_name: 'Uptime', Value: '100000' }];
    if (/ FROM mysql\.(user|global_priv) .*LIMIT/.test(sql)) return [];
    const pool = / FROM `\w+`\.heartbeat WHERE pool = '([^']*)'/.exec(sql)?.[1];
    if (pool !== undefined) {
      const beat = this.#beats.get(pool);
      return beat === undefined ? [] : [beat];
    }
    const learned = this.#crowd.learned[sql];
    if (learned !== undefined) return learned;
    const facts = this.#facts(connectionId);
    const names = [...sql.matchAll(/ AS (\w+)(?=,|$| FROM)/g)].map(([, name]) => name ?? '');
    if (names.length === 0 || names.some((name) => !(name in facts))) return null;
    return [Object.fromEntries(names.map((name) => [name, facts[name] ?? null]))];
  }

  /** Of the columns that are asked for by name. */
  #facts(connectionId: number): Row {
    const isPrimary = this.#node === PRIMARY;
    return {
      version: this.#crowd.version,
      serverId: this.#serverId(this.#node),
      uuid: this.#uuid(this.#node),
      uid: this.#uuid(this.#node),
      hostname: hostOf(this.#pool, this.#node),
      port: String(this.#crowd.port),
      datadir: '/data/',
      readOnly: isPrimary ? '0' : '1',
      superReadOnly: isPrimary ? '0' : '1',
      events: 'OFF',
      gtid: this.#crowd.kind === 'mysql' ? `${this.#uuid(PRIMARY)}:1-1000` : `0-${this.#serverId(PRIMARY)}-1000`,
      got: '1',
      holder: String(connectionId),
      mine: '1',
      mark: '1',
    };
  }

  #channel(): Row {
    const { channel, port } = this.#crowd;
    const source = { Host: hostOf(this.#pool, PRIMARY), Port: String(port) };
    return this.#crowd.kind === 'mysql'
      ? { ...channel, Source_Host: source.Host, Source_Port: source.Port, Source_UUID: this.#uuid(PRIMARY) }
      : { ...channel, Master_Host: source.Host, Master_Port: source.Port, Master_Server_Id: this.#serverId(PRIMARY) };
  }

  #serverId(node: number): string {
    return String(100 * this.#pool + node);
  }

  #uuid(node: number): string {
    return `00000000-0000-0000-0000-${this.#serverId(node).padStart(12, '0')}`;
  }
}

/** Columns of an answer without rows. */
const NOTHING: Row = { nothing: null };

const columnOf = (name: string): object => ({
  catalog: 'def',
  schema: '',
  table: '',
  orgTable: '',
  name,
  orgName: name,
  characterSet: UTF8MB4,
  columnLength: 1024,
  columnType: VAR_STRING,
  flags: 0,
  decimals: 0,
});

async function serve(crowd: Crowd): Promise<void> {
  for (let pool = 1; pool <= crowd.pools; pool += 1) {
    const beats = new Map<string, Row>();
    for (let node = 1; node <= crowd.nodes; node += 1) await new Fake(crowd, pool, node, beats).listen();
  }
  process.send?.({ ready: true });
}

if (process.send !== undefined) {
  process.once('message', (crowd) => void serve(crowd as Crowd));
  process.once('disconnect', () => process.exit());
}
