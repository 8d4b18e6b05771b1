import { Char } from './characters';
import { Findings, PIN, READ } from './findings';
import { K, KEYWORDS, KNOWN, LOCAL_SCHEMAS, mayBeStoredFunction } from './keywords';
import { ASSIGN, Token, type Lexer } from './lexer';

/** In the place of a word's number. */
const NAME = -1;

/** A bit for each length (modulo 32): it spares most names in quotes the search. */
const LOCAL_SCHEMA_LENGTHS = LOCAL_SCHEMAS.reduce((bits, { length }) => bits | (1 << length), 0);

/**
 * Walks over a text's tokens and notes what any expression of any statement may do: function calls, variables, locking
 * reads. The grammar of each kind of statement lies with the callers, who look at `lexer` for the current token and
 * pass it with advance().
 */
export class Scanner {
  readonly lexer: Lexer;
  readonly found = new Findings();

  /** Of the current statement: how many parentheses are open. */
  depth = 0;
  /** Outside of parentheses, a name before a parenthesis is a table or a common table expression, not a function. */
  header = false;
  /** `name@host` is an account. */
  accounts = false;
  /** It calls what may be a stored or loadable function. */
  calls = false;
  /** FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE */
  locks = false;
  /** INTO */
  into = false;
  /** INTO OUTFILE, or into anything but a user variable. */
  intoFile = false;
  /** It changes something on the server though it is an expression: a named lock, a sequence, the last insert id. */
  effects = false;
  /** It asks for what is the server's own. */
  local = false;
  usesUserVariable = false;

  private lastKind: Token = Token.END;
  private lastWord = 0;
  private lastCode = 0;
  private lastEnd = -1;
  private lastStart = 0;
  /** The word before the last. */
  private olderWord = 0;
  /** The last name came after a dot. */
  private qualified = false;
  /** In the name of a system variable. */
  private systemName = false;
  /** The function whose parenthesis was just opened, where its first argument matters; NAME: one that may be stored. */
  private opened = 0;

  constructor(lexer: Lexer) {
    this.lexer = lexer;
    lexer.next();
  }

  startStatement(): void {
    this.depth = 0;
    this.header = false;
    this.accounts = false;
    this.calls = false;
    this.locks = false;
    this.into = false;
    this.intoFile = false;
    this.effects = false;
    this.local = false;
    this.usesUserVariable = false;
    this.forget();
  }

  atEnd(): boolean {
    const { lexer } = this;
    return lexer.kind === Token.END || (lexer.kind === Token.OPERATOR && lexer.code === Char.SEMICOLON);
  }

  /** The number of the word at hand; 0 if it is no keyword, and after a dot. */
  word(): number {
    return this.lexer.kind === Token.WORD && !this.afterDot() ? this.lexer.word : 0;
  }

  /** The number of the word before the current token. */
  previousWord(): number {
    return this.lastWord;
  }

  /** The source position after the token before the current one. */
  previousEnd(): number {
    return this.lastEnd;
  }

  after(operator: number): boolean {
    return this.lastKind === Token.OPERATOR && this.lastCode === operator;
  }

  /** Notes what the current token tells, and goes on to the next one. */
  advance(): void {
    const { lexer } = this;
    const kind: number = lexer.kind;
    if (this.opened !== 0) this.firstArgument();
    let word = 0;
    switch (kind) {
      case Token.WORD:
        this.qualified = this.afterDot();
        if (this.systemName && this.goesOnAsSystemName()) this.systemVariable(lexer.word);
        else if (this.qualified) {
          if (lexer.word > KNOWN || this.olderWord === K.LOCAL_SCHEMA) this.qualifiedName(lexer.word);
        } else {
          word = lexer.word;
          if (word > KNOWN) this.keyword(word);
        }
        break;
      case Token.QUOTED:
        this.qualified = this.afterDot();
        if (this.systemName && this.goesOnAsSystemName()) this.systemVariable(KEYWORDS.get(lexer.name()));
        else if (this.qualified) {
          if (this.olderWord === K.LOCAL_SCHEMA) this.local = true;
        } else if (((LOCAL_SCHEMA_LENGTHS >> (lexer.end - lexer.start - 2)) & 1) === 1)
          word = localSchema(lexer.name());
        break;
      case Token.OPERATOR:
        this.operator(lexer.code);
        break;
      case Token.USER_VARIABLE:
        this.systemName = false;
        if (!this.isHost()) this.userVariable();
        break;
      case Token.SYSTEM_VARIABLE:
        this.systemName = true;
        this.local = true;
        break;
      default:
        this.systemName = false;
    }
    if (this.lastWord === K.INTO && kind !== Token.USER_VARIABLE) this.intoFile = true;
    this.olderWord = this.lastWord;
    this.remember(word);
    lexer.next();
  }

  /** Goes on to the next token without a look at this one. */
  skip(): void {
    this.forget();
    this.lexer.next();
  }

  /** Passes everything up to the end of the statement. */
  rest(): void {
    while (!this.atEnd()) this.advance();
  }

  private remember(word: number): void {
    const { lexer } = this;
    this.lastKind = lexer.kind;
    this.lastWord = word;
    this.lastCode = lexer.code;
    this.lastStart = lexer.start;
    this.lastEnd = lexer.end;
  }

  private forget(): void {
    this.remember(0);
    this.lastKind = Token.END;
    this.olderWord = 0;
    this.qualified = false;
    this.systemName = false;
    this.opened = 0;
  }

  private afterDot(): boolean {
    return this.lastKind === Token.OPERATOR && this.lastCode === Char.DOT;
  }

  /** `@@scope.name`: a name follows the @@ or a dot at once, any other one is not of it. */
  private goesOnAsSystemName(): boolean {
    return (this.systemName = this.qualified || this.lastKind === Token.SYSTEM_VARIABLE);
  }

  private qualifiedName(word: number): void {
    if (this.olderWord === K.LOCAL_SCHEMA) this.local = true;
    if (word === K.NEXTVAL) this.sequence();
    else if (word === K.CURRVAL) this.local = true; // sql_mode=ORACLE: s.currval
  }

  private keyword(word: number): void {
    switch (word) {
      case K.INTO:
        this.into = true;
        break;
      case K.UPDATE:
      case K.SHARE:
        if (this.lastWord === K.FOR) this.locks = true;
        break;
      case K.LOCK:
        this.locks = true;
        break;
      case K.SQL_CALC_FOUND_ROWS:
        this.found.calcFoundRows = true;
        break;
      case K.FOR:
        if (this.lastWord !== K.VALUE) break;
        if (this.olderWord === K.NEXT) this.sequence();
        else this.local = true; // PREVIOUS VALUE FOR s
        break;
      case K.AGAINST:
        if (!this.after(Char.CLOSE)) this.calls = true; // to MariaDB it is a name elsewhere
        break;
      case K.SELECT:
      case K.SET:
      case K.TABLE:
      case K.VALUE:
      case K.VALUES:
      case K.WITH:
        if (this.depth === 0) this.header = false;
        break;
    }
  }

  private operator(code: number): void {
    switch (code) {
      case Char.OPEN:
        if (this.lastKind === Token.WORD || this.lastKind === Token.QUOTED) this.call();
        this.depth++;
        break;
      case Char.CLOSE:
        this.depth--;
        break;
      case Char.DOT:
        return;
      case ASSIGN:
        this.found.assignsUserVariables = true;
        break;
    }
    this.systemName = false;
  }

  /** The last token is a name, and this one opens the parenthesis after it. */
  private call(): void {
    if (this.header && this.depth === 0) return;
    if (this.qualified) {
      this.calls = true;
      return;
    }
    const word = this.lastKind === Token.WORD ? this.lastWord : this.quotedWord();
    switch (word) {
      case K.GET_LOCK:
        this.found.pins |= PIN.GET_LOCK;
        break;
      case K.RELEASE_LOCK:
      case K.RELEASE_ALL_LOCKS:
        this.effects = true;
        break;
      case K.FOUND_ROWS:
        this.found.reads |= READ.FOUND_ROWS;
        break;
      case K.ROW_COUNT:
        this.found.reads |= READ.ROW_COUNT;
        break;
      case K.CONNECTION_ID:
        this.found.asksConnectionId = true;
        this.local = true;
        break;
      case K.LOCAL_FUNCTION:
        this.local = true;
        break;
      case K.GLUED_FUNCTION:
        if (this.lastEnd !== this.lexer.start) this.opened = NAME;
        break;
      case K.LAST_INSERT_ID:
      case K.NEXTVAL:
        this.opened = word;
        break;
      default:
        if (mayBeStoredFunction(word)) this.opened = NAME;
    }
  }

  /** A name in quotes calls some built-in functions too, and of others only a stored one of the same name. */
  private quotedWord(): number {
    this.calls = true;
    return KEYWORDS.get(this.lexer.sql.slice(this.lastStart + 1, this.lastEnd - 1));
  }

  /** The current token comes after the parenthesis of a function whose first argument tells what it does. */
  private firstArgument(): void {
    const { lexer } = this;
    if (this.opened === NAME) {
      // a query there has parentheses of its own if the name is a function's: this one is LATERAL or a table's; f(*) is no call
      const isQuery = lexer.kind === Token.WORD && lexer.word === K.SELECT;
      if (!isQuery && !lexer.isOperator(Char.STAR)) this.calls = true;
    } else if (this.opened === K.LAST_INSERT_ID) {
      if (lexer.isOperator(Char.CLOSE)) this.found.reads |= READ.LAST_INSERT_ID;
      else {
        this.found.setsLastInsertId = true;
        this.effects = true;
      }
    } else if (lexer.kind === Token.WORD || lexer.kind === Token.QUOTED) this.sequence();
    else this.calls = true; // NEXTVAL('name') is a stored function that people write on MySQL
    this.opened = 0;
  }

  private sequence(): void {
    this.found.pins |= PIN.SEQUENCE;
    this.calls = true;
    this.effects = true;
  }

  private systemVariable(word: number): void {
    switch (word) {
      case K.LAST_INSERT_ID:
      case K.IDENTITY:
      case K.INSERT_ID:
        this.found.reads |= READ.LAST_INSERT_ID;
        break;
      case K.WARNING_COUNT:
      case K.ERROR_COUNT:
        this.found.reads |= READ.WARNINGS;
        break;
    }
  }

  private userVariable(): void {
    this.usesUserVariable = true;
    this.found.addUserVariable(this.lexer.name());
    if (this.lastWord === K.INTO) this.found.assignsUserVariables = true;
  }

  /** Whether the @ at hand belongs to an account: 'root'@'localhost'. */
  private isHost(): boolean {
    if (this.lastKind === Token.STRING || this.lastKind === Token.QUOTED) return true;
    if (this.lastKind !== Token.WORD || this.lastEnd !== this.lexer.start) return false;
    return this.lastWord === 0 || (this.accounts && this.lastWord !== K.INTO);
  }
}

/** The number of a name in quotes if it is that of a schema that each server has for itself. */
function localSchema(name: string): number {
  return KEYWORDS.get(name) === K.LOCAL_SCHEMA ? K.LOCAL_SCHEMA : 0;
}
