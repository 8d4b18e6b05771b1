import {
  ByteReader,
  Capability,
  Command,
  decodeColumnDefinition,
  decodeErr,
  encodePacket,
  encodeStatementClose,
  MariaDbCapability,
  ProtocolError,
  ReplyGrammar,
} from '@myswitch/protocol';
import type { ColumnDefinition, ReplyTracker } from '@myswitch/protocol';
import { ProxyError } from '../errors';
import type { Backend } from './backend';
import type { ReplyReceiver } from './reply';

/** Our own questions have short answers; more means that something is wrong. */
const MAX_ANSWER_BYTES = 4 << 20;
/** max_allowed_packet's own limit: no row is longer. Who sends more sends without an end. */
const MAX_ROW_BYTES = 1 << 30;
const HEADER = 4;
const NOTHING = Buffer.alloc(0);
/** Before the text of a COM_QUERY, with CLIENT_QUERY_ATTRIBUTES: none, in one set. */
export const NO_ATTRIBUTES = Buffer.of(0, 1);

export interface Answer {
  readonly columns: readonly ColumnDefinition[];
  readonly rows: readonly (readonly (Buffer | null)[])[];
  /** Status bits of its last OK. */
  readonly status: number;
}

/** Gathers one whole reply. */
class AwaitedReply implements ReplyReceiver {
  readonly eofs = false;
  readonly answer: Promise<Answer>;
  /** Of a PREPARE_OK. */
  statementId = 0;
  #resolve!: (answer: Answer) => void;
  #reject!: (error: Error) => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  #error: ProxyError | null = null;
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    void seen(this.answer);
  }

  pass(bytes: Buffer): void {
    if (bytes.length === 0) return; // in place of an OK
    this.#count(bytes.length);
    if (this.#bytes > MAX_ANSWER_BYTES) this.#error ??= new ProxyError('BACKEND_PROTOCOL', 'an answer is too long');
    else this.#parts.push(Buffer.from(bytes));
  }

  definitionsEnd(): void {}

  ok(tracker: ReplyTracker): Buffer {
    this.#count(tracker.payloadLength);
    return NOTHING; // only definitions and rows are gathered
  }

  err(tracker: ReplyTracker): null {
    const { code, sqlState, message } = decodeErr(tracker.payload);
    this.#error ??= new ProxyError('SERVER', message, { errno: code, sqlState });
    return null;
  }

  localFile(): void {
    throw new ProtocolError('UNSUPPORTED', 'the server asks for a file');
  }

  prepared(payload: Buffer): void {
    this.statementId = payload.readUInt32LE(1);
  }

  flush(): void {}

  complete(tracker: ReplyTracker): void {
    if (this.#error) return this.#reject(this.#error);
    if (tracker.resultSets === 0) return this.#resolve({ columns: [], rows: [], status: tracker.status });
    try {
      const { columns, rows } = readResultSet(Buffer.concat(this.#parts), this.#backend);
      this.#resolve({ columns, rows, status: tracker.status });
    } catch (error) {
      this.#reject(error as Error);
    }
  }

  lost(reason: string): void {
    this.#reject(new ProxyError('BACKEND_LOST', reason));
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MAX_ANSWER_BYTES + MAX_ROW_BYTES)
      throw new ProtocolError('TOO_LARGE', 'an answer without an end');
  }
}

function readResultSet(bytes: Buffer, backend: Backend): { columns: ColumnDefinition[]; rows: (Buffer | null)[][] } {
  const payloads: Buffer[] = [];
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = bytes.readUIntLE(at, 3);
    payloads.push(bytes.subarray(at + HEADER, at + HEADER + length));
    at += HEADER + length;
  }
  if (payloads.length === 0) return { columns: [], rows: [] };
  const count = new ByteReader(payloads[0]!).lenenc();
  // the session that has the backend may have had them left out
  const named = !backend.has(Capability.OPTIONAL_RESULTSET_METADATA) || payloads[0]!.at(-1) !== 0;
  const extended = (backend.negotiated.mariadbCapabilities & MariaDbCapability.EXTENDED_METADATA) !== 0;
  const definitions = named ? count : 0;
  const columns = payloads.slice(1, 1 + definitions).map((payload) => decodeColumnDefinition(payload, extended));
  const rows = payloads.slice(1 + definitions).map((payload) => {
    const reader = new ByteReader(payload);
    return Array.from({ length: count }, () => {
      if (payload[reader.offset] !== 0xfb) return reader.lenencBuffer();
      reader.skip(1);
      return null;
    });
  });
  return { columns, rows };
}

/** For values that we read ourselves: all others come in character_set_results, even numbers, and that may be utf16. */
export function asBytes(expression: string): string {
  return `CAST(${expression} AS BINARY)`;
}

/** Asks the server something of our own. Rejects with ProxyError SERVER (its ERR packet) or BACKEND_LOST. */
export function query(backend: Backend, sql: string): Promise<Answer> {
  return askText(backend, Buffer.from(sql, 'utf8'));
}

/** A text of the client's, or with parts of it: bytes as latin1. */
export function queryText(backend: Backend, sql: string): Promise<Answer> {
  return askText(backend, Buffer.from(sql, 'latin1'));
}

function askText(backend: Backend, text: Buffer): Promise<Answer> {
  const argument = backend.has(Capability.QUERY_ATTRIBUTES) ? Buffer.concat([NO_ATTRIBUTES, text]) : text;
  return ask(backend, Command.QUERY, argument, ReplyGrammar.QUERY);
}

/**
 * `schema`: its name in UTF-8, the bytes as latin1. `charset`: the session's character_set_client as SQL text, in which a
 * server takes the name to be.
 */
export function useSchema(backend: Backend, schema: string, charset: string): Promise<unknown> {
  if (isAscii(schema) || UTF8.has(charset)) return initDb(backend, schema);
  const readAs = (value: string): Promise<Answer> => query(backend, `SET character_set_client=${value}`);
  return seen(Promise.all([readAs('utf8mb4'), initDb(backend, schema), readAs(charset)]));
}

/** `name`: the client's bytes as latin1, in its own character set. Resolves with the name in UTF-8, the bytes as latin1. */
export async function enterSchema(backend: Backend, name: string): Promise<string> {
  const entered = initDb(backend, name);
  const asked = isAscii(name) ? null : query(backend, `SELECT ${asBytes('DATABASE()')}`);
  await entered;
  return (await asked)?.rows[0]?.[0]?.toString('latin1') ?? name;
}

function initDb(backend: Backend, bytes: string): Promise<Answer> {
  return ask(backend, Command.INIT_DB, Buffer.from(bytes, 'latin1'), ReplyGrammar.SINGLE);
}

function isAscii(name: string): boolean {
  return /^[ -~]*$/.test(name);
}

const UTF8: ReadonlySet<string> = new Set(["'utf8mb4'", "'utf8mb3'", "'utf8'"]);

export function resetConnection(backend: Backend): Promise<Answer> {
  return ask(backend, Command.RESET_CONNECTION, NOTHING, ReplyGrammar.SINGLE);
}

/** Resolves with the status bits: after an ERR they are not known otherwise. */
export function ping(backend: Backend): Promise<number> {
  return seen(ask(backend, Command.PING, NOTHING, ReplyGrammar.SINGLE).then(({ status }) => status));
}

function ask(backend: Backend, command: number, argument: Buffer, grammar: ReplyGrammar): Promise<Answer> {
  const reply = new AwaitedReply(backend);
  backend.expect(grammar, reply);
  backend.send(command, argument);
  return reply.answer;
}

/** COM_STMT_PREPARE. Resolves with the server's statement id. */
export function prepareStatement(backend: Backend, sql: Buffer): Promise<number> {
  const reply = new AwaitedReply(backend);
  backend.expect(ReplyGrammar.PREPARE, reply);
  backend.send(Command.STMT_PREPARE, sql);
  return seen(reply.answer.then(() => reply.statementId));
}

/**
 * Each promise that is handed out goes through here: a caller that writes several commands at once may look at a later answer
 * only after an earlier one failed, and by then a rejection that nobody had looked at would have ended the process.
 */
function seen<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}

/** Closes on the server what the backend's cache dropped. */
export function closeDropped(backend: Backend): void {
  for (const id of backend.statements.takeDropped()) closeStatement(backend, id);
}

/** COM_STMT_CLOSE has no reply. */
export function closeStatement(backend: Backend, id: number): void {
  backend.write(encodePacket(encodeStatementClose(id), 0));
}
