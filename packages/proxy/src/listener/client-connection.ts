import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
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
import type { AcceptedLogin, ClientLoginStep, PasswordCheck, ProxyEndpoint } from '@myswitch/protocol';
import type { Candidate } from '../accounts/account-table';
import type { ClientFacts } from '../accounts/admission';
import type { Admission } from '../accounts/logins';
import { charsetOf, charsetRefusal, contextFor, isMariadb, resetContextFor } from '../backend/node-baseline';
import { offeredBy, variantOf } from '../capabilities';
import type { Timer } from '../clock';
import { rejection } from '../commands/access-denied';
import { enter } from '../commands/change-user';
import type { Pool } from '../pool/pool';
import { road } from '../session/road';
import { Session } from '../session/session';
import type { ClientError } from '../session/client-error';
import { READ_TIMEOUT } from '../session/time-limits';
import { endWithError } from './end-with-error';
import { startTls, tlsFacts } from './client-tls';
import type { ListenerTls } from './client-tls';

/** MySQL's default connect_timeout: who says nothing for so long is no client. */
const LOGIN_DEADLINE_MS = 10_000;
/** Login messages are short; connection attributes are the longest part, at most 64 KiB. */
const MAX_LOGIN_PAYLOAD = 128 << 10;

/** A connection before login. Ends in a Session, or in an error packet and the end of the connection. */
export class ClientConnection {
  readonly #id: number;
  readonly #pool: Pool;
  readonly #client: string;
  /** null: a Unix-domain socket. */
  readonly #address: string | null;
  readonly #tls: ListenerTls | null;
  readonly #framer = new PacketFramer({ maxPayload: MAX_LOGIN_PAYLOAD });
  #socket: Socket;
  #login: ClientLogin<Candidate> | null = null;
  /** Its password is being checked, or the connections of its account counted: what it sends meanwhile waits. */
  #checking = false;
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
    tls: ListenerTls | null,
    told: ProxyEndpoint | null,
    closed: () => void,
  ) {
    this.#id = id;
    this.#pool = pool;
    this.#tls = tls;
    const { remoteAddress, remotePort } = socket;
    this.#address = told?.address ?? (remoteAddress === undefined ? null : plainAddress(remoteAddress));
    this.#client = this.#address === null ? 'localhost' : `${this.#address}:${told?.port ?? remotePort}`;
    this.#socket = socket;
    // the greeting tells the server's version and character set, which are not known before a server answered
    this.#deadline = pool.clock.timer(() => this.#fail(unavailable(pool)), pool.options.hold.maxMs);
    socket.once('close', closed);
    this.#listen();
    const callOff = pool.greeting.whenKnown(() => this.#greet());
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
      ...offeredBy(baseline.offers),
      defaultPlugin: isMariadb(baseline) ? 'mysql_native_password' : 'caching_sha2_password',
      nonce: loginNonce(randomBytes(20)),
      characterSet: baseline.characterSet,
      status: ServerStatus.AUTOCOMMIT,
      longNonce: randomBytes(32),
      tlsAvailable: this.#tls !== null,
      isPrivate: this.#address === null,
      publicKey: this.#pool.passwordChecks.publicKey,
      find: (user) => this.#pool.logins.find(user, { address: this.#address }),
      charsetOf: (collation) => charsetOf(baseline, collation),
    });
    this.#send(this.#login.greeting());
  }

  #listen(): void {
    this.#socket.on('data', this.#receive);
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.once('close', () => this.#deadline.cancel());
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#guarded(() => {
      this.#framer.push(chunk);
      if (this.#framer.buffered > MAX_LOGIN_PAYLOAD) throw new ProtocolError('TOO_LARGE', 'more than a login');
      if (this.#login === null) throw new ProtocolError('OUT_OF_ORDER', 'bytes before the greeting');
      this.#takeNext(this.#login);
    });
  };

  /** Takes what the client has sent, as far as the login has got. */
  #takeNext(login: ClientLogin<Candidate>): void {
    while (!this.#checking) {
      const packet = this.#framer.next();
      if (packet === null) return;
      this.#sequence = packet.sequence + 1;
      if (this.#step(login, login.receive(packet.payload))) return;
    }
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail({ code: 1043, sqlState: '08S01', message: 'Bad handshake' });
    }
  }

  /** True when this object has nothing more to do. */
  #step(login: ClientLogin<Candidate>, step: ClientLoginStep<Candidate>): boolean {
    switch (step.kind) {
      case 'send':
        this.#send(step.payload);
        return false;
      case 'start-tls':
        this.#startTls();
        return true;
      case 'check':
        this.#check(login, step.check);
        return false;
      case 'rejected':
        this.#pool.logins.failed(step.user, this.#facts());
        this.#fail(rejection(step, this.#client));
        return true;
      case 'accepted':
        this.#accept(login, step);
        return true;
    }
  }

  #check(login: ClientLogin<Candidate>, check: PasswordCheck): void {
    const source = this.#address ?? 'localhost';
    this.#await(this.#pool.passwordChecks.run(check, { source, wanted: this.#open }), (result) => {
      if (!this.#step(login, login.checked(result))) this.#takeNext(login);
    });
  }

  /** Whether the client still waits for the end of its login. */
  readonly #open = (): boolean => !this.#socket.destroyed && !this.#socket.writableEnded;

  /** `answered` is called unless the client is gone by then. */
  #await<T>(question: Promise<T>, answered: (answer: T) => void): void {
    this.#checking = true;
    question
      .then((answer) => {
        this.#checking = false;
        if (this.#open()) this.#guarded(() => answered(answer));
      })
      .catch((error: Error) => {
        if (this.#open()) this.#fail(this.#pool.logins.notChecked(error, this.#facts()));
      });
  }

  #accept(login: ClientLogin<Candidate>, step: AcceptedLogin<Candidate>): void {
    const unfit = charsetRefusal(this.#pool.baseline!, step.characterSet);
    if (unfit !== null) return this.#fail(unfit);
    const admitted = this.#pool.logins.admit(step, this.#facts(), this.#open);
    if (!(admitted instanceof Promise)) return this.#enter(login, step, admitted);
    this.#await(admitted, (answer) => this.#enter(login, step, answer));
  }

  #enter(login: ClientLogin<Candidate>, step: AcceptedLogin<Candidate>, admitted: Admission | ClientError): void {
    if (!('account' in admitted)) {
      this.#pool.logins.failed(step.user, this.#facts());
      return this.#fail(admitted);
    }
    for (const payload of step.respond) this.#send(payload);
    this.#deadline.cancel();
    const socket = this.#socket;
    socket.removeListener('data', this.#receive).removeAllListeners('error');
    const { capabilities, mariadbCapabilities, characterSet, database } = step;
    const baseline = this.#pool.baseline!;
    const context = contextFor(baseline, characterSet, variantOf(step));
    const resetContext = resetContextFor(baseline, characterSet, variantOf(step));
    const accepted = { ...admitted, capabilities, mariadbCapabilities, context, resetContext, login };
    const session = new Session(this.#id, this.#pool, road, socket, accepted, this.#facts());
    session.replySequence = this.#sequence;
    enter(
      session,
      database,
      (work) => session.run(work),
      (error) => session.end(error),
    );
    session.unread(this.#framer.reset());
  }

  #facts(): ClientFacts {
    const tls = this.#socket instanceof TLSSocket ? tlsFacts(this.#socket) : null;
    return { address: this.#address, client: this.#client, tls };
  }

  #startTls(): void {
    const raw = this.#socket;
    raw.removeListener('data', this.#receive).removeAllListeners('error');
    const rest = this.#framer.reset();
    raw.pause();
    if (rest.length > 0) raw.unshift(rest);
    this.#socket = startTls(raw, this.#tls!);
    this.#framer.expect(this.#sequence);
    this.#listen();
  }

  #send(payload: Buffer): void {
    this.#socket.write(encodePacket(payload, this.#sequence));
    this.#sequence = (this.#sequence + 1) & 0xff;
    this.#framer.expect(this.#sequence);
  }

  #tooSlow(): void {
    this.#fail(READ_TIMEOUT);
  }

  #fail(error: ClientError): void {
    this.#deadline.cancel();
    this.#socket.removeListener('data', this.#receive);
    endWithError(this.#socket, error, this.#sequence, this.#pool.clock);
  }
}

function unavailable(pool: Pool): ClientError {
  return { code: 1105, sqlState: 'HY000', message: `MySwitch: ${pool.waitReason()}` };
}

/** IPv4 clients of a dual-stack listener look like ::ffff:10.0.0.1. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
