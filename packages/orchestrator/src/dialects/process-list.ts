import { number, text, type Row } from '../link/control-connection';
import { MARK, type ServerSession } from './dialect';

const SYSTEM_USERS = new Set(['system user', 'event_scheduler', 'unauthenticated user', '']);

/** Rows of information_schema.processlist or performance_schema.processlist with columns ID, USER, HOST, COMMAND, TIME_MS, MARK. */
export const sessionOf = (row: Row): ServerSession => {
  const user = text(row, 'USER');
  const command = text(row, 'COMMAND');
  const mark = text(row, 'MARK');
  return {
    id: number(row, 'ID'),
    user,
    host: text(row, 'HOST'),
    client:
      !SYSTEM_USERS.has(user) &&
      !command.startsWith('Binlog Dump') &&
      command !== 'Daemon' &&
      command !== 'Register Slave',
    command,
    ageMs: number(row, 'TIME_MS'),
    mark: mark.startsWith(MARK) ? mark : '',
  };
};
