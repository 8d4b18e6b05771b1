import { Command } from '@myswitch/protocol';
import type { Packet } from '@myswitch/protocol';
import type { Session } from '../session/session';
import type { Work } from '../session/work';
import { changeUser } from './change-user';
import { bulkExecute, execute, fetch } from './execute';
import { closeStatement, resetStatement, sendLongData } from './statement';
import { administer, fieldList, initDb, processInfo, statistics } from './forward';
import { prepare } from './prepare';
import { query } from './query';
import { binlogDump, registerReplica } from './replication';
import { ping, quit, setOption } from './local';
import { processKill } from './kill';
import { resetConnection } from './reset-connection';
import { unknownCommand } from './unknown-command';

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
  [Command.DEBUG]: administer,
  [Command.REFRESH]: administer,
  [Command.SHUTDOWN]: administer,
  [Command.PROCESS_INFO]: processInfo,
  [Command.REGISTER_SLAVE]: registerReplica,
  [Command.BINLOG_DUMP]: binlogDump,
  [Command.BINLOG_DUMP_GTID]: binlogDump,
};

export function decodeCommand(session: Session, packet: Packet): Work | null {
  const { code } = packet;
  const family = FAMILIES[code];
  if (family !== undefined) return family(session, packet);
  if (code !== Command.CLONE) return unknownCommand(session);
  // a protocol of its own, between servers
  const message = 'MySwitch does not pass COM_CLONE on: send it to the server itself';
  session.sendError({ code: 1105, sqlState: 'HY000', message });
  return null;
}
