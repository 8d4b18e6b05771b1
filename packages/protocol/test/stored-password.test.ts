import fc from 'fast-check';
import { ed25519PublicKey, ed25519Sign, ed25519Verify, parseEd25519Key } from '../src/auth/ed25519';
import { authMethod } from '../src/auth/method';
import { parseNativeHash, recoverStage1, nativeResponse } from '../src/auth/native';
import { parseStoredPassword, verifyCrypt, verifyPbkdf2 } from '../src/auth/stored-password';
import { clearCredential } from '../src/auth/credential';
import { NONCE } from './messages';

const hex = (text: string): string => Buffer.from(text, 'hex').toString('latin1');
/** As MySQL 9.7 stored them. */
const CACHING = hex(
  '2441243030412461260229522207220E5677010D18497933172B2566614B692F454E4D6C76495359346F356D773270326E43634E2E663846384F72644D42466D764A65434338',
);
const SHA256 = hex(
  '2435246A256A626E4C670C1051675A6C3A032C4A73667A2436712F476130336F5162474E6D6B662F343234435372586855766648672E465A4F57305351695173654C41',
);
const PBKDF2 = hex(
  '24422430303524754E6C5C47116D056C6B6C15623D4C767C6A4C15734D5373514C7451634945737A526E50357A4D7866726562446355434F486E7059494B6946594C343651435959634C68646936636C4D5A394C594446734F506E383239484B744E327969514E6E77593063306E3975513D3D',
);

function crypt(stored: string, password: string): boolean {
  const parsed = parseStoredPassword(stored);
  if (parsed?.kind !== 'crypt') throw new Error('of another kind');
  return verifyCrypt(parsed, Buffer.from(password));
}

describe('stored passwords', () => {
  it('fit as they do on MySQL 9.7: $A$ with 10,000 rounds', () => {
    expect(parseStoredPassword(CACHING)).toMatchObject({ kind: 'crypt', rounds: 10_000 });
    expect(crypt(CACHING, 'secret2')).toBe(true);
    expect(crypt(CACHING, 'secret3')).toBe(false);
    expect(crypt(CACHING, '')).toBe(false);
  });

  it('fit as they do on MySQL 9.7: $5$', () => {
    expect(parseStoredPassword(SHA256)).toMatchObject({ kind: 'crypt', rounds: 5000 });
    expect(crypt(SHA256, 'secret-cs')).toBe(true);
    expect(crypt(SHA256, 'secret-ca')).toBe(false);
  });

  it('fit as they do on MySQL 9.7: $B$', async () => {
    const parsed = parseStoredPassword(PBKDF2);
    expect(parsed).toMatchObject({ kind: 'pbkdf2', iterations: 5000 });
    if (parsed?.kind !== 'pbkdf2') return;
    expect(await verifyPbkdf2(parsed, Buffer.from('secret-cb'))).toBe(true);
    expect(await verifyPbkdf2(parsed, Buffer.from('secret-ca'))).toBe(false);
    expect(await verifyPbkdf2(parsed, Buffer.alloc(257, 'x'))).toBe(false);
  });

  it('are longer than 256 bytes for nobody', () => {
    expect(crypt(SHA256, 'x'.repeat(257))).toBe(false);
  });

  it.each([
    '',
    '$A$',
    '$A$000$',
    `$A$FFF$${'s'.repeat(20)}${'h'.repeat(43)}`,
    '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19',
  ])('are nobody’s when they look like %j', (stored) => expect(parseStoredPassword(stored)).toBeNull());

  it('are parsed or not, whatever they are', () => {
    const prefix = fc.constantFrom('$A$005$', '$B$005$', '$5$', '', '*');
    fc.assert(
      fc.property(prefix, fc.string({ maxLength: 130 }), (head, rest) => void parseStoredPassword(head + rest)),
    );
  });
});

describe('a native hash', () => {
  const stored = '*74B1C21ACE0C2D6B0678A5E503D2A60E8F9651A3';
  it('is enough to check a response, which tells what backends need', () => {
    const stage2 = parseNativeHash('*14E65567ABDB5135D0CFD9A70B3032C179A49EE7')!; // of 'secret'
    const stage1 = recoverStage1(stage2, NONCE, nativeResponse(clearCredential('secret'), NONCE));
    expect(stage1).not.toBeNull();
    const other = Buffer.alloc(20, 0x42);
    expect(nativeResponse({ kind: 'native', stage1: stage1! }, other)).toEqual(
      nativeResponse(clearCredential('secret'), other),
    );
    expect(recoverStage1(stage2, other, nativeResponse(clearCredential('secret'), NONCE))).toBeNull();
    expect(recoverStage1(parseNativeHash(stored)!, NONCE, nativeResponse(clearCredential('secret'), NONCE))).toBeNull();
    for (const length of [0, 1, 19, 21]) expect(recoverStage1(stage2, NONCE, Buffer.alloc(length))).toBeNull();
  });

  it('is nobody’s when it is no hash', () => {
    for (const bad of ['', 'invalid', '*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE', `${stored}0`]) {
      expect(parseNativeHash(bad)).toBeNull();
    }
  });
});

describe('client_ed25519', () => {
  it('has the keys that MariaDB 10.11 has', () => {
    const keys = {
      'ed-secret': 'iFtPrXxSq24O2KT6Y8PC8HTINI076TyJRUaCZeiuirM',
      secret: 'ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY',
    };
    for (const [password, key] of Object.entries(keys)) {
      expect(ed25519PublicKey(Buffer.from(password))).toEqual(parseEd25519Key(key));
    }
    expect(parseEd25519Key('no key')).toBeNull();
  });

  it('signs what only that password signs, for that nonce', () => {
    const [password, nonce] = [
      Buffer.from('a password longer than thirty-two bytes, and ünicode'),
      Buffer.alloc(32, 9),
    ];
    const signature = ed25519Sign(password, nonce);
    const key = ed25519PublicKey(password);
    expect(ed25519Verify(key, nonce, signature)).toBe(true);
    expect(ed25519Verify(key, Buffer.alloc(32, 8), signature)).toBe(false);
    expect(ed25519Verify(ed25519PublicKey(Buffer.from('other')), nonce, signature)).toBe(false);
    expect(ed25519Verify(key, nonce, signature.subarray(1))).toBe(false);
    expect(ed25519Verify(Buffer.alloc(32, 0xff), nonce, signature)).toBe(false);
  });
});

describe('an account’s plugin and authentication string', () => {
  it('say how it is entered', () => {
    expect(authMethod('mysql_native_password', '', null)).toEqual({ kind: 'empty', plugin: 'mysql_native_password' });
    expect(authMethod('caching_sha2_password', '', null)).toEqual({ kind: 'empty', plugin: 'caching_sha2_password' });
    expect(authMethod('caching_sha2_password', CACHING, PBKDF2)).toMatchObject({
      kind: 'sha2',
      hashes: [{ stored: CACHING }, { stored: PBKDF2 }],
    });
    expect(authMethod('mysql_native_password', 'invalid', null)).toEqual({ kind: 'native', hashes: [] });
    expect(authMethod('ed25519', 'ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY', null)).toMatchObject({
      kind: 'ed25519',
    });
    for (const plugin of ['unix_socket', 'pam', 'authentication_ldap_simple', 'mysql_no_login', '__proto__']) {
      expect(authMethod(plugin, 'x', null)).toBeNull();
    }
  });
});
