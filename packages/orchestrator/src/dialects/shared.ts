import { flag, quote, text, type ControlConnection, type Row } from '../link/control-connection';
import type { ScheduledEvent } from './dialect';
import { ServerError } from '../errors';

const ER_NO_SUCH_THREAD = 1094;

/** What the server answers, or null when it answers with an error: the account may not ask, or this version can't tell. */
export const may = async <T>(answer: Promise<T>): Promise<T | null> => {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ServerError) {
      return null;
    }
    throw error;
  }
};

/**
 * Two servers may have one server_id, and a copied data folder even one server_uuid: only together with the machine, the port and the
 * data folder do they tell servers apart. Columns uid, serverId, hostname, port, datadir.
 */
export const placeOf = (row: Row): string =>
  JSON.stringify(['uid', 'serverId', 'hostname', 'port', 'datadir'].map((column) => text(row, column)));

/** `logsApplied`: the variable's name for what a replica applies. */
export async function relays(c: ControlConnection, logsApplied: string, deadlineMs: number): Promise<boolean> {
  const row = await c.row(`SELECT @@log_bin AS logs, @@${logsApplied} AS logsApplied`, deadlineMs);
  return flag(row, 'logs') && flag(row, 'logsApplied');
}

/** The hosts of a process list's HOST column, which ends with the connection's own port. */
export const readersOf = (rows: readonly Row[]): readonly string[] =>
  rows.map((row) => text(row, 'HOST').replace(/:\d+$/, '')).sort();

export const bit = (on: boolean): string => (on ? '1' : '0');

/** NAME=value of each column that is not empty. */
export const filled = (row: Row, columns: readonly string[]): readonly string[] =>
  columns.filter((name) => text(row, name) !== '').map((name) => `${name}=${text(row, name)}`);

/** `NAME = 'value'` for each assignment whose column is not empty. */
export const assignments = (row: Row, columns: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(columns)
    .filter(([, column]) => text(row, column) !== '')
    .map(([name, column]) => `${name} = ${quote(text(row, column))}`);

export const binlogFilters = (status: readonly Row[]): readonly string[] =>
  status.flatMap((row) => filled(row, ['Binlog_Do_DB', 'Binlog_Ignore_DB']));

export async function activePlugins(c: ControlConnection, deadlineMs: number): Promise<readonly string[]> {
  const rows = await c.query(
    "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE' ORDER BY PLUGIN_NAME",
    deadlineMs,
  );
  return rows.map((row) => text(row, 'PLUGIN_NAME'));
}

/** Those with that STATUS in information_schema.EVENTS. */
export async function events(
  c: ControlConnection,
  status: string,
  deadlineMs: number,
): Promise<readonly ScheduledEvent[]> {
  const rows = await c.query(
    `SELECT EVENT_SCHEMA, EVENT_NAME, DEFINER FROM information_schema.EVENTS WHERE STATUS = ${quote(status)}`,
    deadlineMs,
  );
  return rows.map((row) => ({
    schema: text(row, 'EVENT_SCHEMA'),
    name: text(row, 'EVENT_NAME'),
    definer: text(row, 'DEFINER'),
  }));
}

/** False: it was gone already. */
export async function kill(c: ControlConnection, id: number, deadlineMs: number): Promise<boolean> {
  try {
    await c.query(`KILL ${id}`, deadlineMs);
    return true;
  } catch (error) {
    if (error instanceof ServerError && error.errno === ER_NO_SUCH_THREAD) {
      return false;
    }
    throw error;
  }
}
