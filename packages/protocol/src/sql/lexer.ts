import { Char, CharClass, classOf, isDigit, isHexDigit, isWordChar } from './characters';
import { closingQuote, isQuote, unquote } from './quoted';
import { addToHash, EMPTY_HASH, equalsIgnoreCase, type WordTable } from './words';

/** The parts of sql_mode that change how a text is cut into tokens. */
export interface SqlMode {
  /** ANSI_QUOTES: "x" is a name. */
  readonly ansiQuotes: boolean;
  /** NO_BACKSLASH_ESCAPES: a backslash in a string is itself. */
  readonly noBackslashEscapes: boolean;
}

export const DEFAULT_SQL_MODE: SqlMode = Object.freeze({ ansiQuotes: false, noBackslashEscapes: false });

export const Token = Object.freeze({
  END: 0,
  /** A keyword or an unquoted name. */
  WORD: 1,
  /** A quoted name. */
  QUOTED: 2,
  /** 'x', "x", N'x'; a character set introducer before it is a WORD of its own. */
  STRING: 3,
  NUMBER: 4,
  /** 0x1F, x'1F', 0b01, b'01' */
  BITS: 5,
  /** @x, @'x', @"x", @`x`; also the host part of an account. */
  USER_VARIABLE: 6,
  /** The @@ before a system variable, alone. */
  SYSTEM_VARIABLE: 7,
  /** One character of punctuation, given by `code`; of longer operators only `:=` is a token. */
  OPERATOR: 8,
} as const);
export type Token = (typeof Token)[keyof typeof Token];

/** The `code` of the operator `:=`. Those of other operators are their character codes. */
export const ASSIGN = 256;

/**
 * Servers read a few texts differently. FULLEST: executable comments are code, whatever their version. SPARSEST: those
 * that not every server runs are comments, and so is what follows `--` and a byte of 0x80 or above; 0xA0 and 0xFF are white
 * space (as 0xA0 is in latin1 and 0xFF in cp866, but neither inside a UTF-8 character).
 */
export const Reading = Object.freeze({ FULLEST: 0, SPARSEST: 1 } as const);
export type Reading = (typeof Reading)[keyof typeof Reading];

/** All of MySQL since 5.7 and MariaDB since 10.0 run executable comments of versions below this. */
const VERSION_ALL_RUN = 50700;

/**
 * Cuts SQL into tokens as MySQL's and MariaDB's lexers do: a cursor that moves on with next(), forwards only, in linear
 * time, without regular expressions, and never throws.
 *
 * The text is what the client sent, decoded as latin1: bytes of 0x80 and above are characters of names and strings.
 * That holds for every client character set in which no second byte of a character looks like ASCII, so not for sjis,
 * cp932, big5, gbk and gb18030. A `;` is an operator like any other.
 */
export class Lexer {
  readonly sql: string;
  /** The current token. */
  kind: Token = Token.END;
  /** Where it starts and ends in `sql`. */
  start = 0;
  end = 0;
  /** OPERATOR: which one. */
  code = 0;
  /** WORD: its number in the word table, 0 if it isn't there. */
  word = 0;
  /** A string, quoted name or comment has no end; to the server that is an error. */
  unterminated = false;
  /** The readings differ on what was passed so far. */
  ambiguous = false;
  /** A server may read a part of it in one way and a part in the other, so that neither reading tells all of it. */
  mixed = false;

  private readonly mode: SqlMode;
  private readonly reading: Reading;
  private readonly words: WordTable | undefined;
  /** Inside an executable comment, so that its end is white space. */
  private executable = false;
  private afterName = false;
  private afterSeparator = false;

  constructor(sql: string, mode: SqlMode = DEFAULT_SQL_MODE, words?: WordTable, reading: Reading = Reading.FULLEST) {
    this.sql = sql;
    this.mode = mode;
    this.words = words;
    this.reading = reading;
  }

  /** Moves on to the next token. After END it stays there. */
  next(): Token {
    const gapFrom = this.end;
    const at = this.skipBlanks(gapFrom);
    this.start = at;
    const adjacent = at === gapFrom;
    const afterName = this.afterName && adjacent;
    const afterSeparator = this.afterSeparator && adjacent;
    this.afterName = false;
    this.afterSeparator = false;
    if (at >= this.sql.length) {
      this.end = this.sql.length;
      if (this.executable) this.unterminated = true;
      return (this.kind = Token.END);
    }
    const code = this.sql.charCodeAt(at);
    switch (classOf(code)) {
      case CharClass.WORD:
        return this.wordOrPrefixed(at, code);
      case CharClass.DIGIT:
        return afterSeparator ? this.readWord(at) : this.number(at);
      default:
        return this.other(at, code, afterName);
    }
  }

  /** The token's source text. */
  text(): string {
    return this.sql.slice(this.start, this.end);
  }

  /** Whether the token is this unquoted word; `lower` is in lower case. */
  is(lower: string): boolean {
    return this.kind === Token.WORD && equalsIgnoreCase(lower, this.sql, this.start, this.end);
  }

  /** Whether the token is this operator: a character code, or ASSIGN. */
  isOperator(code: number): boolean {
    return this.kind === Token.OPERATOR && this.code === code;
  }

  /** What the token names or says: without quotes and escapes, and without the @ of a user variable. */
  name(): string {
    const { sql, start, end } = this;
    const kind: number = this.kind;
    switch (kind) {
      case Token.USER_VARIABLE:
        return isQuote(sql.charCodeAt(start + 1)) ? this.unquoted(start + 1) : sql.slice(start + 1, end);
      case Token.QUOTED:
        return this.unquoted(start);
      case Token.STRING:
        return this.unquoted(isQuote(sql.charCodeAt(start)) ? start : start + 1);
      default:
        return sql.slice(start, end);
    }
  }

  private skipBlanks(from: number): number {
    const { sql } = this;
    let at = from;
    for (;;) {
      const code = sql.charCodeAt(at);
      if (classOf(code) === CharClass.SPACE) at++;
      else if (code === Char.HASH) at = this.lineEnd(at + 1);
      else if (code === Char.MINUS && this.startsLineComment(at)) at = this.lineEnd(at + 2);
      else if (code === Char.SLASH && sql.charCodeAt(at + 1) === Char.STAR) at = this.blockComment(at);
      else if (code === Char.STAR && this.executable && sql.charCodeAt(at + 1) === Char.SLASH) {
        this.executable = false;
        at += 2;
      } else if (code >= Char.NBSP && this.isBlankSomewhere(code) && this.reading === Reading.SPARSEST) at++;
      else return at;
    }
  }

  /** White space in some character sets: 0xA0 in most that are not UTF-8, 0xFF in cp852, cp866 and keybcs2. */
  private isBlankSomewhere(code: number): boolean {
    if (code !== Char.NBSP && code !== 0xff) return false;
    this.ambiguous = true;
    if (code === 0xff) this.mixed = true;
    return true;
  }

  /** `--` starts a comment only before white space, a control character or the end: 5--3 is 8. */
  private startsLineComment(at: number): boolean {
    if (this.sql.charCodeAt(at + 1) !== Char.MINUS) return false;
    const code = this.sql.charCodeAt(at + 2);
    if (code >= 0x80) {
      this.ambiguous = this.mixed = true;
      return this.reading === Reading.SPARSEST;
    }
    return !(code > Char.SPACE) || code === 127;
  }

  private lineEnd(from: number): number {
    const end = this.sql.indexOf('\n', from);
    return end < 0 ? this.sql.length : end + 1;
  }

  /** Passes a comment, or only the opening of one whose content is code. */
  private blockComment(at: number): number {
    const { sql } = this;
    const code = sql.charCodeAt(at + 2);
    if (code === Char.BANG) return this.executableComment(at + 3, true);
    if ((code | 0x20) === 0x6d && sql.charCodeAt(at + 3) === Char.BANG) return this.executableComment(at + 4, false);
    return this.commentEnd(at + 2);
  }

  private executableComment(from: number, everyKind: boolean): number {
    const { sql } = this;
    let at = from;
    while (at < from + 6 && isDigit(sql.charCodeAt(at))) at++;
    if (at - from < 5) at = from;
    const version = at === from ? 0 : Number(sql.slice(from, at));
    if (!everyKind || version >= VERSION_ALL_RUN) {
      this.ambiguous = this.mixed = true;
      if (this.reading === Reading.SPARSEST) return everyKind ? this.nestedCommentEnd(at) : this.commentEnd(at);
    }
    this.executable = true;
    return at;
  }

  private commentEnd(from: number): number {
    const end = this.sql.indexOf('*/', from);
    if (end >= 0) return end + 2;
    this.unterminated = true;
    return this.sql.length;
  }

  /** Where a server that skips an executable comment goes on: comments inside it may nest, one level deep. */
  private nestedCommentEnd(from: number): number {
    const { sql } = this;
    let at = from;
    for (;;) {
      const end = sql.indexOf('*/', at);
      if (end < 0) return this.commentEnd(at);
      const inner = sql.lastIndexOf('/*', end - 1);
      if (inner < at) return end + 2;
      at = end + 2;
    }
  }

  private wordOrPrefixed(at: number, code: number): Token {
    if (this.sql.charCodeAt(at + 1) === Char.QUOTE) {
      const prefix = code | 0x20;
      if (prefix === 0x6e) return this.quotedAs(Token.STRING, at + 1, Char.QUOTE);
      if (prefix === 0x78 || prefix === 0x62) return this.quotedAs(Token.BITS, at + 1, Char.QUOTE);
    }
    return this.readWord(at);
  }

  private readWord(from: number): Token {
    const { sql } = this;
    let at = from;
    let hash = EMPTY_HASH;
    for (let code = sql.charCodeAt(at); isWordChar(code); code = sql.charCodeAt(++at)) {
      if (code >= Char.NBSP && this.isBlankSomewhere(code) && this.reading === Reading.SPARSEST) break;
      hash = addToHash(hash, code);
    }
    this.end = at;
    this.word = this.words === undefined ? 0 : this.words.find(sql, from, at, hash);
    this.afterName = true;
    return (this.kind = Token.WORD);
  }

  private number(from: number): Token {
    const { sql } = this;
    const second = sql.charCodeAt(from + 1);
    if (sql.charCodeAt(from) === 48 && (second === 0x78 || second === 0x62)) {
      let at = from + 2;
      while (second === 0x78 ? isHexDigit(sql.charCodeAt(at)) : (sql.charCodeAt(at) | 1) === 49) at++;
      if (at > from + 2 && !isWordChar(sql.charCodeAt(at))) return this.literal(Token.BITS, at);
    }
    let at = this.digitsEnd(from);
    const code = sql.charCodeAt(at);
    if (code === Char.DOT) return this.literal(Token.NUMBER, this.exponentEnd(this.digitsEnd(at + 1)));
    const exponent = this.exponentEnd(at);
    if (exponent > at) return this.literal(Token.NUMBER, exponent);
    return isWordChar(code) ? this.readWord(from) : this.literal(Token.NUMBER, at);
  }

  private digitsEnd(from: number): number {
    let at = from;
    while (isDigit(this.sql.charCodeAt(at))) at++;
    return at;
  }

  /** The end of an exponent that starts here, or the same place if none does. */
  private exponentEnd(at: number): number {
    const { sql } = this;
    if ((sql.charCodeAt(at) | 0x20) !== 0x65) return at;
    const sign = sql.charCodeAt(at + 1);
    const digits = sign === Char.PLUS || sign === Char.MINUS ? at + 2 : at + 1;
    return isDigit(sql.charCodeAt(digits)) ? this.digitsEnd(digits) : at;
  }

  private literal(kind: Token, end: number): Token {
    this.end = end;
    return (this.kind = kind);
  }

  private other(at: number, code: number, afterName: boolean): Token {
    const { sql } = this;
    switch (code) {
      case Char.QUOTE:
        return this.quotedAs(Token.STRING, at, code);
      case Char.DOUBLE_QUOTE:
        return this.quotedAs(this.mode.ansiQuotes ? Token.QUOTED : Token.STRING, at, code);
      case Char.BACKTICK:
        return this.quotedAs(Token.QUOTED, at, code);
      case Char.AT:
        return this.variable(at);
      case Char.DOT:
        if (!afterName && isDigit(sql.charCodeAt(at + 1))) {
          return this.literal(Token.NUMBER, this.exponentEnd(this.digitsEnd(at + 1)));
        }
        this.afterSeparator = true;
        return this.operator(code, at + 1);
      case Char.COLON:
        return sql.charCodeAt(at + 1) === Char.EQUALS ? this.operator(ASSIGN, at + 2) : this.operator(code, at + 1);
      default:
        return this.operator(code, at + 1);
    }
  }

  private operator(code: number, end: number): Token {
    this.code = code;
    return this.literal(Token.OPERATOR, end);
  }

  private variable(at: number): Token {
    const { sql } = this;
    const code = sql.charCodeAt(at + 1);
    if (code === Char.AT) return this.literal(Token.SYSTEM_VARIABLE, at + 2);
    if (isQuote(code)) return this.quotedAs(Token.USER_VARIABLE, at + 1, code);
    let end = at + 1;
    for (let char = code; isWordChar(char) || char === Char.DOT; char = sql.charCodeAt(end)) {
      if (this.isBlankSomewhere(char) && this.reading === Reading.SPARSEST) break;
      end++;
    }
    return this.literal(Token.USER_VARIABLE, end);
  }

  private quotedAs(kind: Token, open: number, quote: number): Token {
    const end = closingQuote(this.sql, open, quote, this.escapes(quote));
    if (end > this.sql.length) this.unterminated = true;
    this.afterName = kind === Token.QUOTED;
    return this.literal(kind, Math.min(end, this.sql.length));
  }

  /** Whether a backslash escapes inside this quote: in strings only, not in names. */
  private escapes(quote: number): boolean {
    if (this.mode.noBackslashEscapes) return false;
    return quote === Char.QUOTE || (quote === Char.DOUBLE_QUOTE && !this.mode.ansiQuotes);
  }

  private unquoted(open: number): string {
    return unquote(this.sql.slice(open, this.end), this.escapes(this.sql.charCodeAt(open)));
  }
}
