import { Capability } from '../src/constants';
import { ProtocolError } from '../src/errors';

export const CAPABILITIES =
  (Capability.LONG_PASSWORD |
    Capability.LONG_FLAG |
    Capability.PROTOCOL_41 |
    Capability.TRANSACTIONS |
    Capability.SECURE_CONNECTION |
    Capability.MULTI_RESULTS |
    Capability.CONNECT_WITH_DB |
    Capability.PLUGIN_AUTH |
    Capability.CONNECT_ATTRS |
    Capability.PLUGIN_AUTH_LENENC |
    Capability.SESSION_TRACK |
    Capability.DEPRECATE_EOF) >>>
  0;

export const NONCE = Buffer.from('0123456789abcdefghij');

/** Every prefix of `payload` must decode or be refused by a ProtocolError. */
export function expectOnlyProtocolErrors(payload: Buffer, decode: (payload: Buffer) => unknown): void {
  for (let length = 0; length <= payload.length; length++) {
    try {
      decode(payload.subarray(0, length));
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  }
}
