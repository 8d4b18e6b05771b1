import net from 'node:net';
import {
  BackendLogin,
  Capability,
  Command,
  PacketFramer,
  ServerStatus,
  clearCredential,
  decodeErr,
  decodeHandshake,
  decodePrepareOk,
  encodePacket,
} from '@myswitch/protocol';
import type { HandshakeV10 } from '@myswitch/protocol';
import { ACCOUNTS } from '@myswitch/testkit';

const CAPABILITIES =
  (Capability.LONG_PASSWORD |
    Capability.PROTOCOL_41 |
    Capability.TRANSACTIONS |
    Capability.SECURE_CONNECTION |
    Capability.MULTI_RESULTS |
    Capability.PS_MULTI_RESULTS |
    Capability.PLUGIN_AUTH |
    Capability.DEPRECATE_EOF) >>>
  0;

export interface RawOptions {
  readonly host?: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string | null;
  /** Besides the usual ones. */
  readonly add?: number;
  readonly without?: number;
  readonly characterSet?: number;
  /** MariaDbCapability bits. */
  readonly mariadb?: number;
}

/** Payloads that answer a command. */
export interface Reply {
  readonly payloads: readonly Buffer[];
  /** Of the last packet that ends a part of it: status bits; 0 after an ERR. */
  readonly status: number;
  readonly error: { readonly code: number; readonly sqlState: string; readonly message: string } | null;
  /** Payloads between the definitions and the end, of all result sets. */
  readonly rows: readonly Buffer[];
}

/** A client that says just what the test wants, byte by byte, and reads replies packet by packet with a parser of its own. */
export class RawClient {
  static readonly #open = new Set<RawClient>();
  readonly socket: net.Socket;
  readonly eofs: boolean;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  /** Gets each payload as it is read; null: nobody does. */
  onPacket: ((payload: Buffer) => void) | null = null;
  readonly #framer = new PacketFramer({ maxPayload: 128 << 20 });
  #wake: (() => void) | null = null;
  #closed = false;
  #next = 0;

  private constructor(socket: net.Socket, eofs: boolean) {
    this.socket = socket;
    RawClient.#open.add(this);
    this.eofs = eofs;
    socket.on('data', (chunk: Buffer) => {
      this.#framer.push(chunk);
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        this.#closed = true;
        this.#wake?.();
        resolve();
      });
    });
  }

  /** Connected, and nothing said yet. */
  static async open({ host = '127.0.0.1', port, without = 0 }: RawOptions): Promise<RawClient> {
    const socket = net.connect({ host, port, noDelay: true });
    const client = new RawClient(socket, (without & Capability.DEPRECATE_EOF) !== 0);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return client;
  }

  /** The server's first message. */
  async greeting(): Promise<HandshakeV10> {
    return decodeHandshake(await this.packet(0));
  }

  /** Logged in. Throws an error with the server's `errno`. */
  static async connect(options: RawOptions): Promise<RawClient> {
    const client = await RawClient.open(options);
    await client.login(options);
    return client;
  }

  async login(options: RawOptions): Promise<void> {
    const login = new BackendLogin({
      user: options.user ?? ACCOUNTS.app.user,
      credential: clearCredential(options.password ?? ACCOUNTS.app.password),
      database: options.database ?? null,
      capabilities: ((CAPABILITIES | (options.add ?? 0)) & ~(options.without ?? 0)) >>> 0,
      mariadbCapabilities: options.mariadb ?? 0,
      characterSet: options.characterSet ?? 45,
      attributes: null,
      tls: 'off',
    });
    for (let sequence = 0; ;) {
      const payload = await this.packet(sequence);
      const step = login.receive(payload, sequence);
      if (step.kind === 'done') return;
      if (step.kind === 'failed') throw Object.assign(new Error(step.error.message), { errno: step.error.code });
      if (step.kind === 'send') {
        this.socket.write(encodePacket(step.payload, step.sequence));
        sequence = step.sequence + 1;
      } else {
        sequence++;
      }
    }
  }

  /** A packet as it is, with its sequence id. */
  sendPacket(payload: Buffer, sequence: number): void {
    this.socket.write(encodePacket(payload, sequence));
  }

  /** The next message; it has to have that sequence id. Throws when the connection ends before. */
  async packet(sequence: number): Promise<Buffer> {
    this.#framer.expect(sequence);
    for (;;) {
      const packet = this.#framer.next();
      if (packet !== null) {
        this.#next = (packet.sequence + 1) & 0xff;
        const payload = Buffer.from(packet.payload);
        this.onPacket?.(payload);
        return payload;
      }
      if (this.#closed) throw new Error('the connection was closed');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  send(command: number, argument: Buffer | string = ''): void {
    const bytes = typeof argument === 'string' ? Buffer.from(argument) : argument;
    this.socket.write(encodePacket(Buffer.concat([Buffer.of(command), bytes]), 0));
  }

  query(sql: string): Promise<Reply> {
    this.send(Command.QUERY, sql);
    return this.reply();
  }

  /** A query of one column, its rows as texts; throws the server's error. */
  async values(sql: string): Promise<(string | null)[]> {
    const { rows, error } = await this.query(sql);
    if (error !== null) throw Object.assign(new Error(error.message), { errno: error.code });
    return rows.map((row) => (row[0] === 0xfb ? null : row.toString('utf8', 1)));
  }

  /**
   * Reply to COM_QUERY and COM_STMT_EXECUTE; `from`: sequence id of its first packet. `cursor`: whether one may have been
   * asked for; results of a procedure that uses cursors have their status bits too.
   */
  async reply({ from = 1, cursor = true }: { from?: number; cursor?: boolean } = {}): Promise<Reply> {
    const payloads: Buffer[] = [];
    const rows: Buffer[] = [];
    let sequence = from & 0xff;
    const read = async (): Promise<Buffer> => {
      const payload = await this.packet(sequence);
      sequence = this.#next;
      payloads.push(payload);
      return payload;
    };
    for (;;) {
      const first = await read();
      if (first[0] === 0xff) return { payloads, rows, status: 0, error: decodeErr(first) };
      let status: number;
      if (first[0] === 0) {
        status = statusOfOk(first);
      } else {
        const columns = first[0] === 0xfc ? first.readUInt16LE(1) : first[0]!;
        for (let i = 0; i < columns; i++) await read();
        let eof = this.eofs ? await read() : null;
        // an open cursor: nothing comes after the definitions
        if (!cursor || eof === null || (eof.readUInt16LE(3) & ServerStatus.CURSOR_EXISTS) === 0) {
          for (;;) {
            eof = await read();
            if (eof[0] === 0xff) return { payloads, rows, status: 0, error: decodeErr(eof) };
            if (eof[0] === 0xfe && eof.length < 0xffffff) break;
            rows.push(eof);
          }
        }
        status = this.eofs ? eof.readUInt16LE(3) : statusOfOk(eof);
      }
      if ((status & ServerStatus.MORE_RESULTS_EXISTS) === 0) return { payloads, rows, status, error: null };
    }
  }

  /** Reply of one packet. */
  async single(): Promise<Reply> {
    const payload = await this.packet(1);
    const error = payload[0] === 0xff ? decodeErr(payload) : null;
    const status = error === null && payload[0] === 0 ? statusOfOk(payload) : 0;
    return { payloads: [payload], rows: [], status, error };
  }

  /** Rows of a cursor, up to the packet that ends them. */
  async fetched(): Promise<Reply> {
    const payloads: Buffer[] = [];
    for (let sequence = 1; ; sequence++) {
      const payload = await this.packet(sequence & 0xff);
      payloads.push(payload);
      if (payload[0] === 0xff) return { payloads, rows: [], status: 0, error: decodeErr(payload) };
      if (payload[0] !== 0xfe) continue;
      const status = this.eofs ? payload.readUInt16LE(3) : statusOfOk(payload);
      return { payloads, rows: payloads.slice(0, -1), status, error: null };
    }
  }

  /** COM_STMT_PREPARE; throws the server's error. */
  async prepare(sql: string): Promise<{ id: number; params: number; columns: number }> {
    this.send(Command.STMT_PREPARE, sql);
    const first = await this.packet(1);
    if (first[0] === 0xff) throw Object.assign(new Error(decodeErr(first).message), { errno: decodeErr(first).code });
    const { statementId, paramCount, columnCount } = decodePrepareOk(first);
    const blocks = [paramCount, columnCount].filter((count) => count > 0);
    const packets = blocks.reduce((sum, count) => sum + count + (this.eofs ? 1 : 0), 0);
    for (let i = 0; i < packets; i++) await this.packet((2 + i) & 0xff);
    return { id: statementId, params: paramCount, columns: columnCount };
  }

  /** COM_STMT_EXECUTE. `types`: null for new-params-bound 0. `values`: as they go on the wire. */
  async execute(
    id: number,
    types: readonly number[] | null,
    values: Buffer,
    params: number,
    flags = 0,
  ): Promise<Reply> {
    this.send(Command.STMT_EXECUTE, executeBody(id, types, values, params, flags));
    return this.reply();
  }

  /** Reads packets up to an ERR, whatever their sequence ids; null when the connection ends without one. */
  async rest(): Promise<{ code: number } | null> {
    for (let sequence = this.#next; ; sequence = this.#next) {
      const payload = await this.packet(sequence).catch(() => null);
      if (payload === null) return null;
      if (payload[0] === 0xff) return decodeErr(payload);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  static closeAll(): void {
    for (const client of RawClient.#open) client.close();
    RawClient.#open.clear();
  }
}

function executeBody(id: number, types: readonly number[] | null, values: Buffer, params: number, flags = 0): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt32LE(id, 0);
  head[4] = flags;
  head.writeUInt32LE(1, 5);
  if (params === 0) return head;
  const bound = types === null ? Buffer.of(0) : Buffer.of(1, ...types.flatMap((type) => [type & 0xff, type >> 8]));
  return Buffer.concat([head, Buffer.alloc((params + 7) >> 3), bound, values]);
}

function statusOfOk(payload: Buffer): number {
  let at = 1;
  for (let i = 0; i < 2; i++) {
    const first = payload[at]!;
    at += first < 0xfb ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 9;
  }
  return payload.readUInt16LE(at);
}
