import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { BackendLogin, type BackendLoginOptions, type LoginStep } from '../src/auth/backend-login';
import { cachingSha2Response } from '../src/auth/caching-sha2';
import { ClientLogin } from '../src/auth/client-login';
import type { ClientLoginOptions, ClientLoginStep } from '../src/auth/client-login-steps';
import { clearCredential } from '../src/auth/credential';
import { ed25519PublicKey, ed25519Verify } from '../src/auth/ed25519';
import { foundByPassword } from '../src/auth/found';
import { nativeResponse } from '../src/auth/native';
import { Capability } from '../src/constants';
import { ProtocolError } from '../src/errors';
import {
  decodeAuthSwitch,
  decodeHandshakeResponse,
  encodeAuthMoreData,
  encodeAuthSwitch,
  encodeHandshake,
  encodeHandshakeResponse,
  type ChangeUser,
} from '../src/handshake';
import { encodeErr, encodeOk } from '../src/replies';
import { CAPABILITIES, NONCE } from './messages';

const OK = encodeOk(
  { header: 0, affectedRows: 0, lastInsertId: 0n, status: 2, warnings: 0, info: '', trackers: null },
  CAPABILITIES,
);
const DENIED = { code: 1045, sqlState: '28000', message: 'Access denied' };
const LONG_NONCE = Buffer.alloc(32, 7);
const OTHER_NONCE = Buffer.from('jihgfedcba9876543210');

function backend(options: Partial<BackendLoginOptions> = {}): BackendLogin {
  return new BackendLogin({
    user: 'app',
    credential: clearCredential('secret'),
    database: 'shop',
    capabilities: CAPABILITIES,
    characterSet: 45,
    attributes: new Map([['program_name', 'test']]),
    tls: 'off',
    ...options,
  });
}

function greeting(authPlugin: string, capabilities: number = CAPABILITIES | Capability.SSL): Buffer {
  return encodeHandshake({
    serverVersion: '9.7.4',
    connectionId: 12,
    nonce: NONCE,
    capabilities: capabilities >>> 0,
    characterSet: 255,
    status: 2,
    authPlugin,
    mariadbCapabilities: 0,
  });
}

function sent(step: LoginStep | ClientLoginStep<string>): Buffer {
  if (step.kind !== 'send') throw new Error(`a message was due, not ${step.kind}`);
  return step.payload;
}

function client(options: Partial<ClientLoginOptions<string>> = {}): ClientLogin<string> {
  return new ClientLogin({
    connectionId: 12,
    serverVersion: '9.7.4',
    capabilities: CAPABILITIES,
    defaultPlugin: 'caching_sha2_password',
    nonce: NONCE,
    characterSet: 45,
    status: 2,
    tlsAvailable: true,
    longNonce: LONG_NONCE,
    isPrivate: false,
    publicKey: null,
    find: (user) => {
      const password = new Map([
        ['app', 'secret'],
        ['open', ''],
      ]).get(user);
      return foundByPassword(password === undefined ? null : user, Buffer.from(password ?? ''));
    },
    ...options,
  });
}

function response(user: string, authPlugin: string | null, authResponse: Buffer): Buffer {
  const capabilities = authPlugin === null ? CAPABILITIES & ~Capability.PLUGIN_AUTH : CAPABILITIES;
  return encodeHandshakeResponse({
    capabilities: (capabilities & ~Capability.CONNECT_ATTRS) >>> 0,
    maxPacket: 1,
    characterSet: 33,
    mariadbCapabilities: 0,
    user,
    authResponse,
    database: 'shop',
    authPlugin,
    attributes: null,
  });
}

function sha2(password: string): Buffer {
  return cachingSha2Response(Buffer.from(password), NONCE);
}

function greeted(options: Partial<ClientLoginOptions<string>> = {}): ClientLogin<string> {
  const login = client(options);
  login.greeting();
  return login;
}

function loggedIn(): ClientLogin<string> {
  const login = greeted();
  login.receive(response('app', 'caching_sha2_password', sha2('secret')));
  return login;
}

describe('BackendLogin', () => {
  it.each([
    ['mysql_native_password', nativeResponse(clearCredential('secret'), NONCE)],
    ['caching_sha2_password', sha2('secret')],
  ])('answers the greeting for %s', (plugin, expected) => {
    const login = backend();
    const step = login.receive(greeting(plugin), 0);
    expect(step).toMatchObject({ kind: 'send', sequence: 1 });
    expect(decodeHandshakeResponse(sent(step))).toMatchObject({
      user: 'app',
      database: 'shop',
      authPlugin: plugin,
      authResponse: expected,
      attributes: new Map([['program_name', 'test']]),
    });
    expect(login.receive(OK, 2)).toMatchObject({ kind: 'done', ok: { status: 2 } });
    expect(login).toMatchObject({ serverVersion: '9.7.4', connectionId: 12, defaultCollation: 255 });
    expect(login.capabilities).toBe(CAPABILITIES);
  });

  it('asks for what the server offers, and no more', () => {
    const login = backend({ database: null, attributes: null });
    login.receive(greeting('mysql_native_password', CAPABILITIES & ~Capability.SESSION_TRACK), 0);
    const left = Capability.SESSION_TRACK | Capability.CONNECT_WITH_DB | Capability.CONNECT_ATTRS;
    expect(login.capabilities).toBe((CAPABILITIES & ~left) >>> 0);
  });

  it('waits for the OK after fast authentication', () => {
    const login = backend();
    login.receive(greeting('caching_sha2_password'), 0);
    expect(login.receive(encodeAuthMoreData(Buffer.of(3)), 2)).toEqual({ kind: 'wait' });
    expect(login.receive(OK, 3).kind).toBe('done');
  });

  it('sends the password itself by TLS, after an SSLRequest with the same head', () => {
    const login = backend({ tls: 'required' });
    const start = login.receive(greeting('caching_sha2_password'), 0);
    expect(start).toMatchObject({ kind: 'start-tls', sequence: 1 });
    const reply = login.tlsEstablished();
    expect(reply).toMatchObject({ kind: 'send', sequence: 2 });
    if (start.kind === 'start-tls') expect(sent(reply).subarray(0, 32).equals(start.payload)).toBe(true);
    const full = login.receive(encodeAuthMoreData(Buffer.of(4)), 3);
    expect(full).toEqual({ kind: 'send', payload: Buffer.from('secret\0'), sequence: 4 });
    expect(login.receive(OK, 5).kind).toBe('done');
  });

  it('asks for the public key without TLS', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const login = backend();
    login.receive(greeting('caching_sha2_password'), 0);
    const ask = login.receive(encodeAuthMoreData(Buffer.of(4)), 2);
    expect(ask).toEqual({ kind: 'send', payload: Buffer.of(2), sequence: 3 });
    const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }));
    expect(sent(login.receive(encodeAuthMoreData(pem), 4))).toHaveLength(256);
    expect(login.receive(encodeErr(DENIED), 6)).toEqual({ kind: 'failed', error: DENIED });
  });

  it('follows a switch of the plugin, with its nonce', () => {
    const login = backend();
    login.receive(greeting('caching_sha2_password'), 0);
    const step = login.receive(encodeAuthSwitch({ plugin: 'mysql_native_password', data: OTHER_NONCE }), 2);
    expect(step).toEqual({
      kind: 'send',
      payload: nativeResponse(clearCredential('secret'), OTHER_NONCE),
      sequence: 3,
    });
    expect(login.receive(OK, 4).kind).toBe('done');
  });

  it('asks for the key of sha256_password at once', () => {
    const login = backend();
    login.receive(greeting('caching_sha2_password'), 0);
    const step = login.receive(encodeAuthSwitch({ plugin: 'sha256_password', data: OTHER_NONCE }), 2);
    expect(step).toEqual({ kind: 'send', payload: Buffer.of(1), sequence: 3 });
    expect(login.receive(encodeErr(DENIED), 4).kind).toBe('failed');
  });

  it('gives up when the server keeps switching', () => {
    const login = backend();
    login.receive(greeting('caching_sha2_password'), 0);
    const again = encodeAuthSwitch({ plugin: 'mysql_native_password', data: OTHER_NONCE });
    for (let round = 0; round < 8; round++) login.receive(again, 2 + 2 * round);
    expect(() => login.receive(again, 18)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it.each(['mysql_clear_password', 'mysql_old_password', 'dialog', '\u001b[31m'])(
    'sends nothing to a server that asks for %j',
    (plugin) => {
      const login = backend();
      login.receive(greeting('caching_sha2_password'), 0);
      const attempt = (): LoginStep => login.receive(encodeAuthSwitch({ plugin, data: OTHER_NONCE }), 2);
      expect(attempt).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
      expect(attempt).not.toThrow('secret');
      expect(attempt).not.toThrow('\u001b');
    },
  );

  it('signs for client_ed25519, also a nonce that ends with a NUL', () => {
    const login = backend();
    login.receive(greeting('mysql_native_password'), 0);
    const nonce = Buffer.concat([Buffer.alloc(31, 5), Buffer.of(0)]);
    const signature = sent(login.receive(encodeAuthSwitch({ plugin: 'client_ed25519', data: nonce }), 2));
    expect(ed25519Verify(ed25519PublicKey(Buffer.from('secret')), nonce, signature)).toBe(true);
  });

  it('with SHA1(password) alone speaks mysql_native_password, and leaves other ways closed', () => {
    const stage1 = createHash('sha1').update('secret').digest();
    const login = backend({ credential: { kind: 'native', stage1 } });
    const first = decodeHandshakeResponse(sent(login.receive(greeting('caching_sha2_password'), 0)));
    expect(first).toMatchObject({
      authPlugin: 'mysql_native_password',
      authResponse: nativeResponse(clearCredential('secret'), NONCE),
    });
    for (const plugin of ['client_ed25519', 'caching_sha2_password', 'sha256_password', 'mysql_clear_password']) {
      const data = Buffer.alloc(plugin === 'client_ed25519' ? 32 : 20, 1);
      expect(sent(login.receive(encodeAuthSwitch({ plugin, data }), 2))).toHaveLength(0);
    }
    const back = login.receive(encodeAuthSwitch({ plugin: 'mysql_native_password', data: OTHER_NONCE }), 4);
    expect(sent(back)).toEqual(nativeResponse(clearCredential('secret'), OTHER_NONCE));
  });

  it('refuses a server without TLS where it is required', () => {
    const login = backend({ tls: 'required' });
    expect(() => login.receive(greeting('caching_sha2_password', CAPABILITIES), 0)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });

  it('reports an ERR instead of a greeting', () => {
    const payload = Buffer.concat([Buffer.from('ff1004', 'hex'), Buffer.from('Too many connections')]);
    expect(backend().receive(payload, 0)).toMatchObject({ kind: 'failed', error: { code: 1040 } });
  });

  it('is over when it is over', () => {
    const login = backend();
    expect(() => login.serverVersion).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
    expect(() => login.tlsEstablished()).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
    login.receive(greeting('mysql_native_password'), 0);
    login.receive(OK, 2);
    expect(() => login.receive(OK, 3)).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
  });

  it('throws nothing but ProtocolError, whatever the server says', () => {
    const first = fc.constantFrom(0x00, 0x01, 0x0a, 0xfe, 0xff);
    const message = fc
      .tuple(first, fc.uint8Array({ maxLength: 60 }))
      .map(([head, rest]) => Buffer.from([head, ...rest]));
    const known = fc.constantFrom(
      greeting('caching_sha2_password'),
      encodeAuthMoreData(Buffer.of(4)),
      encodeAuthSwitch({ plugin: 'sha256_password', data: NONCE }),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(message, known), { maxLength: 5 }), (messages) => {
        const login = backend();
        try {
          messages.forEach((payload, i) => login.receive(payload, i * 2));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});

describe('ClientLogin', () => {
  it('lets in a client of either plugin', () => {
    expect(
      greeted().receive(response('app', 'mysql_native_password', nativeResponse(clearCredential('secret'), NONCE))),
    ).toMatchObject({
      kind: 'accepted',
      user: 'app',
      database: 'shop',
      characterSet: 33,
      respond: [],
    });
    expect(greeted().receive(response('app', 'caching_sha2_password', sha2('secret')))).toMatchObject({
      kind: 'accepted',
      respond: [Buffer.of(1, 3)],
    });
  });

  it('takes the response of a client without plugins for a native one', () => {
    const login = greeted();
    expect(login.receive(response('app', null, nativeResponse(clearCredential('secret'), NONCE))).kind).toBe(
      'accepted',
    );
    expect(greeted().receive(response('open', null, Buffer.alloc(0))).kind).toBe('accepted');
  });

  it('says the OK at once to a client that needs no password', () => {
    for (const empty of [Buffer.alloc(0), Buffer.of(0)]) {
      expect(greeted().receive(response('open', 'caching_sha2_password', empty))).toMatchObject({
        kind: 'accepted',
        respond: [],
      });
    }
  });

  it('grants no capability that it did not offer', () => {
    const login = greeted({ capabilities: (CAPABILITIES & ~Capability.DEPRECATE_EOF) >>> 0 });
    const step = login.receive(response('app', 'caching_sha2_password', sha2('secret')));
    expect(step.kind === 'accepted' && step.capabilities & Capability.DEPRECATE_EOF).toBe(0);
  });

  it('switches a client of another plugin to the default one', () => {
    const login = greeted({ defaultPlugin: 'mysql_native_password' });
    const step = login.receive(response('app', 'dialog', Buffer.from('whatever')));
    expect(decodeAuthSwitch(sent(step))).toEqual({
      plugin: 'mysql_native_password',
      data: Buffer.concat([NONCE, Buffer.of(0)]),
    });
    expect(login.receive(nativeResponse(clearCredential('secret'), NONCE)).kind).toBe('accepted');
  });

  it('gives a client that waits for it the nonce of its own plugin', () => {
    const login = greeted({ defaultPlugin: 'mysql_native_password' });
    const step = login.receive(response('app', 'caching_sha2_password', Buffer.alloc(0)));
    expect(decodeAuthSwitch(sent(step)).plugin).toBe('caching_sha2_password');
    expect(login.receive(sha2('secret'))).toMatchObject({ kind: 'accepted', respond: [Buffer.of(1, 3)] });
  });

  it.each([
    ['mysql_native_password', nativeResponse(clearCredential('wrong'), NONCE), true],
    ['caching_sha2_password', sha2('wrong'), true],
    ['caching_sha2_password', Buffer.alloc(0), false],
    ['caching_sha2_password', Buffer.of(0), false],
    ['caching_sha2_password', Buffer.alloc(500, 1), true],
  ])('answers a wrong password and an unknown user alike (%s, case %#)', (plugin, proof, usedPassword) => {
    const steps = ['app', 'nobody'].map((user) => greeted().receive(response(user, plugin, proof)));
    expect(steps).toEqual([
      { kind: 'rejected', reason: 'PASSWORD', user: 'app', usedPassword },
      { kind: 'rejected', reason: 'PASSWORD', user: 'nobody', usedPassword },
    ]);
  });

  it('lets no unknown user in with the decoy', () => {
    const proof = sha2('a password that nobody has');
    expect(greeted().receive(response('nobody', 'caching_sha2_password', proof)).kind).toBe('rejected');
  });

  it('starts TLS once, and only where it was offered', () => {
    const request = response('app', 'caching_sha2_password', sha2('secret')).subarray(0, 32);
    const ssl = Buffer.from(request);
    ssl.writeUInt32LE((CAPABILITIES | Capability.SSL) >>> 0, 0);
    const login = greeted();
    expect(login.receive(ssl)).toEqual({ kind: 'start-tls' });
    expect(() => login.receive(ssl)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    expect(() => greeted({ tlsAvailable: false }).receive(ssl)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });

  it('goes through its states in order', () => {
    const login = client();
    expect(() => login.receive(Buffer.alloc(40))).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
    login.greeting();
    expect(() => login.greeting()).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
    login.receive(response('app', 'caching_sha2_password', sha2('wrong')));
    expect(() => login.receive(Buffer.alloc(40))).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
  });

  describe('COM_CHANGE_USER', () => {
    const message: ChangeUser = {
      user: 'open',
      authResponse: Buffer.alloc(0),
      database: null,
      characterSet: null,
      authPlugin: 'mysql_native_password',
      attributes: null,
    };

    it('verifies by the nonce of the greeting, as often as it comes', () => {
      const login = loggedIn();
      const asApp = {
        ...message,
        user: 'app',
        authResponse: nativeResponse(clearCredential('secret'), NONCE),
        characterSet: 309,
      };
      expect(login.changeUser(asApp)).toMatchObject({
        kind: 'accepted',
        user: 'app',
        database: null,
        characterSet: 309,
      });
      expect(login.changeUser({ ...asApp, characterSet: null })).toMatchObject({ kind: 'accepted', characterSet: 45 });
      expect(login.changeUser({ ...asApp, user: 'open' })).toMatchObject({ kind: 'rejected', usedPassword: true });
    });

    it('gives the nonce to a client that sends no response', () => {
      const login = loggedIn();
      const step = login.changeUser({ ...message, user: 'app', authPlugin: 'caching_sha2_password' });
      expect(decodeAuthSwitch(sent(step)).plugin).toBe('caching_sha2_password');
      expect(login.receive(sha2('secret'))).toMatchObject({ kind: 'accepted', capabilities: expect.any(Number) });
    });

    it('comes after a login only', () => {
      expect(() => greeted().changeUser(message)).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }));
    });
  });

  it('throws nothing but ProtocolError, whatever the client says', () => {
    const head = response('app', 'x', Buffer.alloc(0)).subarray(0, 32);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, withHead) => {
        const login = greeted();
        try {
          login.receive(withHead ? Buffer.concat([head, bytes]) : Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});

describe('both sides together', () => {
  it.each(['mysql_native_password', 'caching_sha2_password'] as const)('agree on %s', (defaultPlugin) => {
    const server = client({ defaultPlugin });
    const app = backend();
    const step = server.receive(sent(app.receive(server.greeting(), 0)));
    expect(step).toMatchObject({ kind: 'accepted', user: 'app', capabilities: app.capabilities });
    if (step.kind !== 'accepted') return;
    const steps = [...step.respond, OK].map((payload, i) => app.receive(payload, i + 2).kind);
    expect(steps.at(-1)).toBe('done');
  });
});
