import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { TLSSocket } from 'node:tls';
import {
  ClientLogin,
  encodeErr,
  encodePacket,
  loginNonce,
  PacketFramer,
  ProtocolError,
  ServerStatus,
} from '@myswitch/protocol';
import type { ClientLoginStep, ProxyEndpoint } from '@myswitch/protocol';
import { contextFor } from '../backend/node-baseline';
import { CLIENT_CAPABILITIES, variantOf } from '../capabilities';
import type { Timer } from '../clock';
import { accessDenied } from '../commands/access-denied';
import { enterSchema } from '../commands/change-user';
import type { Pool } from '../pool/pool';
import { road } from '../session/road';
import { Session } from '../session/session';
import type { ClientError } from '../session/client-error';

/** MySQL's default connect_timeout: who says nothing for so long is no client. */
const LOGIN_DEADLINE_MS = 10_000;
/** Login messages are short; connection attributes are the longest part, at most 64 KiB. */
const MAX_LOGIN_PAYLOAD = 128 << 10;

/** A connection before login. Ends in a Session, or in an error packet and the end of the connection. */
export class ClientConnection {
  readonly #id: number;
  readonly #pool: Pool;
  readonly #client: string;
  readonly #secureContext: SecureContext | null;
  readonly #framer = new PacketFramer({ maxPayload: MAX_LOGIN_PAYLOAD });
  #socket: Socket;
  #login: ClientLogin | null = null;
  #sequence = 0;
  #deadline: Timer;

  /**
   * `told`: whose connection it is, when a load balancer passed it on. `closed` is called once, when the connection has ended,
   * in whatever state.
   */
  constructor(
    id: number,
    pool: Pool,
    socket: Socket,
    secureContext: SecureContext | null,
    told: ProxyEndpoint | null,
    closed: () => void,
  ) {
    this.#id = id;
    this.#pool = pool;
    this.#secureContext = secureContext;
    const { remoteAddress, remotePort } = socket;
    const client = told ?? { address: plainAddress(remoteAddress ?? ''), port: remotePort };
    this.#client = client.address === '' ? 'localhost' : `${client.address}:${client.port}`;
    this.#socket = socket;
    // the greeting tells the server's version and character set, which are not known before a server answered
    this.#deadline = pool.clock.timer(() => this.#fail(unavailable(pool)), pool.options.hold.maxMs);
    socket.once('close', closed);
    this.#listen();
    const callOff = pool.whenKnown(() => this.#greet());
    socket.once('close', callOff);
  }

  /** 1040 for a client too many: before the greeting, as servers do. */
  static refuse(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.end(encodePacket(encodeErr({ code: 1040, sqlState: '08004', message: 'Too many connections' }), 0));
  }

  #greet(): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    const baseline = this.#pool.baseline!;
    this.#deadline.cancel();
    this.#deadline = this.#pool.clock.timer(() => this.#tooSlow(), LOGIN_DEADLINE_MS);
    this.#login = new ClientLogin({
      connectionId: this.#id,
      serverVersion: baseline.serverVersion,
      capabilities: CLIENT_CAPABILITIES,
      defaultPlugin: baseline.serverVersion.includes('MariaDB') ? 'mysql_native_password' : 'caching_sha2_password',
      nonce: loginNonce(randomBytes(20)),
      characterSet: baseline.characterSet,
      status: ServerStatus.AUTOCOMMIT,
      tlsAvailable: this.#secureContext !== null,
      findPassword: (user) => this.#pool.account(user)?.password ?? null,
    });
    this.#send(this.#login.greeting());
  }

  #listen(): void {
    this.#socket.on('data', this.#receive);
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.once('close', () => this.#deadline.cancel());
  }

  readonly #receive = (chunk: Buffer): void => {
    try {
      this.#framer.push(chunk);
      if (this.#login === null) throw new ProtocolError('OUT_OF_ORDER', 'bytes before the greeting');
      for (let packet = this.#framer.next(); packet !== null; packet = this.#framer.next()) {
        this.#sequence = packet.sequence + 1;
        if (this.#step(this.#login, this.#login.receive(packet.payload))) return;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail({ code: 1043, sqlState: '08S01', message: 'Bad handshake' });
    }
  };

  /** True when this object has nothing more to do. */
  #step(login: ClientLogin, step: ClientLoginStep): boolean {
    switch (step.kind) {
      case 'send':
        this.#send(step.payload);
        return false;
      case 'start-tls':
        this.#startTls();
        return true;
      case 'rejected':
        this.#pool.log('info', 'login refused', {
          pool: this.#pool.options.name,
          user: step.user.slice(0, 64),
          client: this.#client,
        });
        this.#fail(accessDenied(step.user, this.#client, step.usedPassword));
        return true;
      case 'accepted': {
        for (const payload of step.respond) this.#send(payload);
        this.#deadline.cancel();
        const socket = this.#socket;
        socket.removeListener('data', this.#receive).removeAllListeners('error');
        const { capabilities, database } = step;
        const account = this.#pool.account(step.user)!;
        const context = contextFor(this.#pool.baseline!, step.characterSet, variantOf(capabilities));
        const session = new Session(
          this.#id,
          this.#pool,
          road,
          socket,
          { account, capabilities, context, login },
          this.#client,
        );
        session.replySequence = this.#sequence;
        if (database === null || database === '') session.sendOk();
        else session.run(enterSchema(database));
        session.unread(this.#framer.reset());
        return true;
      }
    }
  }

  #startTls(): void {
    const raw = this.#socket;
    raw.removeListener('data', this.#receive).removeAllListeners('error');
    const rest = this.#framer.reset();
    raw.pause();
    if (rest.length > 0) raw.unshift(rest);
    this.#socket = new TLSSocket(raw, { isServer: true, secureContext: this.#secureContext! });
    this.#framer.expect(this.#sequence);
    this.#listen();
  }

  #send(payload: Buffer): void {
    this.#socket.write(encodePacket(payload, this.#sequence));
    this.#sequence = (this.#sequence + 1) & 0xff;
    this.#framer.expect(this.#sequence);
  }

  #tooSlow(): void {
    this.#fail({ code: 1159, sqlState: '08S01', message: 'Got timeout reading communication packets' });
  }

  #fail(error: ClientError): void {
    this.#deadline.cancel();
    this.#socket.removeListener('data', this.#receive);
    this.#socket.on('data', () => undefined); // let it drain, so that the error is not lost in a reset
    this.#socket.end(encodePacket(encodeErr(error), this.#sequence));
    this.#pool.clock.timer(() => this.#socket.destroy(), 1000);
  }
}

function unavailable(pool: Pool): ClientError {
  return { code: 1105, sqlState: 'HY000', message: `MySwitch: ${pool.waitReason()}` };
}

/** IPv4 clients of a dual-stack listener look like ::ffff:10.0.0.1. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
