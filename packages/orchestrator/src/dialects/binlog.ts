import { number, quote, text, type ControlConnection, type Row } from '../link/control-connection';
import type { LoggedTransaction } from '../report';
import { BEAT, markOf, type Since, type Stray } from './dialect';
import type { Deadline } from '../clock';

const PAGE = 500;
const MOST_TRANSACTIONS = 1000;
const MOST_CHARACTERS = 256 * 1024;
const STATEMENT_CHARACTERS = 1000;

/** MySQL: SET @@SESSION.GTID_NEXT= 'uuid:7'; MariaDB: BEGIN GTID 0-1-7. */
const GTID = /GTID_NEXT= '([^']+)'|\bGTID (\d+-\d+-\d+)/;
/** What the log held before this file: MySQL, MariaDB. */
const HEAD: ReadonlySet<string> = new Set(['Previous_gtids', 'Gtid_list']);
const SECRET = /\b(IDENTIFIED|PASSWORD)\b/i;

export interface Reading {
  /** In the order of the log. */
  readonly transactions: readonly LoggedTransaction[];
  /** The whole log was read as far back as it takes, and nothing was too much. */
  readonly complete: boolean;
}

/** Names of the files, the oldest first. */
export const binlogs = async (c: ControlConnection, deadlineMs: number): Promise<readonly string[]> =>
  (await c.query('SHOW BINARY LOGS', deadlineMs)).map((row) => text(row, 'Log_name'));

/** The newest log with which all that is wanted begins; null: the oldest one is too new. Rejects with ServerError when the account may not ask. */
export async function logToBegin(
  c: ControlConnection,
  logs: readonly string[],
  wanted: Since,
  deadline: Deadline,
): Promise<string | null> {
  for (const log of [...logs].reverse()) {
    const events = await c.query(`SHOW BINLOG EVENTS IN ${quote(log)} LIMIT 4`, deadline.left);
    const head = events.find((event) => HEAD.has(text(event, 'Event_type')));
    if (head !== undefined && !wanted.precedes(text(head, 'Info'))) return log;
  }
  return null;
}

/**
 * The wanted transactions with their statements, from the newest log back, by SHOW BINLOG EVENTS. Rows are told as the table that they are of
 * unless the log has the statement too. MySwitch's own beats, in `ownTable` (schema.table), are left out. Bounded: by time, transactions and
 * characters. Rejects with ServerError when the account may not ask.
 */
export async function readBinlog(
  c: ControlConnection,
  logs: readonly string[],
  stray: Stray,
  ownTable: string,
  deadline: Deadline,
): Promise<Reading> {
  const book = new Book(stray, ownTable);
  for (const log of [...logs].reverse()) {
    book.open();
    let position = 4;
    for (;;) {
      if (deadline.passed || book.full) {
        return book.close(false);
      }
      const events = await c.query(`SHOW BINLOG EVENTS IN ${quote(log)} FROM ${position} LIMIT ${PAGE}`, deadline.left);
      events.forEach((event) => book.add(event));
      position = number(events.at(-1) ?? {}, 'End_log_pos');
      if (events.length < PAGE) {
        break;
      }
    }
    if (!book.goesFurtherBack) {
      return book.close(true);
    }
  }
  return book.close(false);
}

interface Entry {
  readonly gtid: string;
  readonly statements: string[];
}

/** What was found so far; the files come newest first, the events of each in their order. */
class Book {
  goesFurtherBack = false;
  readonly #stray: Stray;
  readonly #ownTable: string;
  readonly #files: Entry[][] = [];
  readonly #tables = new Map<string, string>();
  #current: Entry | null = null;
  /** The log has the statement of the rows that follow. */
  #annotated = false;
  #count = 0;
  #characters = 0;

  constructor(stray: Stray, ownTable: string) {
    this.#stray = stray;
    this.#ownTable = ownTable;
  }

  get full(): boolean {
    return this.#count > MOST_TRANSACTIONS || this.#characters > MOST_CHARACTERS;
  }

  open(): void {
    this.#end();
    this.#files.unshift([]);
    this.#tables.clear();
  }

  add(event: Row): void {
    const [type, info] = [text(event, 'Event_type'), text(event, 'Info')];
    if (HEAD.has(type)) {
      this.goesFurtherBack = this.#stray.precedes(info);
      return;
    }
    const [, mysql, mariadb] = type.startsWith('Gtid') ? (GTID.exec(info) ?? []) : [];
    const gtid = mysql ?? mariadb;
    if (gtid !== undefined) {
      this.#begin(gtid);
    } else if (type === 'Table_map') {
      const [, id, name] = /^table_id: (\d+) \((.*)\)$/.exec(info) ?? [];
      this.#tables.set(id ?? '', name ?? '');
    } else if (this.#current !== null) {
      this.#tell(type, info);
    }
  }

  close(complete: boolean): Reading {
    this.#end();
    return { transactions: this.#files.flat().slice(0, MOST_TRANSACTIONS), complete: complete && !this.full };
  }

  /** Nobody's data is in a beat, and there is one a second. */
  #end(): void {
    const entry = this.#current;
    this.#current = null;
    if (entry === null || this.full) {
      return;
    }
    if (this.#isBeat(entry)) {
      for (const { length } of entry.statements) this.#characters -= length;
      return;
    }
    this.#files[0]?.push(entry);
    this.#count += 1;
  }

  #isBeat({ statements }: Entry): boolean {
    const table = ` rows of ${this.#ownTable}`;
    return statements.length > 0 && statements.every((each) => each.startsWith(markOf(BEAT)) || each.endsWith(table));
  }

  #begin(gtid: string): void {
    this.#end();
    this.#annotated = false;
    this.#current = this.#stray.has(gtid) ? { gtid, statements: [] } : null;
  }

  #tell(type: string, info: string): void {
    if (type === 'Query') {
      if (!/^(BEGIN|COMMIT)\b/.test(info)) this.#write(info.replace(/ \/\* xid=\d+ \*\/$/, ''));
    } else if (type === 'Rows_query' || type === 'Annotate_rows') {
      this.#annotated = true;
      this.#write(info.replace(/^# /, ''));
    } else if (type.includes('_rows')) {
      const table = this.#tables.get(/^table_id: (\d+)/.exec(info)?.[1] ?? '');
      if (!this.#annotated) this.#write(`${type.replace(/_rows.*$/, '').toLowerCase()} rows of ${table ?? 'a table'}`);
      if (info.includes('STMT_END_F')) this.#annotated = false;
    }
  }

  #write(statement: string): void {
    if (this.full) {
      return;
    }
    // MariaDB logs the passwords of accounts as they were typed
    const shown = SECRET.test(statement) ? '(about a password: not shown)' : statement.slice(0, STATEMENT_CHARACTERS);
    this.#characters += shown.length;
    this.#current?.statements.push(shown);
  }
}
