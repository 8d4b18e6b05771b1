// node fakes.js, with a message that is a Crowd: servers that answer what a monitor asks, as healthy ones do. A process of their own, so that
// what they cost is not counted.
import { randomBytes } from 'node:crypto';
import { type Socket, createServer } from 'node:net';
import {
  Capability,
  Command,
  PacketFramer,
  ServerStatus,
  encodeErr,
  encodeHandshake,
  encodeOk,
  encodePacket,
  encodeTextResultset,
  textColumn,
} from '@myswitch/protocol';
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

/** No TLS, no compression. */
const CAPABILITIES =
  Capability.LONG_PASSWORD |
  Capability.CONNECT_WITH_DB |
  Capability.PROTOCOL_41 |
  Capability.TRANSACTIONS |
  Capability.SECURE_CONNECTION |
  Capability.MULTI_STATEMENTS |
  Capability.MULTI_RESULTS |
  Capability.PS_MULTI_RESULTS |
  Capability.PLUGIN_AUTH |
  Capability.CONNECT_ATTRS |
  Capability.PLUGIN_AUTH_LENENC |
  Capability.SESSION_TRACK |
  Capability.DEPRECATE_EOF;
const UTF8MB4 = 45;
const NOT_SUPPORTED = { code: 1235, sqlState: '42000', message: 'a fake does not know that' };
const MAX_PAYLOAD = 1 << 20;

const PRIMARY = 1;

interface Client {
  readonly capabilities: number;
  readonly connectionId: number;
}

class Fake {
  readonly #crowd: Crowd;
  readonly #pool: number;
  readonly #node: number;
  /** Of the pool: what was written on one is on all. */
  readonly #beats: Map<string, Row>;
  /** Answers that stay the same. */
  readonly #encoded = new Map<string, Buffer>();
  #connections = 0;

  constructor(crowd: Crowd, pool: number, node: number, beats: Map<string, Row>) {
    this.#crowd = crowd;
    this.#pool = pool;
    this.#node = node;
    this.#beats = beats;
  }

  listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#meet(socket));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#crowd.port, hostOf(this.#pool, this.#node), resolve);
    });
  }

  /** Whoever logs in is let in. */
  #meet(socket: Socket): void {
    this.#connections += 1;
    const connectionId = this.#connections;
    const greeting = encodeHandshake({
      serverVersion: this.#crowd.version,
      connectionId,
      nonce: randomBytes(20).map((byte) => 1 + (byte % 127)) as Buffer,
      capabilities: CAPABILITIES,
      characterSet: UTF8MB4,
      status: ServerStatus.AUTOCOMMIT,
      authPlugin: 'mysql_native_password',
      mariadbCapabilities: 0,
    });
    const framer = new PacketFramer({ maxPayload: MAX_PAYLOAD });
    framer.expect(1);
    /** As negotiated; null before the login. */
    let capabilities: number | null = null;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      framer.push(chunk);
      for (let packet = framer.next(); packet !== null; packet = framer.next()) {
        if (capabilities === null) {
          capabilities = packet.payload.readUInt32LE(0) & CAPABILITIES;
          socket.write(encodePacket(ok(capabilities), 2));
        } else {
          this.#obey(socket, packet.payload, { capabilities, connectionId });
        }
      }
    });
    socket.write(encodePacket(greeting, 0));
  }

  #obey(socket: Socket, command: Buffer, client: Client): void {
    const code = command[0];
    if (code === Command.QUIT) socket.end();
    else if (code === Command.QUERY) socket.write(this.#answer(command.toString('utf8', 1), client));
    else socket.write(encodePacket(ok(client.capabilities), 1));
  }

  #answer(sql: string, { capabilities, connectionId }: Client): Buffer {
    const beat = /INSERT INTO .* VALUES \('([^']*)', '([^']*)', (\d+)\)/.exec(sql);
    if (beat !== null) {
      const [, pool = '', told = '', epoch = ''] = beat;
      this.#beats.set(pool, { beat: told, epoch });
    }
    if (beat !== null || sql.startsWith('SET ')) return encodePacket(ok(capabilities), 1);
    const key = `${capabilities} ${sql}`;
    const encoded = this.#encoded.get(key);
    if (encoded !== undefined) return encoded;
    const rows = this.#rows(sql, connectionId);
    if (rows === null) {
      process.send?.({ unknown: sql });
      return encodePacket(encodeErr(NOT_SUPPORTED), 1);
    }
    const names = Object.keys(rows[0] ?? NOTHING);
    const values = rows.map((row) => names.map((name) => row[name] ?? null));
    const answer = encodeTextResultset(names.map(textColumn), values, {
      capabilities,
      status: ServerStatus.AUTOCOMMIT,
      startSequence: 1,
    });
    if (!/heartbeat|_LOCK\(/.test(sql)) this.#encoded.set(key, answer);
    return answer;
  }

  /** Null: it has no answer. */
  #rows(sql: string, connectionId: number): readonly Row[] | null {
    if (/^SHOW (REPLICA|ALL SLAVES) STATUS/.test(sql)) return this.#node === PRIMARY ? [] : [this.#channel()];
    if (sql === 'SHOW PROCESSLIST') return [];
    if (sql.startsWith('SHOW GLOBAL STATUS LIKE')) return [{ Variable_name: 'Uptime', Value: '100000' }];
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

const ok = (capabilities: number): Buffer =>
  encodeOk(
    {
      header: 0,
      affectedRows: 0,
      lastInsertId: 0n,
      status: ServerStatus.AUTOCOMMIT,
      warnings: 0,
      info: '',
      trackers: null,
    },
    capabilities,
  );

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
