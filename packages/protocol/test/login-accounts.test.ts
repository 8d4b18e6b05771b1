import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import fc from 'fast-check';
import { ProtocolError } from '../src/errors';
import { cachingSha2Response, encryptPassword, unmaskPassword } from '../src/auth/caching-sha2';
import { ClientLogin } from '../src/auth/client-login';
import type { CheckedPassword, ClientLoginStep } from '../src/auth/client-login-steps';
import { clearCredential } from '../src/auth/credential';
import { ed25519PublicKey, ed25519Sign } from '../src/auth/ed25519';
import type { Found } from '../src/auth/found';
import { authMethod, type AuthMethod } from '../src/auth/method';
import { nativeResponse } from '../src/auth/native';
import { Capability } from '../src/constants';
import { decodeAuthSwitch, encodeHandshakeResponse, encodeSslRequest } from '../src/handshake';
import { CAPABILITIES, NONCE } from './messages';

const LONG_NONCE = Buffer.alloc(32, 7);
const NATIVE = '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'; // of 'secret'
const CACHING = `$A$005$${'s'.repeat(20)}${'h'.repeat(43)}`;
const SECOND = `$A$005$${'t'.repeat(20)}${'i'.repeat(43)}`;
const SHA256 = `$5$${'s'.repeat(20)}$${'h'.repeat(43)}`;
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = publicKey.export({ type: 'spki', format: 'pem' }) as string;

function methods(...ways: readonly (readonly [string, string, string?])[]): AuthMethod[] {
  return ways.map(([plugin, stored, second]) => authMethod(plugin, stored, second ?? null)!);
}

interface Options {
  readonly ways: AuthMethod[];
  readonly exists?: boolean;
  readonly known?: Record<string, string>;
  readonly isPrivate?: boolean;
  readonly key?: string | null;
  readonly defaultPlugin?: 'mysql_native_password' | 'caching_sha2_password';
}

function greeted({ ways, exists = true, known = {}, isPrivate = false, key = PEM, defaultPlugin }: Options) {
  const found: Found<string> = {
    account: exists ? 'row' : null,
    methods: ways,
    passwordOf: (stored) => (stored in known ? Buffer.from(known[stored]!) : null),
  };
  const login = new ClientLogin<string>({
    connectionId: 1,
    serverVersion: '9.7.4',
    capabilities: CAPABILITIES,
    defaultPlugin: defaultPlugin ?? 'caching_sha2_password',
    nonce: NONCE,
    longNonce: LONG_NONCE,
    characterSet: 45,
    status: 2,
    tlsAvailable: true,
    isPrivate,
    publicKey: key,
    find: () => found,
  });
  login.greeting();
  return login;
}

function response(authPlugin: string | null, authResponse: Buffer): Buffer {
  const capabilities = authPlugin === null ? CAPABILITIES & ~Capability.PLUGIN_AUTH : CAPABILITIES;
  const head = { capabilities: (capabilities & ~Capability.CONNECT_ATTRS) >>> 0, maxPacket: 1, characterSet: 45 };
  const rest = { mariadbCapabilities: 0, user: 'app', database: null, attributes: null };
  return encodeHandshakeResponse({
    ...head,
    ...rest,
    capabilities: (head.capabilities & ~Capability.CONNECT_WITH_DB) >>> 0,
    authResponse,
    authPlugin,
  });
}

function overTls(login: ClientLogin<string>): ClientLogin<string> {
  const capabilities = (CAPABILITIES | Capability.SSL) >>> 0;
  login.receive(encodeSslRequest({ capabilities, maxPacket: 1, characterSet: 45, mariadbCapabilities: 0 }));
  return login;
}

const sent = (step: ClientLoginStep<string>): Buffer => {
  if (step.kind !== 'send') throw new Error(`a message was due, not ${step.kind}`);
  return step.payload;
};
const FULL = Buffer.of(1, 4);
const sha2 = (password: string): Buffer => cachingSha2Response(Buffer.from(password), NONCE);
const native = (password: string): Buffer => nativeResponse(clearCredential(password), NONCE);
const right = (stored: string, password = 'secret'): CheckedPassword => ({ stored, password: Buffer.from(password) });
const clear = (password: string): Buffer => Buffer.from(`${password}\0`);

describe('an account with mysql_native_password', () => {
  const ways = methods(['mysql_native_password', NATIVE]);
  it('is entered by its hash, and what backends need is kept', () => {
    const login = greeted({ ways, defaultPlugin: 'mysql_native_password' });
    expect(login.receive(response('mysql_native_password', native('secret')))).toMatchObject({
      kind: 'accepted',
      account: 'row',
      stored: NATIVE,
      credential: { kind: 'native' },
      usedPassword: true,
      respond: [],
    });
  });

  it.each(['wrong', ''])('is not entered with %j', (password) => {
    const login = greeted({ ways });
    expect(login.receive(response('mysql_native_password', Buffer.alloc(0))).kind).toBe('send');
    expect(login.receive(native(password))).toEqual({
      kind: 'rejected',
      reason: 'PASSWORD',
      user: 'app',
      usedPassword: password !== '',
    });
  });

  it('switches a client that begins with another plugin', () => {
    const login = greeted({ ways });
    const step = login.receive(response('caching_sha2_password', sha2('secret')));
    expect(decodeAuthSwitch(sent(step))).toEqual({
      plugin: 'mysql_native_password',
      data: Buffer.concat([NONCE, Buffer.of(0)]),
    });
    expect(login.receive(native('secret')).kind).toBe('accepted');
  });

  it('lets a client without plugins in', () => {
    expect(greeted({ ways }).receive(response(null, native('secret'))).kind).toBe('accepted');
    expect(
      greeted({ ways: methods(['caching_sha2_password', CACHING]) }).receive(response(null, native('secret'))),
    ).toEqual({ kind: 'rejected', reason: 'PLUGIN', user: 'app', usedPassword: false });
  });
});

describe('an account with caching_sha2_password', () => {
  const ways = methods(['caching_sha2_password', CACHING, SECOND]);
  const begin = (login: ClientLogin<string>, password = 'secret'): ClientLoginStep<string> =>
    login.receive(response('caching_sha2_password', sha2(password)));

  it('is asked for the password itself at first, by TLS', () => {
    const login = overTls(greeted({ ways }));
    expect(sent(begin(login))).toEqual(FULL);
    const step = login.receive(clear('secret'));
    expect(step).toMatchObject({
      kind: 'check',
      check: { user: 'app', hashes: [{ stored: CACHING }, { stored: SECOND }], secret: { kind: 'clear' } },
    });
    expect(login.checked(right(SECOND))).toMatchObject({
      kind: 'accepted',
      stored: SECOND,
      credential: clearCredential('secret'),
      respond: [],
    });
  });

  it('is never asked for it in clear without TLS', () => {
    const login = greeted({ ways });
    begin(login);
    const step = login.receive(clear('secret'));
    // whatever comes counts as encrypted
    expect(step).toMatchObject({ kind: 'check', check: { secret: { kind: 'encrypted' } } });
    expect(login.checked(null)).toMatchObject({ kind: 'rejected', usedPassword: true });
  });

  it('gives our key to who asks, and takes what was encrypted with it', () => {
    const login = greeted({ ways });
    begin(login);
    expect(sent(login.receive(Buffer.of(2))).toString('latin1', 1)).toBe(PEM);
    const step = login.receive(encryptPassword(Buffer.from('secret'), NONCE, Buffer.from(PEM)));
    if (step.kind !== 'check' || step.check.secret.kind !== 'encrypted') throw new Error('a check was due');
    const { data, nonce } = step.check.secret;
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
    expect(unmaskPassword(privateDecrypt({ key: privateKey, ...padding }, data), nonce)).toEqual(Buffer.from('secret'));
    expect(login.checked(right(CACHING)).kind).toBe('accepted');
  });

  it('takes it also from a client that has the key already', () => {
    const login = greeted({ ways });
    begin(login);
    expect(login.receive(encryptPassword(Buffer.from('secret'), NONCE, Buffer.from(PEM))).kind).toBe('check');
  });

  it('needs none by a Unix-domain socket', () => {
    const login = greeted({ ways, isPrivate: true });
    begin(login);
    expect(login.receive(clear('secret'))).toMatchObject({ kind: 'check', check: { secret: { kind: 'clear' } } });
  });

  it('is fast once a password is known, the second one too', () => {
    const known = { [SECOND]: 'older' };
    const step = begin(greeted({ ways, known }), 'older');
    expect(step).toMatchObject({ kind: 'accepted', stored: SECOND, respond: [Buffer.of(1, 3)] });
    expect(sent(begin(greeted({ ways, known }), 'secret'))).toEqual(FULL);
  });

  it('is refused at once without a password', () => {
    for (const empty of [Buffer.alloc(0), Buffer.of(0)]) {
      const step = greeted({ ways }).receive(response('caching_sha2_password', empty));
      expect(step).toEqual({ kind: 'rejected', reason: 'PASSWORD', user: 'app', usedPassword: false });
    }
  });

  it('without a key there is no way but TLS', () => {
    const login = greeted({ ways, key: null });
    begin(login);
    expect(login.receive(Buffer.of(2)).kind).toBe('rejected');
  });

  it('takes nothing while a password is checked, and one answer only', () => {
    const login = overTls(greeted({ ways }));
    begin(login);
    login.receive(clear('secret'));
    expect(() => login.receive(clear('secret'))).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
    login.checked(null);
    expect(() => login.checked(right(CACHING))).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
  });

  it('an unknown user goes the same way to its end, even with a password that fits', () => {
    const known = { [CACHING]: 'secret' };
    const login = overTls(greeted({ ways, exists: false, known }));
    expect(sent(begin(login))).toEqual(FULL);
    expect(login.receive(clear('secret')).kind).toBe('check');
    expect(login.checked(right(CACHING))).toEqual({
      kind: 'rejected',
      reason: 'PASSWORD',
      user: 'app',
      usedPassword: true,
    });
  });
});

describe('an account with sha256_password', () => {
  const ways = methods(['sha256_password', SHA256]);
  it('sends it at once by TLS', () => {
    const login = overTls(greeted({ ways }));
    expect(login.receive(response('sha256_password', clear('secret')))).toMatchObject({
      kind: 'check',
      check: { secret: { kind: 'clear', password: Buffer.from('secret') } },
    });
    expect(login.checked(right(SHA256))).toMatchObject({ kind: 'accepted', respond: [] });
  });

  it('asks for the key otherwise', () => {
    const login = greeted({ ways });
    const switched = login.receive(response('caching_sha2_password', sha2('secret')));
    expect(decodeAuthSwitch(sent(switched)).plugin).toBe('sha256_password');
    expect(sent(login.receive(Buffer.of(1))).toString('latin1', 1)).toBe(PEM);
    expect(login.receive(Buffer.alloc(256, 1))).toMatchObject({ kind: 'check' });
  });

  it('is refused at once without a password', () => {
    expect(overTls(greeted({ ways })).receive(response('sha256_password', Buffer.of(0))).kind).toBe('rejected');
  });
});

describe('an account with client_ed25519', () => {
  const password = Buffer.from('ed-secret');
  const stored = ed25519PublicKey(password).toString('base64').slice(0, 43);
  const ways = methods(['ed25519', stored]);
  it('signs a nonce of 32 bytes', () => {
    const login = greeted({ ways });
    const step = login.receive(response('client_ed25519', Buffer.alloc(0)));
    expect(decodeAuthSwitch(sent(step))).toEqual({ plugin: 'client_ed25519', data: LONG_NONCE });
    expect(login.receive(ed25519Sign(password, LONG_NONCE))).toMatchObject({
      kind: 'accepted',
      stored,
      credential: null,
    });
  });

  it('is refused with another signature', () => {
    for (const bad of [ed25519Sign(password, Buffer.alloc(32)), Buffer.alloc(64), Buffer.alloc(0), Buffer.alloc(70)]) {
      const login = greeted({ ways });
      login.receive(response('client_ed25519', Buffer.alloc(0)));
      expect(login.receive(bad).kind).toBe('rejected');
    }
  });
});

describe('an account with several ways in', () => {
  const ways = methods(
    ['mysql_native_password', NATIVE],
    ['caching_sha2_password', CACHING],
    ['mysql_native_password', ''],
  );
  it('tries them in order', () => {
    const login = greeted({ ways, known: { [CACHING]: 'other' } });
    expect(decodeAuthSwitch(sent(login.receive(response('caching_sha2_password', sha2('other'))))).plugin).toBe(
      'mysql_native_password',
    );
    expect(decodeAuthSwitch(sent(login.receive(native('other')))).plugin).toBe('caching_sha2_password');
    expect(login.receive(sha2('other'))).toMatchObject({ kind: 'accepted', stored: CACHING });
  });

  it('ends when none fits', () => {
    const login = greeted({ ways });
    login.receive(response('mysql_native_password', native('x')));
    login.receive(sha2('x'));
    login.receive(Buffer.of(2));
    login.receive(Buffer.alloc(256));
    expect(sent(login.checked(null))[0]).toBe(0xfe);
    expect(login.receive(native('x'))).toMatchObject({ kind: 'rejected' });
  });

  it('needs no password where one way has none', () => {
    const login = greeted({ ways });
    const first = login.receive(response('mysql_native_password', Buffer.alloc(0)));
    expect(first.kind).toBe('send');
    login.receive(Buffer.alloc(0));
    login.receive(Buffer.alloc(0));
    expect(login.receive(Buffer.alloc(0))).toMatchObject({ kind: 'accepted', stored: null, usedPassword: false });
  });
});

it('throws nothing but ProtocolError, whatever a client says at whatever point', () => {
  const plugin = fc.constantFrom(
    'mysql_native_password',
    'caching_sha2_password',
    'sha256_password',
    'client_ed25519',
    'x',
  );
  const message = fc.oneof(
    fc.tuple(plugin, fc.uint8Array({ maxLength: 300 })).map(([name, proof]) => response(name, Buffer.from(proof))),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(Buffer.of(1), Buffer.of(2), Buffer.of(0), Buffer.alloc(0), clear('secret')),
  );
  const ways = methods(['ed25519', 'A'.repeat(43)], ['caching_sha2_password', CACHING], ['sha256_password', SHA256]);
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), fc.boolean(), fc.boolean(), (messages, isPrivate, exists) => {
      const login = greeted({ ways, isPrivate, exists });
      try {
        for (const payload of messages) {
          const step = login.receive(payload);
          const next = step.kind === 'check' ? login.checked(null) : step;
          expect(next.kind).not.toBe('accepted');
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
  );
});

describe('an account whose password is known in clear', () => {
  const ways: AuthMethod[] = [{ kind: 'password', password: Buffer.from('secret') }];
  it.each([true, false])('asks for a wrong password before it refuses it, as servers do (exists: %s)', (exists) => {
    const begun = (key: string | null): ClientLogin<string> => greeted({ ways, exists, key });
    const wrong = response('caching_sha2_password', sha2('wrong'));
    const rejected = { kind: 'rejected', reason: 'PASSWORD', user: 'app', usedPassword: true };
    const plain = begun(PEM);
    expect(sent(plain.receive(wrong))).toEqual(FULL);
    expect(
      sent(plain.receive(Buffer.of(2)))
        .subarray(1)
        .toString(),
    ).toBe(PEM);
    expect(plain.receive(encryptPassword(Buffer.from('wrong'), NONCE, Buffer.from(PEM)))).toEqual(rejected);
    const encrypted = overTls(begun(null));
    expect(sent(encrypted.receive(wrong))).toEqual(FULL);
    expect(encrypted.receive(clear('wrong'))).toEqual(rejected);
    expect(begun(null).receive(wrong)).toEqual(rejected); // there is no way to send it
  });

  it('takes mysql_clear_password by TLS only', () => {
    const login = overTls(greeted({ ways }));
    expect(login.receive(response('mysql_clear_password', clear('secret'))).kind).toBe('accepted');
    expect(overTls(greeted({ ways })).receive(response('mysql_clear_password', clear('wrong'))).kind).toBe('rejected');
    const plain = greeted({ ways });
    const step = plain.receive(response('mysql_clear_password', clear('secret')));
    expect(decodeAuthSwitch(sent(step)).plugin).toBe('caching_sha2_password');
  });

  it('takes a signature', () => {
    const login = greeted({ ways });
    login.receive(response('client_ed25519', Buffer.alloc(0)));
    expect(login.receive(ed25519Sign(Buffer.from('secret'), LONG_NONCE))).toMatchObject({
      kind: 'accepted',
      stored: null,
      credential: clearCredential('secret'),
    });
  });
});
