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
import {
  CACHING_SHA2_PASSWORD,
  CLEAR_PASSWORD,
  FastAuth,
  readClearPassword,
  REQUEST_PUBLIC_KEY,
  SHA256_PASSWORD,
  SHA256_REQUEST_PUBLIC_KEY,
  verifyCachingSha2,
  withoutNul,
} from './caching-sha2';
import type { Credential } from './credential';
import { ED25519, ED25519_NONCE, ed25519PublicKey, ed25519Verify } from './ed25519';
import type { AuthMethod, ServerPlugin } from './method';
import { NATIVE_PASSWORD, recoverStage1, verifyNative } from './native';
import { sameResponse } from './scramble';
import type { StoredPassword } from './stored-password';

/** Named in a greeting. */
export type DefaultPlugin = typeof NATIVE_PASSWORD | typeof CACHING_SHA2_PASSWORD;
type ClientPlugin = ServerPlugin | typeof CLEAR_PASSWORD;

/** Who was found for a user's name. */
export interface Found<A> {
  /** null: nobody may come in; `methods` are those of somebody else then, so that this does not show. */
  readonly account: A | null;
  /** In the order in which they are tried; at least one. */
  readonly methods: readonly AuthMethod[];
  /** The password that fitted a stored one before; null: not known yet. */
  readonly passwordOf: (stored: string) => Buffer | null;
}

/** Somebody whose password is known in clear, or, with `account` null, nobody. */
export function foundByPassword<A>(account: A | null, password: Buffer): Found<A> {
  return { account, methods: [{ kind: 'password', password: account === null ? DECOY : password }], passwordOf };
}

export interface ClientLoginOptions<A> {
  readonly connectionId: number;
  readonly serverVersion: string;
  /** Capability bits offered; SSL is added or left out as `tlsAvailable` says. */
  readonly capabilities: number;
  /** MariaDbCapability bits offered; default: none, as MySQL. */
  readonly mariadbCapabilities?: number;
  readonly defaultPlugin: DefaultPlugin;
  /** 20 bytes as `loginNonce` makes them, fresh for each connection. */
  readonly nonce: Buffer;
  /** 32 random bytes, for client_ed25519. */
  readonly longNonce: Buffer;
  readonly characterSet: number;
  readonly status: number;
  readonly tlsAvailable: boolean;
  /** Nobody can listen even without TLS: a Unix-domain socket. */
  readonly isPrivate: boolean;
  /** PEM text of the RSA key that passwords may be encrypted with; null: there is none. */
  readonly publicKey: string | null;
  readonly find: (user: string) => Found<A>;
}

export interface AcceptedLogin<A> {
  readonly kind: 'accepted';
  readonly user: string;
  readonly account: A;
  /** What it proved itself with; null: that can't be learned (a signature). */
  readonly credential: Credential | null;
  /** The stored password that it fits; null: none was asked for, or it is not a stored one. */
  readonly stored: string | null;
  readonly database: string | null;
  /** Negotiated: offered and asked for. */
  readonly capabilities: number;
  readonly mariadbCapabilities: number;
  /** Collation id: one byte at login, two in a COM_CHANGE_USER. */
  readonly characterSet: number;
  readonly attributes: ConnectAttributes | null;
  readonly usedPassword: boolean;
  /** Payloads to send before the OK. */
  readonly respond: readonly Buffer[];
}

/** A password that has to be compared with stored ones, which takes too long to be done here. */
export interface PasswordCheck {
  readonly user: string;
  readonly hashes: readonly { readonly stored: string; readonly value: StoredPassword }[];
  /** As in Found. */
  readonly passwordOf: (stored: string) => Buffer | null;
  /** `encrypted`: with the public key, and masked with the nonce. */
  readonly secret:
    | { readonly kind: 'clear'; readonly password: Buffer }
    | { readonly kind: 'encrypted'; readonly data: Buffer; readonly nonce: Buffer };
}

/** `stored`: the hash that fits, null when none does. */
export type CheckedPassword = { readonly stored: string; readonly password: Buffer } | null;

export type ClientLoginStep<A> =
  | { readonly kind: 'send'; readonly payload: Buffer }
  /** Do the TLS handshake as server; the next payload comes through it. */
  | { readonly kind: 'start-tls' }
  /** Check it elsewhere, then call `checked`. */
  | { readonly kind: 'check'; readonly check: PasswordCheck }
  | AcceptedLogin<A>
  /** Error 1045 is due. `usedPassword` for its "(using password: YES)". */
  | { readonly kind: 'rejected'; readonly user: string; readonly usedPassword: boolean };

const State = Object.freeze({
  NEW: 'NEW',
  GREETED: 'GREETED',
  /** An SSLRequest came: the same response is due again, by TLS. */
  TLS: 'TLS',
  /** An AuthSwitchRequest is out. */
  SWITCHED: 'SWITCHED',
  /** The password itself was asked for. */
  FULL: 'FULL',
  /** The public key is out. */
  KEY_SENT: 'KEY_SENT',
  /** A password is being compared with stored ones. */
  CHECKING: 'CHECKING',
  ACCEPTED: 'ACCEPTED',
  REJECTED: 'REJECTED',
} as const);
type State = (typeof State)[keyof typeof State];

/** Each may be the last for its method, and then the next method is switched to. */
const JUDGED = [State.SWITCHED, State.ACCEPTED, State.REJECTED] as const;
const ASKED = [...JUDGED, State.FULL, State.KEY_SENT, State.CHECKING] as const;
const MOVES: Readonly<Record<State, readonly State[]>> = Object.freeze({
  NEW: [State.GREETED],
  GREETED: [State.TLS, ...ASKED],
  TLS: ASKED,
  SWITCHED: ASKED,
  FULL: [State.KEY_SENT, State.CHECKING, ...JUDGED],
  KEY_SENT: [State.CHECKING, ...JUDGED],
  CHECKING: JUDGED,
  // by COM_CHANGE_USER
  ACCEPTED: ASKED,
  REJECTED: [],
});

/** Who wants in, with what, apart from the proof. */
type Applicant<A> = Found<A> &
  Pick<AcceptedLogin<A>, 'user' | 'database' | 'capabilities' | 'mariadbCapabilities' | 'characterSet' | 'attributes'>;

const ALWAYS = Capability.PROTOCOL_41 | Capability.SECURE_CONNECTION | Capability.PLUGIN_AUTH;
const NONCE = 20;

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
 * Lets a client log in, without a socket: it is given each payload that arrives and says what to send. The account decides
 * which plugin is spoken: a client that begins with another is switched. Where a password is known in clear the client may
 * choose (mysql_clear_password over TLS only), and one that waits for a nonce is switched to the plugin it named. An unknown
 * user takes the same way, and as long, as a wrong password.
 *
 * caching_sha2_password and sha256_password: the password itself comes over TLS, by a Unix-domain socket, or encrypted with
 * our RSA key, and goes to whoever takes `check` steps. Once it is known the first one is fast.
 *
 * Throws ProtocolError: MALFORMED, or UNSUPPORTED for a client before 4.1 or one that asks for TLS where there is none.
 */
export class ClientLogin<A> {
  readonly #options: ClientLoginOptions<A>;
  readonly #offered: number;
  readonly #offeredByMariadb: number;
  #state: State = State.NEW;
  #applicant: Applicant<A> | null = null;
  #capabilities = 0;
  #mariadbCapabilities = 0;
  #secure: boolean;
  /** Index of the method that is being tried. */
  #method = 0;
  /** What the client's next response is for. */
  #plugin: ClientPlugin;
  #usedPassword = false;

  constructor(options: ClientLoginOptions<A>) {
    this.#options = options;
    this.#secure = options.isPrivate;
    this.#plugin = options.defaultPlugin;
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

  receive(payload: Buffer): ClientLoginStep<A> {
    switch (this.#state) {
      case State.GREETED:
        return isSslRequest(payload) ? this.#onSslRequest(payload) : this.#onResponse(payload);
      case State.TLS:
        return this.#onResponse(payload);
      case State.SWITCHED:
        return this.#judge(this.#plugin, payload);
      case State.FULL:
        return this.#onFull(payload);
      case State.KEY_SENT:
        return this.#onEncrypted(payload);
      case State.NEW:
      case State.CHECKING:
      case State.ACCEPTED:
      case State.REJECTED:
        throw new ProtocolError('ILLEGAL_STATE', `nothing is to be received in state ${this.#state}`);
    }
    return this.#state satisfies never;
  }

  /** The outcome of a `check` step. */
  checked(result: CheckedPassword): ClientLoginStep<A> {
    if (this.#state !== State.CHECKING) throw new ProtocolError('ILLEGAL_STATE', `no check in state ${this.#state}`);
    if (result === null) return this.#failed();
    return this.#passed({ kind: 'clear', password: result.password }, result.stored);
  }

  /** A COM_CHANGE_USER on a connection that was let in. The nonce is that of the greeting, as in MySQL. */
  changeUser(message: ChangeUser): ClientLoginStep<A> {
    if (this.#state !== State.ACCEPTED) {
      throw new ProtocolError('ILLEGAL_STATE', `COM_CHANGE_USER in state ${this.#state}`);
    }
    const { user, database, attributes, characterSet, authPlugin, authResponse } = message;
    this.#applicant = {
      ...this.#found(user),
      user,
      database,
      attributes,
      characterSet: characterSet ?? this.#options.characterSet,
      capabilities: this.#capabilities,
      mariadbCapabilities: this.#mariadbCapabilities,
    };
    // libmysql sends no response at first where the plugin has a nonce, but waits for one
    return this.#begin(authPlugin, authResponse, authResponse.length === 0 && authPlugin !== null);
  }

  #onSslRequest(payload: Buffer): ClientLoginStep<A> {
    decodeSslRequest(payload);
    if (!this.#options.tlsAvailable) throw new ProtocolError('UNSUPPORTED', 'client asks for TLS without an offer');
    this.#move(State.TLS);
    this.#secure = true;
    return { kind: 'start-tls' };
  }

  #onResponse(payload: Buffer): ClientLoginStep<A> {
    const response = decodeHandshakeResponse(payload);
    const { user, database, attributes, characterSet, authPlugin, authResponse } = response;
    this.#capabilities = (response.capabilities & this.#offered) >>> 0;
    this.#mariadbCapabilities = response.mariadbCapabilities & this.#offeredByMariadb;
    this.#applicant = {
      ...this.#found(user),
      user,
      database,
      attributes,
      characterSet,
      capabilities: this.#capabilities,
      mariadbCapabilities: this.#mariadbCapabilities,
    };
    // without data for its plugin in the greeting a client sends no response, but waits for a nonce
    const waits = authResponse.length === 0 && authPlugin !== null && authPlugin !== this.#options.defaultPlugin;
    return this.#begin(authPlugin, authResponse, waits);
  }

  #found(user: string): Found<A> {
    const { account, methods, passwordOf } = this.#options.find(user);
    return { account, methods, passwordOf };
  }

  // ---- one method after the other -----------------------------------------------------------------------------

  /** `named` null: the client knows no plugins, its response is of the native kind. `waits`: it sent no response yet. */
  #begin(named: string | null, response: Buffer, waits: boolean): ClientLoginStep<A> {
    this.#method = 0;
    const given = named ?? NATIVE_PASSWORD;
    const plugin = this.#pluginFor(this.#current(), given);
    // the nonce of the greeting is too short for it, so that response was for another one
    return plugin === given && !waits && plugin !== ED25519 ? this.#judge(plugin, response) : this.#switchTo(plugin);
  }

  #current(): AuthMethod {
    const method = this.#asking().methods[this.#method];
    if (method === undefined) throw new ProtocolError('ILLEGAL_STATE', 'an account without a way in');
    return method;
  }

  #pluginFor(method: AuthMethod, named: string): ClientPlugin {
    switch (method.kind) {
      case 'password':
        if (named === NATIVE_PASSWORD || named === CACHING_SHA2_PASSWORD || named === ED25519) return named;
        return named === CLEAR_PASSWORD && this.#secure ? named : this.#options.defaultPlugin;
      case 'native':
        return NATIVE_PASSWORD;
      case 'ed25519':
        return ED25519;
      case 'empty':
      case 'sha2':
        return method.plugin;
    }
    return method satisfies never;
  }

  #switchTo(plugin: ClientPlugin): ClientLoginStep<A> {
    if ((this.#asking().capabilities & Capability.PLUGIN_AUTH) === 0) return this.#reject(); // it knows native ones only
    this.#plugin = plugin;
    this.#move(State.SWITCHED);
    const { nonce, longNonce } = this.#options;
    const data = plugin === ED25519 ? longNonce.subarray(0, ED25519_NONCE) : Buffer.concat([nonce, NUL]);
    return { kind: 'send', payload: encodeAuthSwitch({ plugin, data }) };
  }

  #judge(plugin: ClientPlugin, response: Buffer): ClientLoginStep<A> {
    this.#plugin = plugin;
    const given = withoutNul(response);
    this.#usedPassword = given.length > 0;
    const method = this.#current();
    switch (method.kind) {
      case 'empty':
        return this.#usedPassword ? this.#failed() : this.#passed(NO_PASSWORD, null);
      case 'password':
        return this.#judgePassword(plugin, method.password, response);
      case 'native': {
        for (const { stored, value } of method.hashes) {
          const stage1 = recoverStage1(value, this.#options.nonce, response);
          if (stage1 !== null) return this.#passed({ kind: 'native', stage1 }, stored);
        }
        return this.#failed();
      }
      case 'ed25519': {
        const fits = ({ value }: { value: Buffer }): boolean => ed25519Verify(value, this.#options.longNonce, response);
        const hash = method.hashes.find(fits);
        return hash === undefined ? this.#failed() : this.#passed(null, hash.stored);
      }
      case 'sha2':
        if (!this.#usedPassword) return this.#failed();
        return method.plugin === SHA256_PASSWORD ? this.#onSha256(response) : this.#onCachingSha2(response);
    }
    return method satisfies never;
  }

  /** The fast form, or the request for the password itself. */
  #onCachingSha2(response: Buffer): ClientLoginStep<A> {
    const { account, passwordOf } = this.#asking();
    const method = this.#current();
    for (const { stored } of method.kind === 'sha2' ? method.hashes : []) {
      const password = passwordOf(stored);
      if (password === null || !verifyCachingSha2(password, this.#options.nonce, response)) continue;
      if (account !== null) return this.#passed({ kind: 'clear', password }, stored);
    }
    this.#move(State.FULL);
    return { kind: 'send', payload: encodeAuthMoreData(Buffer.of(FastAuth.FULL)) };
  }

  #onSha256(response: Buffer): ClientLoginStep<A> {
    if (this.#secure) return this.#checkClear(response);
    const asksForKey = response.length === 1 && response[0] === SHA256_REQUEST_PUBLIC_KEY;
    return asksForKey ? this.#sendKey() : this.#onEncrypted(response);
  }

  #onFull(payload: Buffer): ClientLoginStep<A> {
    if (this.#secure) return this.#checkClear(payload);
    const asksForKey = payload.length === 1 && payload[0] === REQUEST_PUBLIC_KEY;
    return asksForKey ? this.#sendKey() : this.#onEncrypted(payload);
  }

  #sendKey(): ClientLoginStep<A> {
    const { publicKey } = this.#options;
    if (publicKey === null) return this.#failed();
    this.#move(State.KEY_SENT);
    return { kind: 'send', payload: encodeAuthMoreData(Buffer.from(publicKey, 'latin1')) };
  }

  #checkClear(payload: Buffer): ClientLoginStep<A> {
    const password = readClearPassword(payload);
    return password === null ? this.#failed() : this.#check({ kind: 'clear', password: Buffer.from(password) });
  }

  #onEncrypted(payload: Buffer): ClientLoginStep<A> {
    return this.#check({ kind: 'encrypted', data: Buffer.from(payload), nonce: this.#options.nonce });
  }

  #check(secret: PasswordCheck['secret']): ClientLoginStep<A> {
    const method = this.#current();
    if (method.kind !== 'sha2') throw new ProtocolError('ILLEGAL_STATE', 'nothing stored to compare with');
    this.#move(State.CHECKING);
    const { user, passwordOf } = this.#asking();
    return { kind: 'check', check: { user, hashes: method.hashes, passwordOf, secret } };
  }

  #judgePassword(plugin: ClientPlugin, password: Buffer, response: Buffer): ClientLoginStep<A> {
    const { nonce, longNonce } = this.#options;
    const fits = ((): boolean => {
      switch (plugin) {
        case NATIVE_PASSWORD:
          return verifyNative(password, nonce, response);
        case CACHING_SHA2_PASSWORD:
          return verifyCachingSha2(password, nonce, response);
        case ED25519:
          return ed25519Verify(ed25519PublicKey(password), longNonce, response);
        case CLEAR_PASSWORD: {
          const given = readClearPassword(response);
          return this.#secure && given !== null && sameResponse(given, password);
        }
        case SHA256_PASSWORD:
          return false; // not offered where the password is known
      }
      return plugin satisfies never;
    })();
    return fits ? this.#passed({ kind: 'clear', password }, null) : this.#failed();
  }

  #failed(): ClientLoginStep<A> {
    if (this.#method + 1 >= this.#asking().methods.length) return this.#reject();
    this.#method++;
    return this.#switchTo(this.#pluginFor(this.#current(), this.#plugin));
  }

  #reject(): ClientLoginStep<A> {
    this.#move(State.REJECTED);
    return { kind: 'rejected', user: this.#asking().user, usedPassword: this.#usedPassword };
  }

  #passed(credential: Credential | null, stored: string | null): ClientLoginStep<A> {
    const { account, user, database, capabilities, mariadbCapabilities, characterSet, attributes } = this.#asking();
    if (account === null) return this.#failed();
    // without a password clients expect the OK at once; after the password itself too
    const fastAuth = this.#plugin === CACHING_SHA2_PASSWORD && this.#usedPassword && this.#state !== State.CHECKING;
    this.#move(State.ACCEPTED);
    const respond = fastAuth ? [encodeAuthMoreData(Buffer.of(FastAuth.DONE))] : [];
    const usedPassword = this.#usedPassword;
    const who = { user, account, database, capabilities, mariadbCapabilities, characterSet, attributes };
    return { kind: 'accepted', ...who, credential, stored, usedPassword, respond };
  }

  #asking(): Applicant<A> {
    if (this.#applicant === null) throw new ProtocolError('ILLEGAL_STATE', 'nobody has asked to log in');
    return this.#applicant;
  }

  #move(to: State): void {
    if (!MOVES[this.#state].includes(to)) {
      throw new ProtocolError('ILLEGAL_STATE', `login can't go from ${this.#state} to ${to}`);
    }
    this.#state = to;
  }
}

/** Hashed for an unknown user, whom it never lets in, so that the answer takes as long as for a known one. */
const DECOY = Buffer.from('a password that nobody has');
const passwordOf = (): null => null;
const NUL = Buffer.of(0);
const NO_PASSWORD: Credential = { kind: 'clear', password: Buffer.alloc(0) };
