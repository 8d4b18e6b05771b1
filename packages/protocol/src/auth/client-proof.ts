import {
  CACHING_SHA2_PASSWORD,
  CLEAR_PASSWORD,
  readClearPassword,
  REQUEST_PUBLIC_KEY,
  SHA256_PASSWORD,
  SHA256_REQUEST_PUBLIC_KEY,
  verifyCachingSha2,
  withoutNul,
} from './caching-sha2';
import type { Credential } from './credential';
import { ED25519, ed25519PublicKey, ed25519Verify } from './ed25519';
import type { AuthMethod, ServerPlugin } from './method';
import { NATIVE_PASSWORD, recoverStage1, verifyNative } from './native';
import { sameResponse } from './scramble';

/** Named in a greeting. */
export type DefaultPlugin = typeof NATIVE_PASSWORD | typeof CACHING_SHA2_PASSWORD;
export type ClientPlugin = ServerPlugin | typeof CLEAR_PASSWORD;

/** `encrypted`: with the public key, and masked with the nonce. */
export type Secret =
  | { readonly kind: 'clear'; readonly password: Buffer }
  | { readonly kind: 'encrypted'; readonly data: Buffer; readonly nonce: Buffer };

/** What a proof is judged by, besides the method. */
export interface Ground {
  readonly nonce: Buffer;
  readonly longNonce: Buffer;
  /** Nobody can listen. */
  readonly secure: boolean;
  /** There is an RSA key that a password can be encrypted with. */
  readonly hasKey: boolean;
  /** false: whatever fits, nobody comes in. */
  readonly exists: boolean;
  /** As in Found. */
  readonly passwordOf: (stored: string) => Buffer | null;
}

/** What a client's message comes to. */
export type Verdict =
  /** As in AcceptedLogin. */
  | { readonly kind: 'passed'; readonly credential: Credential | null; readonly stored: string | null }
  | { readonly kind: 'failed' }
  /** The password itself is to be asked for. */
  | { readonly kind: 'full' }
  /** The client asks for the public key. */
  | { readonly kind: 'key' }
  /** To be compared with stored passwords. */
  | { readonly kind: 'check'; readonly secret: Secret };

const FAILED: Verdict = Object.freeze({ kind: 'failed' });
const FULL: Verdict = Object.freeze({ kind: 'full' });
const KEY: Verdict = Object.freeze({ kind: 'key' });
const NO_PASSWORD: Credential = { kind: 'clear', password: Buffer.alloc(0) };

/** The plugin that a client has to speak for a method. `named`: by the client; where the password is known it may choose. */
export function pluginFor(
  method: AuthMethod,
  named: string,
  secure: boolean,
  defaultPlugin: DefaultPlugin,
): ClientPlugin {
  switch (method.kind) {
    case 'password':
      if (named === NATIVE_PASSWORD || named === CACHING_SHA2_PASSWORD || named === ED25519) return named;
      return named === CLEAR_PASSWORD && secure ? named : defaultPlugin;
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

/** A plugin's first message. */
export function judge(method: AuthMethod, plugin: ClientPlugin, response: Buffer, ground: Ground): Verdict {
  const usesPassword = withoutNul(response).length > 0;
  switch (method.kind) {
    case 'empty':
      return usesPassword ? FAILED : { kind: 'passed', credential: NO_PASSWORD, stored: null };
    case 'password': {
      const { password } = method;
      if (fits(password, plugin, response, ground)) {
        return { kind: 'passed', credential: { kind: 'clear', password }, stored: null };
      }
      // servers ask for the password itself before they refuse it, and some clients tell the error rightly only then
      const asks = plugin === CACHING_SHA2_PASSWORD && usesPassword && (ground.secure || ground.hasKey);
      return asks ? FULL : FAILED;
    }
    case 'native': {
      for (const { stored, value } of method.hashes) {
        const stage1 = recoverStage1(value, ground.nonce, response);
        if (stage1 !== null) return { kind: 'passed', credential: { kind: 'native', stage1 }, stored };
      }
      return FAILED;
    }
    case 'ed25519': {
      const hash = method.hashes.find(({ value }) => ed25519Verify(value, ground.longNonce, response));
      return hash === undefined ? FAILED : { kind: 'passed', credential: null, stored: hash.stored };
    }
    case 'sha2':
      if (!usesPassword) return FAILED;
      if (method.plugin === SHA256_PASSWORD) return judgeFull(method, SHA256_REQUEST_PUBLIC_KEY, response, ground);
      return judgeFast(method, response, ground);
  }
  return method satisfies never;
}

/** What came when the password itself was asked for. */
export function judgeSecret(method: AuthMethod, payload: Buffer, ground: Ground): Verdict {
  return judgeFull(method, REQUEST_PUBLIC_KEY, payload, ground);
}

/** caching_sha2_password, for a password that is known since it was asked for. */
function judgeFast(method: AuthMethod & { kind: 'sha2' }, response: Buffer, ground: Ground): Verdict {
  for (const { stored } of method.hashes) {
    const password = ground.passwordOf(stored);
    if (password === null || !verifyCachingSha2(password, ground.nonce, response)) continue;
    if (ground.exists) return { kind: 'passed', credential: { kind: 'clear', password }, stored };
  }
  return FULL;
}

function judgeFull(method: AuthMethod, keyRequest: number, payload: Buffer, ground: Ground): Verdict {
  if (!ground.secure && payload.length === 1 && payload[0] === keyRequest) return ground.hasKey ? KEY : FAILED;
  if (method.kind !== 'sha2') return FAILED; // a known password has not fitted before
  if (!ground.secure) return judgeEncrypted(method, payload, ground);
  const password = readClearPassword(payload);
  return password === null ? FAILED : { kind: 'check', secret: { kind: 'clear', password: Buffer.from(password) } };
}

/** What came after the public key was sent. */
export function judgeEncrypted(method: AuthMethod, payload: Buffer, { nonce }: Ground): Verdict {
  if (method.kind !== 'sha2') return FAILED;
  return { kind: 'check', secret: { kind: 'encrypted', data: Buffer.from(payload), nonce } };
}

function fits(password: Buffer, plugin: ClientPlugin, response: Buffer, ground: Ground): boolean {
  const { nonce, longNonce, secure } = ground;
  switch (plugin) {
    case NATIVE_PASSWORD:
      return verifyNative(password, nonce, response);
    case CACHING_SHA2_PASSWORD:
      return verifyCachingSha2(password, nonce, response);
    case ED25519:
      return ed25519Verify(ed25519PublicKey(password), longNonce, response);
    case CLEAR_PASSWORD: {
      const given = readClearPassword(response);
      return secure && given !== null && sameResponse(given, password);
    }
    case SHA256_PASSWORD:
      return false; // not offered where the password is known
  }
  return plugin satisfies never;
}
