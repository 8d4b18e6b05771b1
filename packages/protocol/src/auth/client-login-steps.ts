import type { ConnectAttributes } from '../handshake';
import type { DefaultPlugin, Secret } from './client-proof';
import type { Credential } from './credential';
import type { Found } from './found';
import type { StoredPassword } from './stored-password';

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
  /** Name of the character set of a collation id: user names are in it. Default: UTF-8. */
  readonly charsetOf?: (collation: number) => string;
}

export interface AcceptedLogin<A> {
  readonly kind: 'accepted';
  readonly user: string;
  readonly account: A;
  /** What it proved itself with; null: that can't be learned (a signature). */
  readonly credential: Credential | null;
  /** The stored password that it fits; null: none was asked for, or it is not a stored one. */
  readonly stored: string | null;
  /** The client's bytes as latin1. */
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
  readonly secret: Secret;
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
  | RejectedLogin;

export interface RejectedLogin {
  readonly kind: 'rejected';
  /** PASSWORD: error 1045 is due; PLUGIN: 1251, since the client knows no plugins and the account needs one. */
  readonly reason: 'PASSWORD' | 'PLUGIN';
  readonly user: string;
  /** For "(using password: YES)". */
  readonly usedPassword: boolean;
}
