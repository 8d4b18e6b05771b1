import { Capability } from '../constants';
import { ProtocolError } from '../errors';
import {
  decodeHandshakeResponse,
  decodeSslRequest,
  encodeAuthMoreData,
  encodeAuthSwitch,
  encodeHandshake,
  isSslRequest,
  type ChangeUser,
  type ConnectAttributes,
} from '../handshake';
import { CACHING_SHA2_PASSWORD, FastAuth, verifyCachingSha2 } from './caching-sha2';
import { NATIVE_PASSWORD, verifyNative } from './native';

export type ClientPlugin = typeof NATIVE_PASSWORD | typeof CACHING_SHA2_PASSWORD;

export interface ClientLoginOptions {
  readonly connectionId: number;
  readonly serverVersion: string;
  /** Capability bits offered; SSL is added or left out as `tlsAvailable` says. */
  readonly capabilities: number;
  /** MariaDbCapability bits offered; default: none, as MySQL. */
  readonly mariadbCapabilities?: number;
  readonly defaultPlugin: ClientPlugin;
  /** 20 bytes as `loginNonce` makes them, fresh for each connection. */
  readonly nonce: Buffer;
  readonly characterSet: number;
  readonly status: number;
  readonly tlsAvailable: boolean;
  /** Clear password of a user; null: there is no such user. */
  readonly findPassword: (user: string) => string | null;
}

export interface AcceptedLogin {
  readonly kind: 'accepted';
  readonly user: string;
  readonly database: string | null;
  /** Negotiated: offered and asked for. */
  readonly capabilities: number;
  readonly mariadbCapabilities: number;
  /** Collation id: one byte at login, two in a COM_CHANGE_USER. */
  readonly characterSet: number;
  readonly attributes: ConnectAttributes | null;
  /** Payloads to send before the OK. */
  readonly respond: readonly Buffer[];
}

export type ClientLoginStep =
  | { readonly kind: 'send'; readonly payload: Buffer }
  /** Do the TLS handshake as server; the next payload comes through it. */
  | { readonly kind: 'start-tls' }
  | AcceptedLogin
  /** Error 1045 is due. `usedPassword` for its "(using password: YES)". */
  | { readonly kind: 'rejected'; readonly user: string; readonly usedPassword: boolean };

const State = Object.freeze({
  NEW: 'NEW',
  GREETED: 'GREETED',
  /** An SSLRequest came: the same response is due again, by TLS. */
  TLS: 'TLS',
  /** An AuthSwitchRequest is out. */
  SWITCHED: 'SWITCHED',
  ACCEPTED: 'ACCEPTED',
  REJECTED: 'REJECTED',
} as const);
type State = (typeof State)[keyof typeof State];

const MOVES: Readonly<Record<State, readonly State[]>> = Object.freeze({
  NEW: [State.GREETED],
  GREETED: [State.TLS, State.SWITCHED, State.ACCEPTED, State.REJECTED],
  TLS: [State.SWITCHED, State.ACCEPTED, State.REJECTED],
  SWITCHED: [State.ACCEPTED, State.REJECTED],
  // by COM_CHANGE_USER
  ACCEPTED: [State.SWITCHED, State.ACCEPTED, State.REJECTED],
  REJECTED: [],
});

/** Who wants in, with what, apart from the proof. */
type Applicant = Pick<
  AcceptedLogin,
  'user' | 'database' | 'capabilities' | 'mariadbCapabilities' | 'characterSet' | 'attributes'
>;

const ALWAYS = Capability.PROTOCOL_41 | Capability.SECURE_CONNECTION | Capability.PLUGIN_AUTH;
const NONCE = 20;
/** Hashed for an unknown user, whom it never lets in, so that the answer takes as long as for a known one. */
const DECOY = 'a password that nobody has';

/** Turns 20 random bytes into a nonce: 7-bit, without NUL (clients take it for the end) and `$` (as MySQL does). */
export function loginNonce(random: Buffer): Buffer {
  if (random.length !== NONCE) throw new RangeError(`a nonce has ${NONCE} bytes, not ${random.length}`);
  return Buffer.from(
    random.map((byte) => {
      const seven = byte & 0x7f;
      return seven === 0 || seven === 0x24 ? seven + 1 : seven;
    }),
  );
}

/**
 * Lets a client log in, without a socket: it is given each payload that arrives and says what to send. The password is
 * known in clear, so the fast form of caching_sha2_password always applies. A client that names another plugin is
 * switched to the default one, one that waits for a nonce to the one it named. An unknown user takes the same way, and as long, as a wrong password.
 *
 * Throws ProtocolError: MALFORMED, or UNSUPPORTED for a client before 4.1 or one that asks for TLS where there is none.
 */
export class ClientLogin {
  readonly #options: ClientLoginOptions;
  readonly #offered: number;
  readonly #offeredByMariadb: number;
  #state: State = State.NEW;
  #applicant: Applicant | null = null;
  #capabilities = 0;
  #mariadbCapabilities = 0;
  #switchedTo: ClientPlugin;

  constructor(options: ClientLoginOptions) {
    this.#options = options;
    this.#switchedTo = options.defaultPlugin;
    this.#offeredByMariadb = options.mariadbCapabilities ?? 0;
    // who leaves CLIENT_MYSQL out announces MariaDB's capabilities
    const withheld = this.#offeredByMariadb === 0 ? Capability.SSL : Capability.SSL | Capability.LONG_PASSWORD;
    const plain = (options.capabilities | ALWAYS) & ~withheld;
    this.#offered = (options.tlsAvailable ? plain | Capability.SSL : plain) >>> 0;
  }

  /** Payload of the greeting, to be sent with sequence id 0. */
  greeting(): Buffer {
    this.#move(State.GREETED);
    const { serverVersion, connectionId, nonce, characterSet, status, defaultPlugin } = this.#options;
    return encodeHandshake({
      serverVersion,
      connectionId,
      nonce,
      capabilities: this.#offered,
      characterSet,
      status,
      authPlugin: defaultPlugin,
      mariadbCapabilities: this.#offeredByMariadb,
    });
  }

  receive(payload: Buffer): ClientLoginStep {
    switch (this.#state) {
      case State.GREETED:
        return isSslRequest(payload) ? this.#onSslRequest(payload) : this.#onResponse(payload);
      case State.TLS:
        return this.#onResponse(payload);
      case State.SWITCHED:
        return this.#decide(this.#switchedTo, payload);
      case State.NEW:
      case State.ACCEPTED:
      case State.REJECTED:
        throw new ProtocolError('ILLEGAL_STATE', `nothing is to be received in state ${this.#state}`);
    }
    return this.#state satisfies never;
  }

  /** A COM_CHANGE_USER on a connection that was let in. The nonce is that of the greeting, as in MySQL. */
  changeUser(message: ChangeUser): ClientLoginStep {
    if (this.#state !== State.ACCEPTED) {
      throw new ProtocolError('ILLEGAL_STATE', `COM_CHANGE_USER in state ${this.#state}`);
    }
    const { user, database, attributes, characterSet, authPlugin, authResponse } = message;
    this.#applicant = {
      user,
      database,
      attributes,
      characterSet: characterSet ?? this.#options.characterSet,
      capabilities: this.#capabilities,
      mariadbCapabilities: this.#mariadbCapabilities,
    };
    // libmysql sends no response at first where the plugin has a nonce, but waits for one
    return authResponse.length === 0 ? this.#switch(authPlugin) : this.#authenticate(authPlugin, authResponse);
  }

  #onSslRequest(payload: Buffer): ClientLoginStep {
    decodeSslRequest(payload);
    if (!this.#options.tlsAvailable) throw new ProtocolError('UNSUPPORTED', 'client asks for TLS without an offer');
    this.#move(State.TLS);
    return { kind: 'start-tls' };
  }

  #onResponse(payload: Buffer): ClientLoginStep {
    const response = decodeHandshakeResponse(payload);
    const { user, database, attributes, characterSet, authPlugin, authResponse } = response;
    this.#capabilities = (response.capabilities & this.#offered) >>> 0;
    this.#mariadbCapabilities = response.mariadbCapabilities & this.#offeredByMariadb;
    this.#applicant = {
      user,
      database,
      attributes,
      characterSet,
      capabilities: this.#capabilities,
      mariadbCapabilities: this.#mariadbCapabilities,
    };
    // without data for its plugin in the greeting a client sends no response, but waits for a nonce
    const unasked = authResponse.length === 0 && authPlugin !== this.#options.defaultPlugin;
    return unasked ? this.#switch(authPlugin) : this.#authenticate(authPlugin, authResponse);
  }

  /** `plugin` null: the client knows no plugins, its response is of the native kind. */
  #authenticate(plugin: string | null, response: Buffer): ClientLoginStep {
    const named = plugin ?? NATIVE_PASSWORD;
    return isKnown(named) ? this.#decide(named, response) : this.#switch(named);
  }

  #switch(from: string | null): ClientLoginStep {
    if (from === null) return this.#decide(NATIVE_PASSWORD, Buffer.alloc(0));
    this.#switchedTo = isKnown(from) ? from : this.#options.defaultPlugin;
    this.#move(State.SWITCHED);
    return { kind: 'send', payload: encodeAuthSwitch({ plugin: this.#switchedTo, data: this.#options.nonce }) };
  }

  #decide(plugin: ClientPlugin, response: Buffer): ClientLoginStep {
    const applicant = this.#applicant;
    if (applicant === null) throw new ProtocolError('ILLEGAL_STATE', 'nobody has asked to log in');
    const password = this.#options.findPassword(applicant.user);
    const verify = plugin === NATIVE_PASSWORD ? verifyNative : verifyCachingSha2;
    const fits = verify(password ?? DECOY, this.#options.nonce, response);
    const usedPassword = response.length > 1 || (response.length === 1 && response[0] !== 0);
    if (password === null || !fits) {
      this.#move(State.REJECTED);
      return { kind: 'rejected', user: applicant.user, usedPassword };
    }
    this.#move(State.ACCEPTED);
    // without a password clients expect the OK at once
    const fastAuth = plugin === CACHING_SHA2_PASSWORD && usedPassword;
    const respond = fastAuth ? [encodeAuthMoreData(Buffer.of(FastAuth.DONE))] : [];
    return { kind: 'accepted', ...applicant, respond };
  }

  #move(to: State): void {
    if (!MOVES[this.#state].includes(to)) {
      throw new ProtocolError('ILLEGAL_STATE', `login can't go from ${this.#state} to ${to}`);
    }
    this.#state = to;
  }
}

function isKnown(plugin: string): plugin is ClientPlugin {
  return plugin === NATIVE_PASSWORD || plugin === CACHING_SHA2_PASSWORD;
}
