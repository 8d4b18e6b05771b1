import { Char } from './characters';
import { PIN } from './findings';
import { K } from './keywords';
import { ASSIGN, Token } from './lexer';
import type { Scanner } from './scanner';
import type { SqlValue, VariableScope } from './statement';

/** Variables that a later statement consumes, or whose value the trackers report wrongly. */
const ONE_SHOT: ReadonlySet<string> = new Set([
  'timestamp',
  'insert_id',
  'rand_seed1',
  'rand_seed2',
  'gtid_next',
  'gtid_seq_no',
]);
const LAST_INSERT_ID: ReadonlySet<string> = new Set(['last_insert_id', 'identity', 'insert_id']);
const NEXT_TRANSACTION: ReadonlySet<string> = new Set([
  'transaction_isolation',
  'tx_isolation',
  'transaction_read_only',
  'tx_read_only',
]);

const SCOPES: ReadonlyMap<number, VariableScope> = new Map([
  [K.SESSION, 'session'],
  [K.LOCAL, 'session'],
  [K.GLOBAL, 'global'],
  [K.PERSIST, 'persist'],
  [K.PERSIST_ONLY, 'persist_only'],
]);

/**
 * Reads what follows the word SET. Returns whether it was SET STATEMENT ... FOR, with the statement that it holds for
 * still to be read.
 */
export function readSet(scanner: Scanner): boolean {
  const { found } = scanner;
  switch (scanner.word()) {
    case K.STATEMENT:
      return readSetStatement(scanner);
    case K.PASSWORD:
      found.assign({ target: 'password' });
      return readOther(scanner);
    case K.ROLE:
      readRole(scanner);
      return false;
    case K.DEFAULT: // SET DEFAULT ROLE
    case K.RESOURCE: // SET RESOURCE GROUP
      found.assign({ target: 'other' });
      return readOther(scanner);
    default:
      readAssignments(scanner);
      return false;
  }
}

function readRole(scanner: Scanner): void {
  scanner.accounts = true;
  scanner.skip();
  const { lexer } = scanner;
  const from = lexer.start;
  scanner.rest();
  scanner.found.assign({ target: 'role', text: lexer.sql.slice(from, Math.max(from, scanner.previousEnd())) });
}

function readOther(scanner: Scanner): boolean {
  scanner.accounts = true;
  scanner.found.mayCommit = true;
  scanner.rest();
  return false;
}

function readSetStatement(scanner: Scanner): boolean {
  scanner.found.assign({ target: 'statement' });
  while (!scanner.atEnd() && !(scanner.depth === 0 && scanner.word() === K.FOR)) scanner.advance();
  if (scanner.atEnd()) return false;
  scanner.skip();
  return true;
}

function readAssignments(scanner: Scanner): void {
  const { found, lexer } = scanner;
  // A scope word holds for the assignments after it too, until the next one.
  let scope: VariableScope = 'session';
  let scoped = false;
  for (;;) {
    const given = SCOPES.get(scanner.word());
    if (given !== undefined) {
      scope = given;
      scoped = true;
      scanner.advance();
    }
    const read =
      scanner.word() === K.TRANSACTION
        ? readTransaction(scanner, scoped ? scope : null)
        : readAssignment(scanner, scope);
    if (!read || !(scanner.atEnd() || lexer.isOperator(Char.COMMA))) {
      found.assign({ target: 'other' });
      found.mayCommit = true;
      scanner.rest();
    }
    if (scanner.atEnd()) return;
    scanner.advance();
  }
}

function readTransaction(scanner: Scanner, scope: VariableScope | null): boolean {
  scanner.advance();
  const from = scanner.lexer.start;
  scanner.rest();
  const text = scanner.lexer.sql.slice(from, Math.max(from, scanner.previousEnd()));
  if (scope === null) scanner.found.pins |= PIN.TRANSACTION_CHARACTERISTICS;
  if (scope !== null && scope !== 'session') scanner.found.mayCommit = true;
  scanner.found.assign({
    target: 'transaction',
    scope: scope === null ? 'next' : scope === 'session' ? scope : 'global',
    text,
  });
  return true;
}

/** One assignment. False if it isn't one. */
function readAssignment(scanner: Scanner, scope: VariableScope): boolean {
  const { found, lexer } = scanner;
  const kind: number = lexer.kind;
  switch (kind) {
    case Token.USER_VARIABLE: {
      const name = lexer.name().toLowerCase();
      scanner.advance();
      if (!skipAssignmentOperator(scanner)) return false;
      found.assign({ target: 'user', name, value: readValue(scanner) });
      return true;
    }
    case Token.SYSTEM_VARIABLE:
      scanner.skip();
      return readSystemVariable(scanner);
    case Token.QUOTED:
      return readNamed(scanner, scope);
    case Token.WORD:
      switch (scanner.word()) {
        case K.NAMES:
          scanner.advance();
          return readNames(scanner);
        case K.CHARSET:
          scanner.advance();
          return readCharset(scanner);
        case K.CHARACTER:
          scanner.advance();
          return skipSet(scanner) && readCharset(scanner);
      }
      if (lexer.is('char')) {
        scanner.advance();
        return skipSet(scanner) && readCharset(scanner);
      }
      return readNamed(scanner, scope);
    default:
      return false;
  }
}

function skipSet(scanner: Scanner): boolean {
  if (scanner.word() !== K.SET) return false;
  scanner.advance();
  return true;
}

function skipAssignmentOperator(scanner: Scanner): boolean {
  if (!scanner.lexer.isOperator(Char.EQUALS) && !scanner.lexer.isOperator(ASSIGN)) return false;
  scanner.skip();
  return true;
}

/** `@@[scope.]name = value`, after the @@. */
function readSystemVariable(scanner: Scanner): boolean {
  const given = SCOPES.get(scanner.word());
  const first = readNamePart(scanner);
  if (first === null) return false;
  if (!scanner.lexer.isOperator(Char.DOT)) return readSystemValue(scanner, 'session', first, true);
  scanner.skip();
  const rest = readName(scanner);
  if (rest === null) return false;
  return given === undefined
    ? readSystemValue(scanner, 'session', `${first}.${rest}`, true)
    : readSystemValue(scanner, given, rest, false);
}

/** `name = value` */
function readNamed(scanner: Scanner, scope: VariableScope): boolean {
  const name = readName(scanner);
  return name !== null && readSystemValue(scanner, scope, name, false);
}

function readName(scanner: Scanner): string | null {
  const parts: string[] = [];
  for (;;) {
    const part = readNamePart(scanner);
    if (part === null) return null;
    parts.push(part);
    if (!scanner.lexer.isOperator(Char.DOT)) return parts.join('.');
    scanner.skip();
  }
}

function readNamePart(scanner: Scanner): string | null {
  const { kind } = scanner.lexer;
  if (kind !== Token.WORD && kind !== Token.QUOTED) return null;
  const name = scanner.lexer.name().toLowerCase();
  scanner.skip();
  return name;
}

function readSystemValue(scanner: Scanner, scope: VariableScope, name: string, unscopedMarker: boolean): boolean {
  const { found } = scanner;
  if (!skipAssignmentOperator(scanner)) return false;
  const value = readValue(scanner);
  if (scope !== 'session' || name === 'autocommit') found.mayCommit = true;
  if (unscopedMarker && NEXT_TRANSACTION.has(name)) {
    found.pins |= PIN.TRANSACTION_CHARACTERISTICS;
    found.assign({ target: 'transaction', scope: 'next', text: value.text });
    return true;
  }
  if (LAST_INSERT_ID.has(name)) found.setsLastInsertId = true;
  // a timestamp that stands in the text can be set again; DEFAULT gives the clock back
  const known = name === 'timestamp' && (value.kind === 'default' || value.kind === 'number');
  if ((ONE_SHOT.has(name) || name.startsWith('pseudo_')) && !known) found.pins |= PIN.ONE_SHOT;
  found.assign({ target: 'system', scope, name, value });
  return true;
}

/** `charset [COLLATE collation]` or DEFAULT, after NAMES. */
function readNames(scanner: Scanner): boolean {
  const charset = readCharsetName(scanner);
  if (charset === undefined) return false;
  let collation: string | null | undefined = null;
  if (scanner.word() === K.COLLATE) {
    scanner.advance();
    collation = readCharsetName(scanner);
    if (collation === undefined) return false;
  }
  scanner.found.assign({ target: 'names', charset, collation });
  return true;
}

function readCharset(scanner: Scanner): boolean {
  const charset = readCharsetName(scanner);
  if (charset === undefined) return false;
  scanner.found.assign({ target: 'charset', charset });
  return true;
}

/** The name in lower case; null for DEFAULT; undefined if there is none. */
function readCharsetName(scanner: Scanner): string | null | undefined {
  const { kind } = scanner.lexer;
  if (kind !== Token.WORD && kind !== Token.QUOTED && kind !== Token.STRING) return undefined;
  const name = scanner.word() === K.DEFAULT ? null : scanner.lexer.name().toLowerCase();
  scanner.advance();
  return name;
}

/** A value: everything up to the next comma outside of parentheses, or the end. */
function readValue(scanner: Scanner): SqlValue {
  const { lexer } = scanner;
  const from = lexer.start;
  const openDepth = scanner.depth;
  let tokens = 0;
  let kind: SqlValue['kind'] = 'expression';
  let prefix: 'none' | 'sign' | 'introducer' | 'other' = 'none';
  while (!scanner.atEnd() && !(scanner.depth === openDepth && lexer.isOperator(Char.COMMA))) {
    tokens++;
    if (tokens === 1) {
      kind = simpleKind(scanner);
      prefix = prefixKind(scanner);
    } else if (tokens === 2) {
      const second = simpleKind(scanner);
      const joins =
        prefix === 'sign' ? second === 'number' : prefix === 'introducer' && (second === 'string' || second === 'hex');
      kind = joins ? second : 'expression';
    } else kind = 'expression';
    scanner.advance();
  }
  const text = lexer.sql.slice(from, Math.max(from, scanner.previousEnd()));
  return Object.freeze({ kind, text });
}

function simpleKind(scanner: Scanner): SqlValue['kind'] {
  const { lexer } = scanner;
  const kind: number = lexer.kind;
  switch (kind) {
    case Token.NUMBER:
      return 'number';
    case Token.STRING:
      return 'string';
    case Token.BITS:
      return 'hex';
    case Token.QUOTED:
      return 'identifier';
    case Token.WORD:
      return scanner.word() === K.NULL ? 'null' : scanner.word() === K.DEFAULT ? 'default' : 'identifier';
    default:
      return 'expression';
  }
}

function prefixKind(scanner: Scanner): 'sign' | 'introducer' | 'other' {
  const { lexer } = scanner;
  if (lexer.isOperator(Char.MINUS) || lexer.isOperator(Char.PLUS)) return 'sign';
  const introducer = lexer.kind === Token.WORD && lexer.sql.charCodeAt(lexer.start) === Char.UNDERSCORE;
  return introducer ? 'introducer' : 'other';
}
