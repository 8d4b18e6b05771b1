import { Capability, COMPRESSION_CAPABILITIES, MariaDbCapability } from '@myswitch/protocol';

/** What one side of a connection offers, or both agreed on. */
export interface Capabilities {
  /** Capability bits. */
  readonly capabilities: number;
  /** MariaDbCapability bits; 0: MySQL, or a MariaDB without any. */
  readonly mariadbCapabilities: number;
}

/** What a client may negotiate with us. Everything here is either passed through, translated, or part of the variant. */
const CLIENT_CAPABILITIES =
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

/** Offered where the servers offer them. */
const AS_SERVER = Capability.QUERY_ATTRIBUTES | Capability.OPTIONAL_RESULTSET_METADATA | COMPRESSION_CAPABILITIES;

/**
 * Not CACHE_METADATA: a server leaves out definitions that it has sent before, but on a shared backend it sent them to
 * somebody else. Not PROGRESS: reports would come in the middle of a reply.
 */
const MARIADB_AS_SERVER =
  MariaDbCapability.STMT_BULK_OPERATIONS | MariaDbCapability.EXTENDED_METADATA | MariaDbCapability.BULK_UNIT_RESULTS;

/** What clients of a server are offered. */
export function offeredBy(server: Capabilities): Capabilities {
  return {
    capabilities: (CLIENT_CAPABILITIES | (server.capabilities & AS_SERVER)) >>> 0,
    mariadbCapabilities: server.mariadbCapabilities & MARIADB_AS_SERVER,
  };
}

/**
 * Capabilities that change what a statement does on the server, or what its messages look like, so that a client's and its
 * backend's must be the same: a connection pool keeps one list of idle backends for each combination in use.
 */
const VARIANT_MASK =
  Capability.FOUND_ROWS |
  Capability.LOCAL_FILES |
  Capability.IGNORE_SPACE |
  Capability.INTERACTIVE |
  Capability.MULTI_STATEMENTS |
  Capability.MULTI_RESULTS |
  Capability.PS_MULTI_RESULTS |
  Capability.QUERY_ATTRIBUTES |
  Capability.OPTIONAL_RESULTSET_METADATA;

/** What most drivers ask for; backends kept ready before any client came have it. */
export const COMMON_VARIANT = Capability.MULTI_RESULTS | Capability.PS_MULTI_RESULTS;

/** MariaDB's are bits 2 to 5 of a variant, where it has none of the others. */
export function variantOf({ capabilities, mariadbCapabilities }: Capabilities): number {
  return (capabilities & VARIANT_MASK) | (mariadbCapabilities & MARIADB_AS_SERVER);
}

/** What a client with these reads and writes can't be had from a server without them. Query attributes are left out for it. */
const INDISPENSABLE = Capability.OPTIONAL_RESULTSET_METADATA | MARIADB_AS_SERVER;

/** Whether a connection with these capabilities can serve clients of a variant. */
export function serves(variant: number, negotiated: Capabilities): boolean {
  return (variant & ~variantOf(negotiated) & INDISPENSABLE) === 0;
}

/** Backends always have DEPRECATE_EOF and SESSION_TRACK: without the first, a SELECT carries no trackers. */
export function backendCapabilities(variant: number): Capabilities {
  const capabilities =
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
      (variant & VARIANT_MASK)) >>>
    0;
  return { capabilities, mariadbCapabilities: variant & MARIADB_AS_SERVER };
}
