import { Char } from './characters';
import { Lexer, Token, type SqlMode } from './lexer';

/** Words of statements that compare a connection's id with ids that the server itself tells: there its own one is right. */
const OF_THE_SERVER: ReadonlySet<string> = new Set([
  'processlist',
  'processlist_id',
  'is_used_lock',
  'innodb_trx',
  'trx_mysql_thread_id',
  'metadata_locks',
  'metadata_lock_info',
  'threads',
  'session_connect_attrs',
  'session_account_connect_attrs',
]);

/** After these a comma no longer parts columns of a result. */
const ENDS_COLUMNS: ReadonlySet<string> = new Set(
  'from where group order having limit into union except intersect set values value procedure window on using'.split(
    ' ',
  ),
);
/** What may stand between SELECT and its first column. */
const BEFORE_COLUMNS: ReadonlySet<string> = new Set(
  'select all distinct distinctrow high_priority straight_join sql_no_cache sql_cache sql_calc_found_rows'.split(' '),
);

/**
 * The statement with each CONNECTION_ID() in it replaced by `id`, as a value of the type that the function has; a column
 * that is nothing else keeps the name that the server would give it. Where the statement asks for the server's own ids,
 * as in `… FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()`, it stays as it is.
 *
 * @param sql decoded as latin1
 */
export function withConnectionId(sql: string, id: number, mode: SqlMode): string {
  const lexer = new Lexer(sql, mode);
  const parts: string[] = [];
  /** For each open parenthesis: whether commas in it part columns. */
  const columns: boolean[] = [];
  let inColumns = false;
  let copied = 0;
  let before = '';
  for (lexer.next(); lexer.kind !== Token.END;) {
    const text = tokenOf(lexer);
    const { start } = lexer;
    lexer.next();
    if (OF_THE_SERVER.has(text)) return sql;
    if (text === '(') {
      columns.push(inColumns);
      inColumns = false;
    } else if (text === ')') inColumns = columns.pop() ?? false;
    else if (BEFORE_COLUMNS.has(text)) inColumns = true;
    else if (ENDS_COLUMNS.has(text) || text === ';') inColumns = false;
    if (text === 'connection_id' && before !== '.' && lexer.isOperator(Char.OPEN)) {
      lexer.next();
      if (lexer.isOperator(Char.CLOSE)) {
        const { end } = lexer;
        lexer.next();
        const begins = inColumns && (before === ',' || BEFORE_COLUMNS.has(before));
        const next = tokenOf(lexer);
        const named = begins && (next === ',' || next === ')' || next === ';' || ENDS_COLUMNS.has(next));
        const name = named ? ` AS \`${sql.slice(start, end)}\`` : '';
        parts.push(sql.slice(copied, start), `CAST(${id} AS UNSIGNED)${name}`);
        copied = end;
        before = ')';
        continue;
      }
      columns.push(inColumns);
      inColumns = false;
      before = '(';
      continue;
    }
    before = text;
  }
  return parts.join('') + sql.slice(copied);
}

/** In lower case; a semicolon at the end; an empty text for anything but a word, a name or an operator. */
function tokenOf(lexer: Lexer): string {
  const { kind } = lexer;
  if (kind === Token.WORD || kind === Token.QUOTED) return lexer.name().toLowerCase();
  if (kind === Token.END) return ';';
  return kind === Token.OPERATOR ? String.fromCharCode(lexer.code) : '';
}
