import {
  ByteWriter,
  Capability,
  Command,
  FastAuth,
  REQUEST_PUBLIC_KEY,
  cachingSha2Response,
  decodeAuthSwitch,
  encodeChangeUser,
  encodePacket,
  encryptPassword,
  nativeResponse,
} from '@myswitch/protocol';
import { ACCOUNTS } from '@myswitch/testkit';
import { RawClient } from '../support/raw-client';
import type { ExecuteOptions } from './case';
import { type Parameter, executeBody } from './parameters';
import { PROFILES, type ProfileName } from './profiles';

export interface ChangeUserOptions {
  readonly user?: string;
  readonly password?: string;
  readonly database?: string | null;
  readonly collation?: number;
}

interface Statement {
  readonly id: number;
  readonly ordinal: number;
}

const ANSWERS_WITHIN_MS = 30_000;
const CLOSED = Buffer.from('<the connection was closed>');
const SILENT = Buffer.from('<no answer>');

/** A client that writes down every payload it is answered with, statement ids made comparable. */
export class Speaker {
  readonly #client: RawClient;
  readonly #statements = new Map<string, Statement>();
  readonly #ordinals = new Map<number, number>();
  #said: Buffer[] = [];

  private constructor(client: RawClient) {
    this.#client = client;
    client.onPacket = (payload) => this.#said.push(payload);
  }

  static async connect(port: number, profile: ProfileName, database: string | null): Promise<Speaker> {
    return new Speaker(await RawClient.connect({ port, database, ...PROFILES[profile] }));
  }

  /** What came of a step. */
  async record(step: (speaker: Speaker) => Promise<void>): Promise<readonly Buffer[]> {
    this.#said = [];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), ANSWERS_WITHIN_MS);
    });
    const outcome = await Promise.race([
      step(this).then(
        () => null,
        (error: Error) => error,
      ),
      late,
    ]);
    clearTimeout(timer);
    if (outcome === 'late') {
      this.#said.push(SILENT);
      this.#client.close();
    } else if (outcome !== null) {
      this.#said.push(/was closed/.test(outcome.message) ? CLOSED : Buffer.from(`<${outcome.message}>`));
    }
    return this.#said;
  }

  async query(sql: string | Buffer): Promise<void> {
    this.#client.send(Command.QUERY, sql);
    await this.#client.reply({ cursor: false });
  }

  async prepare(name: string, sql: string): Promise<void> {
    this.#statements.delete(name);
    const prepared = await this.#client.prepare(sql).catch((error: Error & { errno?: number }) => {
      if (error.errno === undefined) throw error;
      return null;
    });
    if (prepared === null) return;
    const ordinal = this.#ordinals.get(prepared.id) ?? this.#ordinals.size + 1;
    this.#ordinals.set(prepared.id, ordinal);
    this.#statements.set(name, { id: prepared.id, ordinal });
    this.#said[0]!.writeUInt32LE(ordinal, 1);
  }

  async execute(name: string, parameters: readonly Parameter[], options: ExecuteOptions): Promise<void> {
    this.#client.send(Command.STMT_EXECUTE, executeBody(this.#id(name), parameters, options));
    await this.#client.reply({ cursor: options.flags !== undefined });
    this.#hideIds(name);
  }

  async longData(name: string, parameter: number, data: Buffer): Promise<void> {
    const head = new ByteWriter(6).u32(this.#id(name)).u16(parameter).finish();
    this.#client.send(Command.STMT_SEND_LONG_DATA, Buffer.concat([head, data]));
  }

  async resetStatement(name: string): Promise<void> {
    await this.single(Command.STMT_RESET, new ByteWriter(4).u32(this.#id(name)).finish());
    this.#hideIds(name);
  }

  async closeStatement(name: string): Promise<void> {
    this.#client.send(Command.STMT_CLOSE, new ByteWriter(4).u32(this.#id(name)).finish());
  }

  async fetch(name: string, rows: number): Promise<void> {
    this.#client.send(Command.STMT_FETCH, new ByteWriter(8).u32(this.#id(name)).u32(rows).finish());
    await this.#client.fetched();
    this.#hideIds(name);
  }

  async initDb(schema: string): Promise<void> {
    await this.single(Command.INIT_DB, schema);
  }

  async fieldList(table: string, wildcard: string): Promise<void> {
    this.#client.send(Command.FIELD_LIST, `${table}\0${wildcard}`);
    await this.#client.fetched();
  }

  async ping(): Promise<void> {
    await this.single(Command.PING);
  }

  async statistics(): Promise<void> {
    await this.single(Command.STATISTICS);
  }

  async setOption(option: number): Promise<void> {
    await this.single(Command.SET_OPTION, new ByteWriter(2).u16(option).finish());
  }

  async resetConnection(): Promise<void> {
    await this.single(Command.RESET_CONNECTION);
  }

  /** Only the verdict is written down: how an account is authenticated is between it and whom it speaks to. */
  async changeUser(options: ChangeUserOptions): Promise<void> {
    const { user = ACCOUNTS.app.user, database = null, collation = 45 } = options;
    const password = Buffer.from(options.password ?? ACCOUNTS.app.password);
    const message = encodeChangeUser(
      // no server's plugin, so that a nonce is sent with the switch to the right one
      { user, authResponse: Buffer.alloc(0), database, characterSet: collation, authPlugin: 'none', attributes: null },
      Capability.PLUGIN_AUTH | Capability.SECURE_CONNECTION,
    );
    this.#client.socket.write(encodePacket(message, 0));
    let nonce: Buffer = Buffer.alloc(0);
    for (let sequence = 1; ;) {
      this.#said = [];
      const payload = await this.#client.packet(sequence);
      if (payload[0] !== 0x01 && payload[0] !== 0xfe) return;
      let answer: Buffer | null = null;
      if (payload[0] === 0xfe) {
        const { plugin, data } = decodeAuthSwitch(payload);
        nonce = data.subarray(0, 20);
        const native = plugin === 'mysql_native_password';
        answer = native ? nativeResponse({ kind: 'clear', password }, nonce) : cachingSha2Response(password, nonce);
      } else if (payload.length > 2) {
        answer = encryptPassword(password, nonce, payload.subarray(1));
      } else if (payload[1] === FastAuth.FULL) {
        answer = Buffer.of(REQUEST_PUBLIC_KEY);
      }
      if (answer !== null) this.#client.socket.write(encodePacket(answer, ++sequence));
      sequence++;
    }
  }

  async single(command: number, argument: Buffer | string = ''): Promise<void> {
    this.#client.send(command, argument);
    await this.#client.single();
  }

  close(): void {
    this.#client.close();
  }

  #id(name: string): number {
    return this.#statements.get(name)?.id ?? 0xfff0;
  }

  /** "Unknown prepared statement handler (7) given to …" names the id. */
  #hideIds(name: string): void {
    const statement = this.#statements.get(name);
    const last = this.#said.at(-1);
    if (statement === undefined || last?.[0] !== 0xff) return;
    const message = last.toString('latin1').replace(`(${statement.id})`, `(${statement.ordinal})`);
    this.#said[this.#said.length - 1] = Buffer.from(message, 'latin1');
  }
}
