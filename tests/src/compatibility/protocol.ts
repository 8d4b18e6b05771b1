import { Capability, Command, MariaDbCapability } from '@myswitch/protocol';
import { offeredBy, variantOf } from '@myswitch/proxy';

/** `passed`: to the server, which answers; `here`: MySwitch answers; `refused`: with an error of MySwitch's own. */
type Handling = 'passed' | 'here' | 'refused' | 'unknown';

interface Handled {
  readonly how: Handling;
  readonly note?: string;
}

const UNKNOWN: Handled = { how: 'unknown' };
const PASSED: Handled = { how: 'passed' };

/** Every command that has a number. */
export const COMMANDS: Readonly<Record<keyof typeof Command, Handled>> = {
  QUIT: { how: 'here' },
  INIT_DB: PASSED,
  QUERY: { how: 'passed', note: 'KILL, and settings of `session_track_*`, are dealt with here' },
  FIELD_LIST: PASSED,
  REFRESH: { how: 'passed', note: 'MySQL 9 has it no more' },
  SHUTDOWN: PASSED,
  STATISTICS: PASSED,
  PROCESS_INFO: { how: 'passed', note: 'MySQL 9 has it no more' },
  PROCESS_KILL: { how: 'here', note: 'the session is meant, whichever connection it uses; MySQL 9 has it no more' },
  DEBUG: PASSED,
  PING: { how: 'here', note: 'it asks for this connection' },
  CHANGE_USER: { how: 'here', note: 'as a login' },
  BINLOG_DUMP: { how: 'passed', note: 'pins' },
  BINLOG_DUMP_GTID: { how: 'passed', note: 'pins' },
  REGISTER_SLAVE: { how: 'passed', note: 'pins' },
  STMT_PREPARE: PASSED,
  STMT_EXECUTE: { how: 'passed', note: 'prepared again where the statement is not open' },
  STMT_BULK_EXECUTE: { how: 'passed', note: 'MariaDB' },
  STMT_SEND_LONG_DATA: { how: 'passed', note: 'pins until the EXECUTE' },
  STMT_CLOSE: { how: 'here', note: 'servers keep it open for others' },
  STMT_RESET: { how: 'passed', note: 'where there is something to reset' },
  STMT_FETCH: PASSED,
  SET_OPTION: { how: 'here', note: 'passed while the session keeps its connection' },
  RESET_CONNECTION: { how: 'here', note: 'passed while the session keeps its connection' },
  CLONE: { how: 'refused', note: 'between servers: send it to the server itself' },
  SLEEP: UNKNOWN,
  CREATE_DB: UNKNOWN,
  DROP_DB: UNKNOWN,
  CONNECT: UNKNOWN,
  TIME: UNKNOWN,
  DELAYED_INSERT: UNKNOWN,
  TABLE_DUMP: UNKNOWN,
  CONNECT_OUT: UNKNOWN,
  DAEMON: UNKNOWN,
  SUBSCRIBE_GROUP_REPLICATION_STREAM: UNKNOWN,
};

/** How client and server come to an agreement: as the server offers it, between client and MySwitch alone, or not at all. */
export type Agreement = 'passed' | 'translated' | 'not offered';

/** Neither has it in every process: pools without `tls`, Node.js before 22.15. */
const SOMETIMES = Capability.SSL | Capability.ZSTD_COMPRESSION_ALGORITHM;

/** The capabilities of the two handshakes, from the code that offers them. */
export function agreements(): Readonly<Record<Agreement, readonly string[]>> {
  const all = { capabilities: 0xffffffff, mariadbCapabilities: 0xffffffff };
  const offered = offeredBy(all);
  const shared = variantOf({ ...all, mariadbCapabilities: 0 });
  const sharedOfMariadb = variantOf({ ...all, capabilities: 0 });
  const found: Record<Agreement, string[]> = { passed: [], translated: [], 'not offered': [] };
  const sort = (name: string, bit: number, isOffered: number, isShared: number): void => {
    if ((isOffered & bit) === 0) found['not offered'].push(name);
    else found[(isShared & bit) === 0 ? 'translated' : 'passed'].push(name);
  };
  for (const [name, bit] of Object.entries(Capability)) sort(name, bit, offered.capabilities | SOMETIMES, shared);
  for (const [name, bit] of Object.entries(MariaDbCapability)) {
    sort(`${name} (MariaDB)`, bit, offered.mariadbCapabilities, sharedOfMariadb);
  }
  return found;
}
