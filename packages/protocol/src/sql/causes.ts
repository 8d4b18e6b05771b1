import { Char } from './characters';
import { Lexer, Token, type SqlMode } from './lexer';
import { PinReason } from './statement';
import { unquote } from './quoted';

/**
 * One thing that a statement leaves on its backend, or takes away again: a temporary table, a named lock, an open handler,
 * a variable. A pin lasts as long as any of its causes. `name` null: the text does not tell which.
 */
export interface Cause {
  readonly pin: PinReason;
  readonly name: string | null;
  readonly ends: boolean;
}

/** Variables with these values are as if nobody had set them. */
const RESTORING: ReadonlySet<string> = new Set(['default', 'automatic', '0']);

/**
 * What a statement begins and ends of what pins a session, by name. For texts that do any of it; linear in their length.
 * Tables are `schema.table`, in lower case where the text names no schema that of `schema`.
 *
 * @param sql decoded as latin1
 */
export function causesOf(sql: string, mode: SqlMode, schema: string | null): readonly Cause[] {
  const reader = new CauseReader(new Lexer(sql, mode), mode, schema ?? '');
  while (!reader.atEnd()) reader.statement();
  return reader.causes;
}

class CauseReader {
  readonly causes: Cause[] = [];
  readonly #lexer: Lexer;
  readonly #mode: SqlMode;
  readonly #schema: string;

  constructor(lexer: Lexer, mode: SqlMode, schema: string) {
    this.#lexer = lexer;
    this.#mode = mode;
    this.#schema = schema;
    lexer.next();
  }

  atEnd(): boolean {
    return this.#lexer.kind === Token.END;
  }

  statement(): void {
    const first = this.#word();
    this.#lexer.next();
    if (first === 'create') this.#create();
    else if (first === 'drop') this.#drop();
    else if (first === 'rename' || first === 'alter') this.#note(PinReason.TEMPORARY_TABLE, null, false);
    else if (first === 'handler') this.#handler();
    else if (first === 'set') this.#set();
    for (; !this.atEnd() && !this.#lexer.isOperator(Char.SEMICOLON); this.#lexer.next()) this.#lock();
    this.#lexer.next();
  }

  /** CREATE [OR REPLACE] TEMPORARY TABLE [IF NOT EXISTS] name */
  #create(): void {
    while (this.#skips('or', 'replace'));
    if (!this.#skips('temporary')) return;
    this.#skips('table');
    while (this.#skips('if', 'not', 'exists'));
    this.#note(PinReason.TEMPORARY_TABLE, this.#table(), false);
  }

  /** DROP [TEMPORARY] TABLE [IF EXISTS] name, … */
  #drop(): void {
    this.#skips('temporary');
    if (!this.#skips('table', 'tables')) return;
    while (this.#skips('if', 'exists'));
    do {
      const table = this.#table();
      if (table !== null) this.#note(PinReason.TEMPORARY_TABLE, table, true);
    } while (this.#passes(Char.COMMA));
  }

  /** HANDLER table OPEN [[AS] alias]; HANDLER alias CLOSE */
  #handler(): void {
    const table = this.#table();
    if (this.#skips('close')) return this.#note(PinReason.HANDLER, bare(table), true);
    if (!this.#skips('open')) return;
    this.#skips('as');
    this.#note(PinReason.HANDLER, bare(this.#table() ?? table), false);
  }

  /** What is assigned to variables that are consumed, or that nobody can read back. */
  #set(): void {
    let name = '';
    for (; !this.atEnd() && !this.#lexer.isOperator(Char.SEMICOLON); this.#lexer.next()) {
      this.#lock();
      if (!this.#lexer.isOperator(Char.EQUALS)) {
        name = this.#word() || name;
        continue;
      }
      this.#lexer.next();
      if (ONE_SHOT.test(name)) this.#note(PinReason.ONE_SHOT, name, RESTORING.has(this.#text().toLowerCase()));
      this.#lock();
    }
  }

  /** GET_LOCK('name', …), RELEASE_LOCK('name') */
  #lock(): void {
    const word = this.#word();
    if (word !== 'get_lock' && word !== 'release_lock') return;
    this.#lexer.next();
    if (!this.#lexer.isOperator(Char.OPEN)) return;
    this.#lexer.next();
    const literal = this.#lexer.kind === Token.STRING;
    const name = literal ? this.#text() : null; // in this case of letters: to MariaDB another one is another lock
    this.#lexer.next();
    const whole = this.#lexer.isOperator(Char.COMMA) || this.#lexer.isOperator(Char.CLOSE);
    this.#note(PinReason.GET_LOCK, whole ? name : null, word === 'release_lock');
  }

  /** `[schema.]table`; null if there is none. */
  #table(): string | null {
    const first = this.#name();
    if (first === null) return null;
    if (!this.#passes(Char.DOT)) return `${this.#schema}.${first}`;
    const second = this.#name();
    return second === null ? null : `${first}.${second}`;
  }

  #name(): string | null {
    const { kind } = this.#lexer;
    if (kind !== Token.WORD && kind !== Token.QUOTED) return null;
    const name = this.#lexer.name();
    this.#lexer.next();
    return name;
  }

  /** The word or value at hand, without quotes. */
  #text(): string {
    const { kind, sql, start, end } = this.#lexer;
    const text = sql.slice(start, end);
    return kind === Token.STRING ? unquote(text, !this.#mode.noBackslashEscapes) : text;
  }

  #word(): string {
    const { kind } = this.#lexer;
    return kind === Token.WORD || kind === Token.QUOTED ? this.#lexer.name().toLowerCase() : '';
  }

  #skips(...words: string[]): boolean {
    if (this.#lexer.kind !== Token.WORD || !words.includes(this.#word())) return false;
    this.#lexer.next();
    return true;
  }

  #passes(operator: number): boolean {
    if (!this.#lexer.isOperator(operator)) return false;
    this.#lexer.next();
    return true;
  }

  #note(pin: PinReason, name: string | null, ends: boolean): void {
    this.causes.push({ pin, name, ends });
  }
}

const ONE_SHOT = /^(timestamp|insert_id|rand_seed[12]|gtid_next|gtid_seq_no|pseudo_.*)$/;

/** Handlers are known by a name without a schema. */
function bare(table: string | null): string | null {
  return table === null ? null : table.slice(table.lastIndexOf('.') + 1).toLowerCase();
}
