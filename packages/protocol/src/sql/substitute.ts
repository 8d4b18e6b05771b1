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

/** As long as a column's alias may be. */
const MAX_NAME = 256;

/**
 * The statement with calls of functions without arguments, such as CONNECTION_ID(), replaced by values; columns keep the
 * names that the server would give them. Where the statement asks for the server's own ids, as in
 * `… FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()`, CONNECTION_ID() stays as it is.
 *
 * @param sql decoded as latin1
 * @param values SQL text by the function's name in lower case
 */
export function substituteCalls(sql: string, values: ReadonlyMap<string, string>, mode: SqlMode): string {
  return new Substitution(sql, values, mode).text() ?? sql;
}

/** A column of a result: where its expression begins, what was passed of it, and whether a call in it was replaced. */
interface Column {
  readonly start: number;
  end: number;
  replaced: boolean;
  /** The kinds of its last two tokens: `x y` is a name for x, as is `x AS y`. */
  last: Token | null;
  previous: Token | null;
  named: boolean;
}

class Substitution {
  readonly #sql: string;
  readonly #values: ReadonlyMap<string, string>;
  readonly #lexer: Lexer;
  readonly #parts: string[] = [];
  #copied = 0;
  /** Of each open parenthesis, the outermost first: the column at hand, if columns are what is listed there. */
  readonly #outer: (Column | null)[] = [];
  #column: Column | null = null;

  constructor(sql: string, values: ReadonlyMap<string, string>, mode: SqlMode) {
    this.#sql = sql;
    this.#values = values;
    this.#lexer = new Lexer(sql, mode);
  }

  /** null: it has to stay as it is. */
  text(): string | null {
    const lexer = this.#lexer;
    let before = '';
    lexer.next();
    while (lexer.kind !== Token.END) {
      const token = tokenOf(lexer);
      if (OF_THE_SERVER.has(token) && this.#values.has('connection_id')) return null;
      const value = before === '.' ? undefined : this.#values.get(token);
      const { start } = lexer;
      this.#pass(token);
      if (value !== undefined && lexer.isOperator(Char.OPEN)) this.#call(start, value);
      before = token;
    }
    this.#endColumn();
    return this.#parts.join('') + this.#sql.slice(this.#copied);
  }

  /** Replaces a call from `start`, if the parenthesis at hand is closed at once. */
  #call(start: number, value: string): void {
    const lexer = this.#lexer;
    this.#pass('(');
    const whole = lexer.isOperator(Char.CLOSE);
    const { end } = lexer;
    if (!whole) return;
    this.#pass(')');
    this.#parts.push(this.#sql.slice(this.#copied, start), value);
    this.#copied = end;
    this.#replaced();
  }

  /** In the column at hand, or in an expression of it that stands in parentheses. */
  #replaced(): void {
    const column = this.#column ?? this.#outer.findLast((outer) => outer !== null);
    if (column) column.replaced = true;
  }

  /** Takes note of the token at hand, and goes on to the next one. */
  #pass(token: string): void {
    const lexer = this.#lexer;
    const { kind, end } = lexer;
    if (token === '(') {
      this.#outer.push(this.#column);
      this.#column = null;
    } else if (token === ')') {
      const inner = this.#endColumn();
      this.#column = this.#outer.pop() ?? null;
      if (inner) this.#replaced();
    } else if (token === ',' && this.#column !== null) this.#endColumn();
    else if (token === ';' || ENDS_COLUMNS.has(token)) {
      this.#endColumn();
      this.#column = null;
    }
    lexer.next();
    const begins = BEFORE_COLUMNS.has(token) || (token === ',' && this.#column !== null);
    if (begins) this.#column = { start: lexer.start, end, replaced: false, last: null, previous: null, named: false };
    else if (this.#column !== null && token !== ',') {
      const column = this.#column;
      column.end = end;
      column.previous = column.last;
      column.last = kind;
      if (token === 'as') column.named = true;
    }
  }

  /** Gives the column its name, if a call in it was replaced; true then. */
  #endColumn(): boolean {
    const column = this.#column;
    if (column === null || !column.replaced) return false;
    const alias =
      (column.last === Token.WORD || column.last === Token.QUOTED || column.last === Token.STRING) &&
      column.previous !== null;
    const name = this.#sql.slice(column.start, column.end);
    if (column.named || alias || name.length > MAX_NAME) return true;
    this.#parts.push(this.#sql.slice(this.#copied, column.end), ` AS \`${name.replaceAll('`', '``')}\``);
    this.#copied = column.end;
    return true;
  }
}

/** In lower case; an empty text for anything but a word, a name or an operator. */
function tokenOf(lexer: Lexer): string {
  const { kind } = lexer;
  if (kind === Token.WORD || kind === Token.QUOTED) return lexer.name().toLowerCase();
  return kind === Token.OPERATOR ? String.fromCharCode(lexer.code) : '';
}
