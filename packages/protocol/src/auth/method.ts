import { CACHING_SHA2_PASSWORD, SHA256_PASSWORD } from './caching-sha2';
import { ED25519, parseEd25519Key } from './ed25519';
import { NATIVE_PASSWORD, parseNativeHash } from './native';
import { parseStoredPassword, type StoredPassword } from './stored-password';

/** One way in which an account can be entered, as far as it is known here. `hash`: as the server stores it. */
export type AuthMethod =
  /** The password is known in clear: any plugin that the client speaks will do. */
  | { readonly kind: 'password'; readonly password: Buffer }
  /** No password is asked for, and none may be given. */
  | { readonly kind: 'empty'; readonly plugin: ServerPlugin }
  | { readonly kind: 'native'; readonly hashes: readonly Hash<Buffer>[] }
  | {
      readonly kind: 'sha2';
      readonly plugin: typeof CACHING_SHA2_PASSWORD | typeof SHA256_PASSWORD;
      readonly hashes: readonly Hash<StoredPassword>[];
    }
  | { readonly kind: 'ed25519'; readonly hashes: readonly Hash<Buffer>[] };

export interface Hash<T> {
  readonly stored: string;
  readonly value: T;
}

export type ServerPlugin =
  typeof NATIVE_PASSWORD | typeof CACHING_SHA2_PASSWORD | typeof SHA256_PASSWORD | typeof ED25519;

/**
 * What an account's plugin and authentication string mean. `second`: the hash that RETAIN CURRENT PASSWORD keeps.
 * @returns null for a plugin that only the server itself can ask (a socket's owner, PAM, LDAP, …)
 */
export function authMethod(plugin: string, authentication: string, second: string | null): AuthMethod | null {
  const known = PLUGINS.get(plugin);
  if (known === undefined) return null;
  if (authentication === '' && second === null) return { kind: 'empty', plugin: known };
  // an empty password can't be retained
  const stored = second === null || second === '' ? [authentication] : [authentication, second];
  switch (known) {
    case NATIVE_PASSWORD:
      return { kind: 'native', hashes: parsed(stored, parseNativeHash) };
    case CACHING_SHA2_PASSWORD:
    case SHA256_PASSWORD:
      return { kind: 'sha2', plugin: known, hashes: parsed(stored, parseStoredPassword) };
    case ED25519:
      return { kind: 'ed25519', hashes: parsed(stored, parseEd25519Key) };
  }
  return known satisfies never;
}

/** The server's name of a plugin, and the one that its protocol names where that differs. */
const PLUGINS: ReadonlyMap<string, ServerPlugin> = new Map<string, ServerPlugin>([
  [NATIVE_PASSWORD, NATIVE_PASSWORD],
  ['', NATIVE_PASSWORD], // rows of old servers name none
  [CACHING_SHA2_PASSWORD, CACHING_SHA2_PASSWORD],
  [SHA256_PASSWORD, SHA256_PASSWORD],
  ['ed25519', ED25519],
]);

function parsed<T>(stored: readonly string[], parse: (text: string) => T | null): Hash<T>[] {
  return stored.flatMap((text) => {
    const value = parse(text);
    return value === null ? [] : [{ stored: text, value }];
  });
}
