import { Capability } from '../constants';
import { ProtocolError } from '../errors';
import {
  decodeAuthSwitch,
  decodeHandshake,
  encodeHandshakeResponse,
  encodeSslRequest,
  type ConnectAttributes,
  type HandshakeV10,
} from '../handshake';
import { decodeErr, decodeOk, isErr, isOk, type Err, type Ok } from '../replies';
import {
  CACHING_SHA2_PASSWORD,
  cachingSha2Response,
  CLEAR_PASSWORD,
  clearPassword,
  encryptPassword,
  FastAuth,
  fastAuthResult,
  REQUEST_PUBLIC_KEY,
  SHA256_PASSWORD,
  SHA256_REQUEST_PUBLIC_KEY,
} from './caching-sha2';
import type { Credential } from './credential';
import { ED25519, ED25519_NONCE, ed25519Sign } from './ed25519';
import { NATIVE_PASSWORD, nativeResponse } from './native';

export interface BackendLoginOptions {
  /** Its bytes in the character set of `characterSet`, as latin1. */
  readonly user: string;
  readonly credential: Credential;
  /** As `user`. */
  readonly database: string | null;
  /** Capability bits wanted; what the server does not offer is left out. TLS and the schema come from the other options. */
  readonly capabilities: number;
  /** MariaDbCapability bits wanted; default: none. */
  readonly mariadbCapabilities?: number;
  /** Collation id up to 255: the message has one byte for it. */
  readonly characterSet: number;
  readonly attributes: ConnectAttributes | null;
  readonly tls: 'off' | 'required';
}

/** What to do next. `sequence` is the id that the payload is to be sent with. */
export type LoginStep =
  | { readonly kind: 'send'; readonly payload: Buffer; readonly sequence: number }
  /** Send this SSLRequest, do the TLS handshake, then call `tlsEstablished`. */
  | { readonly kind: 'start-tls'; readonly payload: Buffer; readonly sequence: number }
  | { readonly kind: 'wait' }
  | { readonly kind: 'done'; readonly ok: Ok }
  /** The server said no, in its own words. */
  | { readonly kind: 'failed'; readonly error: Err };

const State = Object.freeze({
  GREETING: 'GREETING',
  TLS: 'TLS',
  /** Our response is out; the server may accept, refuse, switch the plugin or ask for more. */
  RESULT: 'RESULT',
  PUBLIC_KEY: 'PUBLIC_KEY',
  /** Nothing but OK or ERR may follow. */
  VERDICT: 'VERDICT',
  DONE: 'DONE',
  FAILED: 'FAILED',
} as const);
type State = (typeof State)[keyof typeof State];

const MOVES: Readonly<Record<State, readonly State[]>> = Object.freeze({
  GREETING: [State.TLS, State.RESULT, State.FAILED],
  TLS: [State.RESULT],
  RESULT: [State.RESULT, State.PUBLIC_KEY, State.VERDICT, State.DONE, State.FAILED],
  PUBLIC_KEY: [State.VERDICT, State.FAILED],
  VERDICT: [State.DONE, State.FAILED],
  DONE: [],
  FAILED: [],
});

const REQUIRED = Capability.PROTOCOL_41 | Capability.SECURE_CONNECTION | Capability.PLUGIN_AUTH;
type BackendPlugin =
  | typeof NATIVE_PASSWORD
  | typeof CACHING_SHA2_PASSWORD
  | typeof SHA256_PASSWORD
  | typeof CLEAR_PASSWORD
  | typeof ED25519;
const PLUGINS: ReadonlySet<string> = new Set<BackendPlugin>([
  NATIVE_PASSWORD,
  CACHING_SHA2_PASSWORD,
  // MySQL names it to some users that do not exist, so that a login shows nothing; without it their error would be ours
  SHA256_PASSWORD,
  CLEAR_PASSWORD,
  ED25519,
]);
const NONCE = 20;
const MAX_MESSAGE = 0x40000000;
/** MariaDB switches once for each of an account's alternatives (IDENTIFIED VIA … OR …). */
const MAX_SWITCHES = 8;
const AUTH_MORE_DATA = 0x01;
const AUTH_SWITCH = 0xfe;

/**
 * Logs in to a server, without a socket: it is given each payload that arrives and says what to send. Plugins:
 * mysql_native_password, caching_sha2_password (fast, and full over TLS or with the server's RSA key), sha256_password
 * (the same two ways), client_ed25519, and mysql_clear_password over TLS only. Without TLS the server's RSA key is taken as
 * it comes: whoever can stand in for the server can learn the password. With nothing but SHA1(password) other plugins than
 * mysql_native_password get an empty answer.
 *
 * Throws ProtocolError: MALFORMED for what no server says at that point, UNSUPPORTED for a server without TLS where it
 * is required or a plugin that is not known or not safe here. The connection must be closed after either.
 */
export class BackendLogin {
  readonly #options: BackendLoginOptions;
  #state: State = State.GREETING;
  #greeting: HandshakeV10 | null = null;
  #capabilities = 0;
  #plugin: BackendPlugin = NATIVE_PASSWORD;
  #nonce: Buffer = Buffer.alloc(0);
  #switches = 0;
  #tlsSequence = 0;

  constructor(options: BackendLoginOptions) {
    if (options.characterSet > 0xff) throw new RangeError(`collation ${options.characterSet} does not fit a login`);
    this.#options = options;
  }

  /** As the server spells it; MariaDB puts `5.5.5-` in front. */
  get serverVersion(): string {
    return this.#greeted().serverVersion;
  }

  get connectionId(): number {
    return this.#greeted().connectionId;
  }

  get serverCapabilities(): number {
    return this.#greeted().capabilities;
  }

  /** Negotiated: wanted and offered. */
  get capabilities(): number {
    this.#greeted();
    return this.#capabilities;
  }

  get serverMariadbCapabilities(): number {
    return this.#greeted().mariadbCapabilities;
  }

  /** Negotiated: wanted and offered. */
  get mariadbCapabilities(): number {
    return (this.#options.mariadbCapabilities ?? 0) & this.serverMariadbCapabilities;
  }

  /** Low byte of the id of the server's default collation. */
  get defaultCollation(): number {
    return this.#greeted().characterSet;
  }

  receive(payload: Buffer, sequence: number): LoginStep {
    switch (this.#state) {
      case State.GREETING:
        return this.#onGreeting(payload, sequence);
      case State.RESULT:
        return this.#onResult(payload, sequence);
      case State.PUBLIC_KEY:
        return this.#onPublicKey(payload, sequence);
      case State.VERDICT:
        return this.#onVerdict(payload);
      case State.TLS:
      case State.DONE:
      case State.FAILED:
        throw new ProtocolError('ILLEGAL_STATE', `nothing is to be received in state ${this.#state}`);
    }
    return this.#state satisfies never;
  }

  /** The TLS handshake that `start-tls` asked for is done. */
  tlsEstablished(): LoginStep {
    if (this.#state !== State.TLS) throw new ProtocolError('ILLEGAL_STATE', `no TLS is due in state ${this.#state}`);
    return this.#respond(this.#tlsSequence);
  }

  #onGreeting(payload: Buffer, sequence: number): LoginStep {
    if (isErr(payload)) return this.#fail(payload);
    const greeting = decodeHandshake(payload);
    if ((greeting.capabilities & REQUIRED) !== REQUIRED) {
      throw new ProtocolError('UNSUPPORTED', 'server older than 5.5: no authentication plugins');
    }
    this.#greeting = greeting;
    this.#capabilities = this.#negotiate(greeting.capabilities);
    // an unknown default plugin is not refused: the account may have another one, which a switch will name
    const sha2 = greeting.authPlugin === CACHING_SHA2_PASSWORD && this.#options.credential.kind === 'clear';
    this.#plugin = sha2 ? CACHING_SHA2_PASSWORD : NATIVE_PASSWORD;
    this.#nonce = nonceOf(greeting.nonce);
    if (this.#options.tls === 'off') return this.#respond(sequence + 1);
    if ((greeting.capabilities & Capability.SSL) === 0) {
      throw new ProtocolError('UNSUPPORTED', 'server offers no TLS');
    }
    this.#move(State.TLS);
    this.#tlsSequence = sequence + 2;
    return { kind: 'start-tls', payload: encodeSslRequest(this.#responseHead()), sequence: sequence + 1 };
  }

  #respond(sequence: number): LoginStep {
    this.#move(State.RESULT);
    const payload = encodeHandshakeResponse({
      ...this.#responseHead(),
      user: this.#options.user,
      authResponse: this.#authResponse(),
      database: this.#options.database,
      authPlugin: this.#plugin,
      attributes: this.#options.attributes,
    });
    return { kind: 'send', payload, sequence };
  }

  #onResult(payload: Buffer, sequence: number): LoginStep {
    if (payload[0] === AUTH_SWITCH) return this.#onSwitch(payload, sequence);
    if (payload[0] === AUTH_MORE_DATA) return this.#onMoreData(payload, sequence);
    return this.#onVerdict(payload);
  }

  #onSwitch(payload: Buffer, sequence: number): LoginStep {
    const { plugin, data } = decodeAuthSwitch(payload);
    if (!isKnown(plugin)) throw new ProtocolError('UNSUPPORTED', `authentication plugin ${printable(plugin)}`);
    if (++this.#switches > MAX_SWITCHES) throw new ProtocolError('MALFORMED', 'server keeps switching the plugin');
    this.#plugin = plugin;
    if (plugin === ED25519) this.#nonce = longNonceOf(data);
    else if (plugin !== CLEAR_PASSWORD) this.#nonce = nonceOf(withoutNul(data));
    this.#move(State.RESULT);
    return { kind: 'send', payload: this.#authResponse(), sequence: sequence + 1 };
  }

  #onMoreData(payload: Buffer, sequence: number): LoginStep {
    switch (this.#plugin) {
      case CACHING_SHA2_PASSWORD:
        return this.#onFastAuth(payload.subarray(1), sequence);
      case SHA256_PASSWORD:
        return this.#onPublicKey(payload, sequence);
      case NATIVE_PASSWORD:
      case CLEAR_PASSWORD:
      case ED25519:
        throw new ProtocolError('MALFORMED', 'more data than the authentication plugin has');
    }
    return this.#plugin satisfies never;
  }

  #onFastAuth(data: Buffer, sequence: number): LoginStep {
    if (fastAuthResult(data) === FastAuth.DONE) {
      this.#move(State.VERDICT);
      return { kind: 'wait' };
    }
    if (this.#options.tls === 'required') {
      this.#move(State.VERDICT);
      return { kind: 'send', payload: clearPassword(this.#password()), sequence: sequence + 1 };
    }
    this.#move(State.PUBLIC_KEY);
    return { kind: 'send', payload: Buffer.of(REQUEST_PUBLIC_KEY), sequence: sequence + 1 };
  }

  #onPublicKey(payload: Buffer, sequence: number): LoginStep {
    if (isErr(payload)) return this.#fail(payload);
    if (payload[0] !== AUTH_MORE_DATA) throw new ProtocolError('MALFORMED', 'not a public key');
    const encrypted = encryptPassword(this.#password(), this.#nonce, payload.subarray(1));
    this.#move(State.VERDICT);
    return { kind: 'send', payload: encrypted, sequence: sequence + 1 };
  }

  #onVerdict(payload: Buffer): LoginStep {
    if (isErr(payload)) return this.#fail(payload);
    if (!isOk(payload)) throw new ProtocolError('MALFORMED', 'neither OK nor ERR after authentication');
    const ok = decodeOk(payload, this.#capabilities);
    this.#move(State.DONE);
    return { kind: 'done', ok };
  }

  #fail(payload: Buffer): LoginStep {
    const error = decodeErr(payload);
    this.#move(State.FAILED);
    return { kind: 'failed', error };
  }

  #authResponse(): Buffer {
    const { credential, tls } = this.#options;
    // without the password this way is closed: an empty answer, and the server tries the account's next one, or says no
    if (credential.kind === 'native' && this.#plugin !== NATIVE_PASSWORD) return Buffer.alloc(0);
    switch (this.#plugin) {
      case NATIVE_PASSWORD:
        return nativeResponse(credential, this.#nonce);
      case CACHING_SHA2_PASSWORD:
        return cachingSha2Response(this.#password(), this.#nonce);
      case ED25519:
        return ed25519Sign(this.#password(), this.#nonce);
      case SHA256_PASSWORD:
        if (tls === 'required' || this.#password().length === 0) return clearPassword(this.#password());
        return Buffer.of(SHA256_REQUEST_PUBLIC_KEY);
      case CLEAR_PASSWORD:
        if (tls === 'required') return clearPassword(this.#password());
        throw new ProtocolError('UNSUPPORTED', `authentication plugin ${CLEAR_PASSWORD} without TLS`);
    }
    return this.#plugin satisfies never;
  }

  #password(): Buffer {
    const { credential } = this.#options;
    if (credential.kind === 'clear') return credential.password;
    throw new ProtocolError('UNSUPPORTED', `the password for ${this.#plugin} is not known`);
  }

  #negotiate(offered: number): number {
    const { capabilities, database, attributes, tls } = this.#options;
    let wanted = capabilities | REQUIRED;
    wanted = withBit(wanted, Capability.CONNECT_WITH_DB, database !== null);
    wanted = withBit(wanted, Capability.CONNECT_ATTRS, attributes !== null);
    wanted = withBit(wanted, Capability.SSL, tls === 'required');
    // CLIENT_MYSQL; a MariaDB server does not look for its own capabilities then
    if (this.mariadbCapabilities !== 0) wanted &= ~Capability.LONG_PASSWORD;
    return (wanted & offered) >>> 0;
  }

  #responseHead(): { capabilities: number; maxPacket: number; characterSet: number; mariadbCapabilities: number } {
    const { characterSet } = this.#options;
    const { mariadbCapabilities } = this;
    return { capabilities: this.#capabilities, maxPacket: MAX_MESSAGE, characterSet, mariadbCapabilities };
  }

  #greeted(): HandshakeV10 {
    if (this.#greeting === null) throw new ProtocolError('ILLEGAL_STATE', 'the server has not greeted yet');
    return this.#greeting;
  }

  #move(to: State): void {
    if (!MOVES[this.#state].includes(to)) {
      throw new ProtocolError('ILLEGAL_STATE', `login can't go from ${this.#state} to ${to}`);
    }
    this.#state = to;
  }
}

function isKnown(plugin: string): plugin is BackendPlugin {
  return PLUGINS.has(plugin);
}

function nonceOf(data: Buffer): Buffer {
  if (data.length !== NONCE) throw new ProtocolError('MALFORMED', `nonce of ${data.length} bytes`);
  return data;
}

function longNonceOf(data: Buffer): Buffer {
  if (data.length < ED25519_NONCE) throw new ProtocolError('MALFORMED', `nonce of ${data.length} bytes`);
  return data.subarray(0, ED25519_NONCE);
}

function withoutNul(data: Buffer): Buffer {
  return data.at(-1) === 0 ? data.subarray(0, -1) : data;
}

function withBit(capabilities: number, bit: number, on: boolean): number {
  return on ? capabilities | bit : capabilities & ~bit;
}

/** The name comes from a peer and goes to logs. */
function printable(plugin: string): string {
  return plugin.replace(/[^\w.-]/g, '?').slice(0, 64);
}
