import { Command } from '@myswitch/protocol';
import type { Packet } from '@myswitch/protocol';
import type { Session, Work } from '../session/session';
import { changeUser } from './change-user';
import { bulkExecute, execute, fetch } from './execute';
import { closeStatement, resetStatement, sendLongData } from './statement';
import { fieldList, initDb, statistics } from './forward';
import { prepare } from './prepare';
import { query } from './query';
import { ping, quit, setOption } from './local';
import { processKill } from './kill';
import { resetConnection } from './reset-connection';

/** Decodes a command: work for a backend, or null when it was answered at once. */
type CommandFamily = (session: Session, packet: Packet) => Work | null;

const FAMILIES: Readonly<Record<number, CommandFamily>> = {
  [Command.QUIT]: quit,
  [Command.INIT_DB]: initDb,
  [Command.QUERY]: query,
  [Command.FIELD_LIST]: fieldList,
  [Command.STATISTICS]: statistics,
  [Command.PROCESS_KILL]: processKill,
  [Command.PING]: ping,
  [Command.CHANGE_USER]: changeUser,
  [Command.STMT_PREPARE]: prepare,
  [Command.STMT_EXECUTE]: execute,
  [Command.STMT_BULK_EXECUTE]: bulkExecute,
  [Command.STMT_SEND_LONG_DATA]: sendLongData,
  [Command.STMT_CLOSE]: closeStatement,
  [Command.STMT_RESET]: resetStatement,
  [Command.STMT_FETCH]: fetch,
  [Command.SET_OPTION]: setOption,
  [Command.RESET_CONNECTION]: resetConnection,
};

/** Commands that servers know and MySwitch does not pass on. */
const NOT_PASSED: Readonly<Record<number, string>> = {
  [Command.BINLOG_DUMP]: 'COM_BINLOG_DUMP',
  [Command.BINLOG_DUMP_GTID]: 'COM_BINLOG_DUMP_GTID',
  [Command.REGISTER_SLAVE]: 'COM_REGISTER_REPLICA',
  [Command.DEBUG]: 'COM_DEBUG',
  [Command.SHUTDOWN]: 'COM_SHUTDOWN',
  [Command.REFRESH]: 'COM_REFRESH',
  [Command.PROCESS_INFO]: 'COM_PROCESS_INFO',
  [Command.CLONE]: 'COM_CLONE',
};

export function decodeCommand(session: Session, packet: Packet): Work | null {
  const { code } = packet;
  const family = FAMILIES[code];
  if (family !== undefined) return family(session, packet);
  const known = NOT_PASSED[code];
  session.sendError(
    known === undefined
      ? { code: 1047, sqlState: '08S01', message: 'Unknown command' }
      : { code: 1105, sqlState: 'HY000', message: `MySwitch does not pass ${known} on: send it to the server itself` },
  );
  return null;
}
