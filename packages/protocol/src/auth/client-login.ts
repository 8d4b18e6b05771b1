import { decodeName } from '../charset';
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
} from '../handshake';
import { CACHING_SHA2_PASSWORD, FastAuth, withoutNul } from './caching-sha2';
import { judge, judgeEncrypted, judgeSecret, pluginFor } from './client-proof';
import type {
  AcceptedLogin,
  CheckedPassword,
  ClientLoginOptions,
  ClientLoginStep,
  RejectedLogin,
} from './client-login-steps';
import type { ClientPlugin, Ground, Secret, Verdict } from './client-proof';
import type { Credential } from './credential';
import { ED25519, ED25519_NONCE } from './ed25519';
import type { Found } from './found';
import type { AuthMethod } from './method';
import { NATIVE_PASSWORD } from './native';

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
  // by COM_CHANGE_USER; MariaDB's clients may try again after one that failed
  ACCEPTED: ASKED,
  REJECTED: ASKED,
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
        return this.#proceed(judgeSecret(this.#current(), payload, this.#ground()));
      case State.KEY_SENT:
        return this.#proceed(judgeEncrypted(this.#current(), payload, this.#ground()));
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
    if (this.#state !== State.ACCEPTED && this.#state !== State.REJECTED) {
      throw new ProtocolError('ILLEGAL_STATE', `COM_CHANGE_USER in state ${this.#state}`);
    }
    const { database, attributes, authPlugin, authResponse } = message;
    const characterSet = message.characterSet ?? this.#options.characterSet;
    this.#applicant = {
      ...this.#found(message.user, characterSet),
      database,
      attributes,
      characterSet,
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
    const { database, attributes, characterSet, authPlugin, authResponse } = response;
    this.#capabilities = (response.capabilities & this.#offered) >>> 0;
    this.#mariadbCapabilities = response.mariadbCapabilities & this.#offeredByMariadb;
    this.#applicant = {
      ...this.#found(response.user, characterSet),
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

  #found(name: string, characterSet: number): Found<A> & { readonly user: string } {
    const { find, charsetOf } = this.#options;
    const user = decodeName(name, charsetOf?.(characterSet) ?? 'utf8mb4');
    const { account, methods, passwordOf } = find(user);
    return { user, account, methods, passwordOf };
  }

  // ---- one method after the other -----------------------------------------------------------------------------

  /** `named` null: the client knows no plugins, its response is of the native kind. `waits`: it sent no response yet. */
  #begin(named: string | null, response: Buffer, waits: boolean): ClientLoginStep<A> {
    this.#method = 0;
    const given = named ?? NATIVE_PASSWORD;
    const plugin = this.#pluginFor(given);
    // the nonce of the greeting is too short for it, so that response was for another one
    return plugin === given && !waits && plugin !== ED25519 ? this.#judge(plugin, response) : this.#switchTo(plugin);
  }

  #current(): AuthMethod {
    const method = this.#asking().methods[this.#method];
    if (method === undefined) throw new ProtocolError('ILLEGAL_STATE', 'an account without a way in');
    return method;
  }

  #pluginFor(named: string): ClientPlugin {
    return pluginFor(this.#current(), named, this.#secure, this.#options.defaultPlugin);
  }

  #switchTo(plugin: ClientPlugin): ClientLoginStep<A> {
    if ((this.#asking().capabilities & Capability.PLUGIN_AUTH) === 0) return this.#reject('PLUGIN');
    this.#plugin = plugin;
    this.#move(State.SWITCHED);
    const { nonce, longNonce } = this.#options;
    const data = plugin === ED25519 ? longNonce.subarray(0, ED25519_NONCE) : Buffer.concat([nonce, NUL]);
    return { kind: 'send', payload: encodeAuthSwitch({ plugin, data }) };
  }

  #judge(plugin: ClientPlugin, response: Buffer): ClientLoginStep<A> {
    this.#plugin = plugin;
    this.#usedPassword = withoutNul(response).length > 0;
    return this.#proceed(judge(this.#current(), plugin, response, this.#ground()));
  }

  #ground(): Ground {
    const { nonce, longNonce, publicKey } = this.#options;
    const { account, passwordOf } = this.#asking();
    return { nonce, longNonce, secure: this.#secure, hasKey: publicKey !== null, exists: account !== null, passwordOf };
  }

  #proceed(verdict: Verdict): ClientLoginStep<A> {
    switch (verdict.kind) {
      case 'passed':
        return this.#passed(verdict.credential, verdict.stored);
      case 'failed':
        return this.#failed();
      case 'full':
        this.#move(State.FULL);
        return { kind: 'send', payload: encodeAuthMoreData(Buffer.of(FastAuth.FULL)) };
      case 'key':
        this.#move(State.KEY_SENT);
        return { kind: 'send', payload: encodeAuthMoreData(Buffer.from(this.#options.publicKey!, 'latin1')) };
      case 'check':
        return this.#check(verdict.secret);
    }
    return verdict satisfies never;
  }

  #check(secret: Secret): ClientLoginStep<A> {
    const method = this.#current();
    if (method.kind !== 'sha2') throw new ProtocolError('ILLEGAL_STATE', 'nothing stored to compare with');
    this.#move(State.CHECKING);
    const { user, passwordOf } = this.#asking();
    return { kind: 'check', check: { user, hashes: method.hashes, passwordOf, secret } };
  }

  #failed(): ClientLoginStep<A> {
    if (this.#method + 1 >= this.#asking().methods.length) return this.#reject('PASSWORD');
    this.#method++;
    return this.#switchTo(this.#pluginFor(this.#plugin));
  }

  #reject(reason: RejectedLogin['reason']): ClientLoginStep<A> {
    this.#move(State.REJECTED);
    return { kind: 'rejected', reason, user: this.#asking().user, usedPassword: this.#usedPassword };
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

const NUL = Buffer.of(0);
