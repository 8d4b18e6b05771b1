import { constants, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import {
  cachingSha2Response,
  clearPassword,
  encryptPassword,
  fastAuthResult,
  verifyCachingSha2,
} from '../src/auth/caching-sha2';
import { clearCredential } from '../src/auth/credential';
import { loginNonce } from '../src/auth/client-login';
import { nativeResponse, verifyNative } from '../src/auth/native';
import { NONCE } from './messages';

function badKey(): Buffer {
  return encryptPassword(Buffer.from('secret'), NONCE, Buffer.from('-----BEGIN PUBLIC KEY-----'));
}

describe('mysql_native_password', () => {
  it('gives the response that MariaDB 10.11 accepted', () => {
    const nonce = Buffer.from('524956552864425d2e6b533f7d7b72484f386577', 'hex');
    expect(nativeResponse(clearCredential('gehéim'), nonce).toString('hex')).toBe(
      'fa17c6a7ddf24a40b9553a32df38dfc742c627f0',
    );
  });

  it('gives none for an empty password', () => {
    expect(nativeResponse(clearCredential(''), NONCE)).toHaveLength(0);
    expect(verifyNative(Buffer.from(''), NONCE, Buffer.alloc(0))).toBe(true);
  });

  it('verifies', () => {
    expect(verifyNative(Buffer.from('secret'), NONCE, nativeResponse(clearCredential('secret'), NONCE))).toBe(true);
    expect(verifyNative(Buffer.from('secret'), NONCE, nativeResponse(clearCredential('Secret'), NONCE))).toBe(false);
    expect(verifyNative(Buffer.from('secret'), NONCE, nativeResponse(clearCredential('secret'), randomBytes(20)))).toBe(
      false,
    );
    expect(verifyNative(Buffer.from('secret'), NONCE, Buffer.alloc(0))).toBe(false);
    expect(verifyNative(Buffer.from(''), NONCE, nativeResponse(clearCredential('secret'), NONCE))).toBe(false);
  });
});

describe('caching_sha2_password', () => {
  it('gives the response that MySQL 9.7 accepted', () => {
    const nonce = Buffer.from('09331c2b744c25115b104301533f3c25457e7c4c', 'hex');
    expect(cachingSha2Response(Buffer.from('gehéim'), nonce).toString('hex')).toBe(
      'f7dd8b06c352e77b69fef0f1953e9bafa2e6a74aa846a8331ee729f9854fa43a',
    );
  });

  it('verifies, and takes a single NUL for no password', () => {
    expect(verifyCachingSha2(Buffer.from('secret'), NONCE, cachingSha2Response(Buffer.from('secret'), NONCE))).toBe(
      true,
    );
    expect(verifyCachingSha2(Buffer.from('secret'), NONCE, cachingSha2Response(Buffer.from('other'), NONCE))).toBe(
      false,
    );
    expect(verifyCachingSha2(Buffer.from('secret'), NONCE, Buffer.of(0))).toBe(false);
    expect(verifyCachingSha2(Buffer.from(''), NONCE, Buffer.of(0))).toBe(true);
    expect(verifyCachingSha2(Buffer.from(''), NONCE, Buffer.alloc(0))).toBe(true);
  });

  it('tells what the server wants', () => {
    expect(fastAuthResult(Buffer.of(3))).toBe(3);
    expect(fastAuthResult(Buffer.of(4))).toBe(4);
    for (const bad of [[], [5], [3, 3]]) {
      expect(() => fastAuthResult(Buffer.from(bad))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    }
  });

  it('encrypts the password, masked with the nonce, for the owner of the key', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }));
    const password = Buffer.from('a password longer than the nonce');
    const masked = privateDecrypt(
      { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      encryptPassword(password, NONCE, pem),
    );
    const clear = Buffer.from(masked.map((byte, i) => byte ^ (NONCE[i % 20] ?? 0)));
    expect(clear.equals(clearPassword(password))).toBe(true);
  });

  it('names neither key nor password when the key is bad', () => {
    expect(badKey).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    expect(badKey).not.toThrow(/secret|BEGIN/);
  });
});

describe('loginNonce', () => {
  it('holds no byte that a client takes for an end', () => {
    const all = Array.from({ length: 13 }, (_, i) =>
      loginNonce(Buffer.from(Array.from({ length: 20 }, (_v, j) => (i * 20 + j) & 0xff))),
    );
    for (const byte of Buffer.concat(all)) {
      expect(byte).toBeGreaterThan(0);
      expect(byte).toBeLessThan(0x80);
      expect(byte).not.toBe(0x24);
    }
    expect(() => loginNonce(Buffer.alloc(8))).toThrow(RangeError);
  });
});
