import { Capability } from '@myswitch/protocol';

/** What a client may negotiate with us. Everything here is either passed through, translated, or part of the variant. */
export const CLIENT_CAPABILITIES =
  (Capability.LONG_PASSWORD |
    Capability.FOUND_ROWS |
    Capability.LONG_FLAG |
    Capability.LOCAL_FILES |
    Capability.CONNECT_WITH_DB |
    Capability.ODBC |
    Capability.IGNORE_SPACE |
    Capability.PROTOCOL_41 |
    Capability.INTERACTIVE |
    Capability.IGNORE_SIGPIPE |
    Capability.TRANSACTIONS |
    Capability.RESERVED |
    Capability.SECURE_CONNECTION |
    Capability.MULTI_STATEMENTS |
    Capability.MULTI_RESULTS |
    Capability.PS_MULTI_RESULTS |
    Capability.PLUGIN_AUTH |
    Capability.CONNECT_ATTRS |
    Capability.PLUGIN_AUTH_LENENC |
    Capability.SESSION_TRACK |
    Capability.DEPRECATE_EOF) >>>
  0;

/**
 * Capabilities that change what a statement does on the server, so that a client's and its backend's must be the same:
 * a connection pool keeps one list of idle backends for each combination in use.
 */
const VARIANT_MASK =
  Capability.FOUND_ROWS |
  Capability.LOCAL_FILES |
  Capability.IGNORE_SPACE |
  Capability.INTERACTIVE |
  Capability.MULTI_STATEMENTS |
  Capability.MULTI_RESULTS |
  Capability.PS_MULTI_RESULTS;

/** What most drivers ask for; backends kept ready before any client came have it. */
export const COMMON_VARIANT = Capability.MULTI_RESULTS | Capability.PS_MULTI_RESULTS;

export function variantOf(capabilities: number): number {
  return capabilities & VARIANT_MASK;
}

/** Backends always have DEPRECATE_EOF and SESSION_TRACK: without the first, a SELECT carries no trackers. */
export function backendCapabilities(variant: number): number {
  return (
    (Capability.LONG_PASSWORD |
      Capability.LONG_FLAG |
      Capability.PROTOCOL_41 |
      Capability.TRANSACTIONS |
      Capability.SECURE_CONNECTION |
      Capability.PLUGIN_AUTH |
      Capability.PLUGIN_AUTH_LENENC |
      Capability.CONNECT_ATTRS |
      Capability.SESSION_TRACK |
      Capability.DEPRECATE_EOF |
      variant) >>>
    0
  );
}
