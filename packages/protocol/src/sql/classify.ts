import { Char } from './characters';
import { PIN, uniteReadings, type Findings } from './findings';
import { KEYWORDS } from './keywords';
import { DEFAULT_SQL_MODE, Lexer, Reading, Token, type SqlMode } from './lexer';
import { READERS } from './readers';
import { RULES } from './rules';
import { Scanner } from './scanner';
import { StatementKind, type Statement } from './statement';

/**
 * Tells what a statement is and does to its session, without parsing more than that takes. Linear in the text's length;
 * never throws.
 *
 * @param sql what the client sent, decoded as latin1; see {@link Lexer} for the character sets that this is right for
 * @param mode from the session's sql_mode
 */
export function classify(sql: string, mode: SqlMode = DEFAULT_SQL_MODE): Statement {
  const lexer = new Lexer(sql, mode, KEYWORDS, Reading.FULLEST);
  const found = read(lexer);
  if (!lexer.ambiguous) return found.toStatement();
  const sparsest = new Lexer(sql, mode, KEYWORDS, Reading.SPARSEST);
  const united = uniteReadings(found, read(sparsest));
  if (lexer.mixed || sparsest.mixed) united.repeatable = united.readOnly = false;
  return united.toStatement();
}

function read(lexer: Lexer): Findings {
  const scanner = new Scanner(lexer);
  const { found } = scanner;
  for (;;) {
    while (lexer.isOperator(Char.SEMICOLON)) scanner.skip();
    if (lexer.kind === Token.END) break;
    scanner.startStatement();
    found.kind = readStatement(scanner);
    found.statements++;
    judge(scanner);
  }
  if (found.statements > 1) {
    found.kind = StatementKind.MULTI;
    found.unpins = 0;
    found.doubt();
  }
  if (lexer.unterminated) found.doubt();
  return found;
}

/** Reads one statement to its end, and tells what kind it is. */
function readStatement(scanner: Scanner): StatementKind {
  for (;;) {
    while (scanner.lexer.isOperator(Char.OPEN)) scanner.advance();
    const reader = READERS[scanner.word()];
    scanner.advance();
    if (reader === undefined) {
      scanner.rest();
      return StatementKind.OTHER;
    }
    const kind = reader(scanner);
    if (kind !== null) return kind;
  }
}

/** Draws the conclusions from what was found, for a text of one statement. */
function judge(scanner: Scanner): void {
  const { found, calls, effects, into, intoFile, locks, local } = scanner;
  const { plain, commits, reads } = RULES[found.kind];
  const { assignsUserVariables } = found;
  const leaves = (found.pins & ~PIN.TEMPORARY_TABLE) !== 0 || assignsUserVariables || effects;
  found.calls ||= calls;
  found.plain = plain === 'yes' ? !leaves : plain === 'unless-it-calls' && !leaves && !calls;
  found.repeatable = reads && !(calls || effects || into || locks || assignsUserVariables) && found.pins === 0;
  found.readOnly = found.repeatable && !(local || found.calcFoundRows) && found.reads === 0;
  found.mayCommit ||= commits === 'yes' || (commits === 'if-it-calls' && (calls || intoFile));
}
