import fc from 'fast-check';
import { Capability } from '../src/constants';
import {
  decodeAuthSwitch,
  decodeChangeUser,
  decodeHandshake,
  decodeHandshakeResponse,
  decodeSslRequest,
  encodeAuthMoreData,
  encodeAuthSwitch,
  encodeChangeUser,
  encodeHandshake,
  encodeHandshakeResponse,
  encodeSslRequest,
  isSslRequest,
  type HandshakeResponse41,
  type HandshakeV10,
} from '../src/handshake';
import { CAPABILITIES, expectOnlyProtocolErrors, NONCE } from './messages';

const greeting: HandshakeV10 = {
  serverVersion: '9.7.4',
  connectionId: 0xfedcba98,
  nonce: NONCE,
  capabilities: (CAPABILITIES | Capability.REMEMBER_OPTIONS) >>> 0,
  characterSet: 255,
  status: 2,
  authPlugin: 'caching_sha2_password',
  mariadbCapabilities: 0,
};

const response: HandshakeResponse41 = {
  capabilities: CAPABILITIES,
  maxPacket: 0x1000000,
  characterSet: 45,
  mariadbCapabilities: 0,
  user: 'jörg',
  authResponse: Buffer.from('12345678901234567890123456789012'),
  database: 'shop',
  authPlugin: 'caching_sha2_password',
  attributes: new Map([
    ['_client_name', 'libmysql'],
    ['program_name', ''],
  ]),
};

describe('HandshakeV10', () => {
  it('round-trips', () => {
    expect(decodeHandshake(encodeHandshake(greeting))).toEqual(greeting);
  });

  it('shows the extended capabilities of MariaDB, which leaves out CLIENT_MYSQL', () => {
    const capabilities = (greeting.capabilities & ~Capability.LONG_PASSWORD) >>> 0;
    const mariadb = { ...greeting, serverVersion: '5.5.5-10.11.19-MariaDB', capabilities, mariadbCapabilities: 0x1d };
    expect(decodeHandshake(encodeHandshake(mariadb))).toEqual(mariadb);
    expect(decodeHandshake(encodeHandshake({ ...mariadb, capabilities: greeting.capabilities }))).toMatchObject({
      mariadbCapabilities: 0,
    });
  });

  it('reads what MySQL 9.7 sent', () => {
    const payload = Buffer.from(
      '0a392e372e342d32003d00000009331c2b744c251100ffffff0200ffdf15000000000000000000005b104301533f3c25457e7c4c00' +
        '63616368696e675f736861325f70617373776f726400',
      'hex',
    );
    const decoded = decodeHandshake(payload);
    expect(decoded).toEqual({
      serverVersion: '9.7.4-2',
      connectionId: 61,
      nonce: Buffer.from('09331c2b744c25115b104301533f3c25457e7c4c', 'hex'),
      capabilities: 0xdfffffff,
      characterSet: 255,
      status: 2,
      authPlugin: 'caching_sha2_password',
      mariadbCapabilities: 0,
    });
    expect(encodeHandshake(decoded).equals(payload)).toBe(true);
    expectOnlyProtocolErrors(payload, decodeHandshake);
  });

  it('reads what MariaDB 10.11 sent', () => {
    const payload = Buffer.from(
      '0a352e352e352d31302e31312e31382d4d6172696144422d302b64656231327531000a000000524956552864425d00feff080200ff8115' +
        '0000000000001d0000002e6b533f7d7b72484f386577006d7973716c5f6e61746976655f70617373776f726400',
      'hex',
    );
    const decoded = decodeHandshake(payload);
    expect(decoded).toMatchObject({
      serverVersion: '5.5.5-10.11.18-MariaDB-0+deb12u1',
      characterSet: 8,
      authPlugin: 'mysql_native_password',
      mariadbCapabilities: 0x1d,
    });
    expect(encodeHandshake(decoded).equals(payload)).toBe(true);
  });

  it('refuses protocol 9', () => {
    expect(() => decodeHandshake(Buffer.from([9, 0x35, 0]))).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});

describe('SSLRequest', () => {
  it('round-trips and is told from a response', () => {
    const head = { capabilities: (CAPABILITIES | Capability.SSL) >>> 0, maxPacket: 1, characterSet: 8 };
    const payload = encodeSslRequest({ ...head, mariadbCapabilities: 0 });
    expect(payload).toHaveLength(32);
    expect(isSslRequest(payload)).toBe(true);
    expect(decodeSslRequest(payload)).toEqual({ ...head, mariadbCapabilities: 0 });
    expect(isSslRequest(encodeHandshakeResponse(response))).toBe(false);
    expect(isSslRequest(Buffer.alloc(2))).toBe(false);
  });
});

describe('HandshakeResponse41', () => {
  it('round-trips', () => {
    expect(decodeHandshakeResponse(encodeHandshakeResponse(response))).toEqual(response);
  });

  it('round-trips without the optional fields', () => {
    const capabilities = Capability.PROTOCOL_41 | Capability.SECURE_CONNECTION | Capability.LONG_PASSWORD;
    const bare = { ...response, capabilities, database: null, authPlugin: null, attributes: null };
    expect(decodeHandshakeResponse(encodeHandshakeResponse(bare))).toEqual(bare);
  });

  it("shows a MariaDB client's extended capabilities", () => {
    const capabilities = (CAPABILITIES & ~Capability.LONG_PASSWORD) >>> 0;
    const mariadb = { ...response, capabilities, mariadbCapabilities: 4 };
    expect(decodeHandshakeResponse(encodeHandshakeResponse(mariadb))).toEqual(mariadb);
  });

  it('takes a schema or plugin name without its NUL at the end of the message', () => {
    const capabilities = (CAPABILITIES & ~Capability.CONNECT_ATTRS) >>> 0;
    const payload = encodeHandshakeResponse({ ...response, capabilities });
    expect(decodeHandshakeResponse(payload.subarray(0, -1))).toMatchObject({ authPlugin: 'caching_sha2_password' });
  });

  it('refuses a client older than 4.1', () => {
    expect(() => decodeHandshakeResponse(Buffer.from('850000ffffff726f6f7400', 'hex'))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});

describe('AuthSwitchRequest and AuthMoreData', () => {
  it('round-trip', () => {
    const message = { plugin: 'mysql_native_password', data: NONCE };
    expect(decodeAuthSwitch(encodeAuthSwitch(message))).toEqual(message);
    expect(encodeAuthMoreData(Buffer.of(3)).toString('hex')).toBe('0103');
  });

  it('reads the bare old form', () => {
    expect(decodeAuthSwitch(Buffer.of(0xfe)).plugin).toBe('mysql_old_password');
  });
});

describe('COM_CHANGE_USER', () => {
  const { user, authResponse, database, authPlugin, attributes } = response;
  const message = { user, authResponse, database, authPlugin, attributes, characterSet: 309 };

  it('round-trips', () => {
    expect(decodeChangeUser(encodeChangeUser(message, CAPABILITIES), CAPABILITIES)).toEqual(message);
  });

  it('round-trips in its short form', () => {
    const short = { ...message, characterSet: null, authPlugin: null, attributes: null, database: null };
    expect(decodeChangeUser(encodeChangeUser(short, CAPABILITIES), CAPABILITIES)).toEqual(short);
  });
});

describe('malformed logins', () => {
  const decoders = [
    decodeHandshake,
    decodeHandshakeResponse,
    decodeSslRequest,
    decodeAuthSwitch,
    (payload: Buffer) => decodeChangeUser(payload, CAPABILITIES),
  ];

  it('of any length are refused by a ProtocolError', () => {
    for (const decode of decoders) {
      expectOnlyProtocolErrors(encodeHandshake(greeting), decode);
      expectOnlyProtocolErrors(encodeHandshakeResponse(response), decode);
    }
  });

  it('of any content are refused by a ProtocolError', () => {
    const head = encodeHandshakeResponse(response).subarray(0, 32);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(...decoders), (bytes, decode) => {
        expectOnlyProtocolErrors(Buffer.from(bytes), decode);
        expectOnlyProtocolErrors(Buffer.concat([head, bytes]), decodeHandshakeResponse);
        expectOnlyProtocolErrors(Buffer.concat([Buffer.of(0x11), bytes]), decode);
        expectOnlyProtocolErrors(Buffer.concat([Buffer.of(0x0a), bytes]), decode);
      }),
    );
  });
});
