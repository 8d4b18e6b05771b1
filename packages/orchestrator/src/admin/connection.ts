import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  Capability,
  ClientLogin,
  foundByPassword,
  Command,
  encodeErr,
  encodePacket,
  encodeOk,
  loginNonce,
  PacketFramer,
  ProtocolError,
  ServerStatus,
  type AcceptedLogin,
  type Packet,
} from '@myswitch/protocol';
import type { Clock } from '../clock';
import { messageOf } from '../errors';
import type { Log } from '../log';
import type { AdminContext, AdminSession } from './context';
import { AdminError } from './errors';
import { execute } from './execute';
import type { AdminLimits } from './limits';
import { Reply } from './reply';
import { SERVER_VERSION } from './server-variables';
import { use } from './statements/session';

const State = Object.freeze({
  LOGIN: 'LOGIN',
  READY: 'READY',
  /** A command is being answered; what comes meanwhile waits. */
  RUNNING: 'RUNNING',
  CLOSED: 'CLOSED',
} as const);
type State = (typeof State)[keyof typeof State];

const MOVES: Readonly<Record<State, readonly State[]>> = Object.freeze({
  LOGIN: [State.READY, State.CLOSED],
  READY: [State.RUNNING, State.CLOSED],
  RUNNING: [State.READY, State.CLOSED],
  CLOSED: [],
});

const CAPABILITIES =
  Capability.LONG_PASSWORD |
  Capability.LONG_FLAG |
  Capability.CONNECT_WITH_DB |
  Capability.INTERACTIVE |
  Capability.TRANSACTIONS |
  Capability.CONNECT_ATTRS |
  Capability.PLUGIN_AUTH_LENENC |
  Capability.DEPRECATE_EOF;
/** An IPv4 address as a socket for both families has it. */
const MAPPED = /^::ffff:(?=[\d.]+$)/;
const UTF8MB4_GENERAL_CI = 45;
/** How MySQL words what the framer objects to. */
const STREAM_ERRORS: Readonly<Record<ProtocolError['code'], readonly [number, string]>> = {
  TOO_LARGE: [1153, "Got a packet bigger than 'max_allowed_packet' bytes"],
  OUT_OF_ORDER: [1156, 'Got packets out of order'],
  MALFORMED: [1835, 'Malformed communication packet'],
  UNSUPPORTED: [1043, 'Bad handshake'],
  ILLEGAL_STATE: [1043, 'Bad handshake'],
};

export interface AdminConnectionOptions {
  readonly id: number;
  readonly socket: Socket;
  readonly context: AdminContext;
  readonly credentials: { readonly user: string; readonly password: string };
  readonly limits: AdminLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** A client of the admin port, from greeting to goodbye. */
export class AdminConnection {
  readonly #options: AdminConnectionOptions;
  readonly #socket: Socket;
  readonly #framer: PacketFramer;
  readonly #login: ClientLogin<string>;
  readonly #client: string;
  readonly #host: string;
  readonly #cancelLoginTimer: () => void;
  #state: State = State.LOGIN;
  #session: AdminSession | null = null;
  #capabilities = 0;
  /** Of the command that runs. */
  #abort: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: AdminConnectionOptions) {
    const { id, socket, credentials, limits, clock } = options;
    this.#options = options;
    this.#socket = socket;
    this.#framer = new PacketFramer({ maxPayload: limits.payloadBytes });
    this.#host = socket.remoteAddress?.replace(MAPPED, '') ?? 'localhost';
    this.#client = socket.remoteAddress === undefined ? 'localhost' : `${socket.remoteAddress}:${socket.remotePort}`;
    this.#login = new ClientLogin({
      connectionId: id,
      serverVersion: SERVER_VERSION,
      capabilities: CAPABILITIES,
      // MariaDB's clients come without caching_sha2_password, and MySQL's newest, which lack this one, answer with theirs
      defaultPlugin: 'mysql_native_password',
      nonce: loginNonce(randomBytes(20)),
      longNonce: randomBytes(32),
      characterSet: UTF8MB4_GENERAL_CI,
      status: ServerStatus.AUTOCOMMIT,
      tlsAvailable: false,
      isPrivate: false,
      publicKey: null,
      find: (user) => foundByPassword(user === credentials.user ? user : null, Buffer.from(credentials.password)),
    });
    this.#cancelLoginTimer = clock.timer(limits.loginMs, () =>
      this.#refuse(2, 1159, '08S01', 'Got timeout reading communication packets'),
    );
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('drain', () => this.#pump());
    socket.on('end', () => this.#onGone());
    socket.on('close', () => this.#onGone());
    socket.on('error', () => this.#onGone());
    socket.write(encodePacket(this.#login.greeting(), 0));
    this.#framer.expect(1);
  }

  /** Aborts what runs. A switch rolls back as long as nothing was promoted, and its client still gets the result. */
  killQuery(reason: string): void {
    this.#abort?.abort(new Error(reason));
  }

  /** Aborts what runs, waits for its reply and closes the connection. */
  async close(reason: string): Promise<void> {
    this.killQuery(reason);
    await this.#running;
    this.#end();
  }

  #onData(chunk: Buffer): void {
    if (this.#state === State.CLOSED) return;
    this.#framer.push(chunk);
    this.#pump();
    // only a client that does not wait for replies can get here
    if (this.#framer.buffered > this.#options.limits.payloadBytes + 4) {
      const [errno, message] = STREAM_ERRORS.TOO_LARGE;
      this.#refuse(1, errno, '08S01', message);
    }
  }

  /** Takes what is complete, one command at a time and none while the client does not read its replies. */
  #pump(): void {
    try {
      while ((this.#state === State.LOGIN || this.#state === State.READY) && !this.#socket.writableNeedDrain) {
        const packet = this.#framer.next();
        if (packet === null) return;
        if (this.#state === State.LOGIN) this.#onLogin(packet);
        else this.#onCommand(packet.payload);
      }
    } catch (error) {
      const known = error instanceof ProtocolError ? error : new ProtocolError('MALFORMED', messageOf(error));
      const [errno, message] = STREAM_ERRORS[known.code];
      this.#refuse(this.#state === State.LOGIN ? 2 : 1, errno, '08S01', message);
    }
  }

  #onLogin({ payload, sequence }: Packet): void {
    const step = this.#login.receive(payload);
    switch (step.kind) {
      case 'send':
        this.#socket.write(encodePacket(step.payload, sequence + 1));
        this.#framer.expect(sequence + 2);
        return;
      case 'accepted':
        return this.#onAccepted(step, sequence + 1);
      case 'rejected': {
        const password = step.usedPassword ? 'YES' : 'NO';
        const host = this.#socket.remoteAddress ?? 'localhost';
        this.#options.log('warn', 'admin login refused', { client: this.#client });
        const message = `Access denied for user '${step.user}'@'${host}' (using password: ${password})`;
        return this.#refuse(sequence + 1, 1045, '28000', message);
      }
      case 'start-tls':
        throw new ProtocolError('UNSUPPORTED', 'TLS was not offered');
      case 'check':
        throw new ProtocolError('ILLEGAL_STATE', 'the password is known');
    }
    return step satisfies never;
  }

  #onAccepted(login: AcceptedLogin<string>, firstSequence: number): void {
    // a port that is gone tomorrow tells nobody who it was
    const by = `${login.user}@${this.#host}`;
    const session: AdminSession = { id: this.#options.id, user: login.user, by, schema: null };
    let sequence = firstSequence;
    for (const payload of login.respond) this.#socket.write(encodePacket(payload, sequence++));
    try {
      if (login.database !== null) use(session, login.database);
    } catch (error) {
      if (!(error instanceof AdminError)) throw error;
      return this.#refuse(sequence, error.errno, error.sqlState, error.message);
    }
    this.#cancelLoginTimer();
    this.#session = session;
    this.#capabilities = login.capabilities;
    this.#move(State.READY);
    const status = ServerStatus.AUTOCOMMIT;
    const ok = { header: 0, affectedRows: 0, lastInsertId: 0n, status, warnings: 0, info: '', trackers: null } as const;
    this.#socket.write(encodePacket(encodeOk(ok, this.#capabilities), sequence));
  }

  #onCommand(payload: Buffer): void {
    if (payload[0] === Command.QUIT) return this.#end();
    this.#move(State.RUNNING);
    // begun in a later turn, so that whatever closes this connection finds the promise to wait for
    this.#running = Promise.resolve()
      .then(() => this.#answer(payload))
      .then(() => {
        if (this.#state !== State.RUNNING) return;
        this.#move(State.READY);
        this.#pump();
      });
  }

  /** Writes the reply to one command; never rejects. */
  async #answer(payload: Buffer): Promise<void> {
    const { context, log } = this.#options;
    const abort = new AbortController();
    this.#abort = abort;
    const reply = new Reply(this.#capabilities, (bytes) => {
      if (this.#state !== State.CLOSED) this.#socket.write(bytes);
    });
    try {
      const session = this.#requireSession();
      const argument = payload.toString('utf8', 1);
      switch (payload.at(0) ?? Command.SLEEP) {
        case Command.QUERY:
          await execute(context, session, argument, reply, abort.signal);
          break;
        case Command.INIT_DB:
          use(session, argument);
          reply.ok();
          break;
        case Command.PING:
        case Command.RESET_CONNECTION:
          reply.ok();
          break;
        case Command.STMT_PREPARE:
          throw new AdminError(
            'NOT_PREPARABLE',
            1295,
            'HY000',
            'This command is not supported in the prepared statement protocol yet',
          );
        default:
          throw new AdminError('UNKNOWN_COMMAND', 1047, '08S01', 'Unknown command');
      }
    } catch (error) {
      if (error instanceof AdminError) reply.error(error);
      else {
        log('error', 'an admin statement failed', { err: error, client: this.#client });
        reply.error({ errno: 1105, sqlState: 'HY000', message: `INTERNAL: ${messageOf(error)}` });
      }
    } finally {
      this.#abort = null;
    }
  }

  #requireSession(): AdminSession {
    if (this.#session === null) throw new AdminError('NOT_LOGGED_IN', 1045, '28000', 'Access denied');
    return this.#session;
  }

  /** Says why and hangs up. */
  #refuse(sequence: number, errno: number, sqlState: string, message: string): void {
    if (this.#state === State.CLOSED) return;
    this.#socket.write(encodePacket(encodeErr({ code: errno, sqlState, message }), sequence & 0xff));
    this.#end();
  }

  #end(): void {
    this.#onGone();
    this.#socket.destroySoon();
  }

  /** Nobody is left to read a reply, so nobody waits for the switch that runs. */
  #onGone(): void {
    this.#cancelLoginTimer();
    if (this.#state !== State.CLOSED) this.#move(State.CLOSED);
    this.killQuery('the client that asked for it went away');
  }

  #move(to: State): void {
    if (!MOVES[this.#state].includes(to)) throw new ProtocolError('ILLEGAL_STATE', `${this.#state} to ${to}`);
    this.#state = to;
  }
}
