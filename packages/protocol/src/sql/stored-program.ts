import { Char } from './characters';
import { PIN } from './findings';
import { K } from './keywords';
import { Token } from './lexer';
import type { Scanner } from './scanner';

/**
 * Passes the rest of a CREATE or ALTER of a stored program, whose body may hold semicolons of its own. If it is sure
 * where the body ends, what was found inside is forgotten, since creating a program doesn't run it. If not, all of the
 * text is taken for the body, and what was found in it counts as if it ran.
 */
export function passStoredProgram(scanner: Scanner): void {
  const before = scanner.found.mark();
  if (scanner.word() === K.IF) scanner.advance(); // IF [NOT] EXISTS
  if (passBody(scanner)) scanner.found.backTo(before);
}

/** Goes to the end of the body; whether that end is sure. */
function passBody(scanner: Scanner): boolean {
  const { lexer } = scanner;
  /** BEGIN and CASE without their END yet. */
  let blocks = 0;
  /** Outside of BEGIN there is what may have semicolons and yet be one statement: IF, a loop, $$ text $$. */
  let open = false;
  let sure = true;
  for (;;) {
    if (lexer.kind === Token.END) return sure && blocks === 0;
    if (blocks === 0 && lexer.isOperator(Char.SEMICOLON)) {
      if (!open) return true;
      sure = false;
    }
    const word = scanner.word();
    const afterEnd = scanner.previousWord() === K.END;
    scanner.advance();
    switch (word) {
      case K.BEGIN:
        if (scanner.depth === 0) {
          blocks++;
          open = false;
        }
        break;
      case K.CASE:
        if (!afterEnd) blocks++;
        break;
      case K.IF:
      case K.LOOP:
      case K.REPEAT:
      case K.WHILE:
        if (!afterEnd && blocks === 0) open = true;
        break;
      case K.FOR:
        if (!afterEnd && blocks === 0 && !lexer.is('each')) open = true;
        break;
      case K.END:
        if (!isEndOfFlow(scanner.word())) blocks = Math.max(0, blocks - 1);
        break;
      case 0:
        if (lexer.kind === Token.WORD && lexer.sql.charCodeAt(lexer.start) === Char.DOLLAR) open = true;
        break;
    }
  }
}

/** END IF and its like close what wasn't counted. */
function isEndOfFlow(word: number): boolean {
  return word === K.IF || word === K.LOOP || word === K.REPEAT || word === K.WHILE || word === K.FOR;
}

const COMPOUND_PINS: ReadonlyMap<number, number> = new Map([
  [K.TEMPORARY, PIN.TEMPORARY_TABLE],
  [K.PREPARE, PIN.SQL_PREPARE],
  [K.EXECUTE, PIN.SQL_PREPARE],
  [K.XA, PIN.XA],
  [K.LOCK, PIN.LOCK_TABLES],
  [K.FLUSH, PIN.READ_LOCK],
  [K.ROLE, PIN.ROLE],
  [K.TRANSACTION, PIN.TRANSACTION_CHARACTERISTICS],
]);

/**
 * Passes a compound statement that runs at once (MariaDB: BEGIN NOT ATOMIC, IF, LOOP ...): all of the text. Its
 * statements aren't told apart; a word that starts one with an effect on the session counts as that effect.
 */
export function passCompound(scanner: Scanner): void {
  const { found } = scanner;
  while (scanner.lexer.kind !== Token.END) {
    const pin = COMPOUND_PINS.get(scanner.word());
    if (pin !== undefined) found.pins |= pin;
    if (scanner.word() === K.SET) found.assign({ target: 'other' });
    scanner.advance();
  }
  if (scanner.usesUserVariable) found.assignsUserVariables = true;
}
