import { Char } from './characters';
import { DEFAULT_SQL_MODE, Lexer, Token, type SqlMode } from './lexer';

/** LOAD DATA|XML [LOW_PRIORITY | CONCURRENT] LOCAL: the words that may stand at each place. */
const PHRASE: readonly RegExp[] = [/^load$/i, /^(data|xml)$/i, /^(low_priority|concurrent|local)$/i, /^local$/i];

/**
 * Whether a server may answer this text by asking for a file of the client's: it loads one, or runs a prepared statement,
 * whose text is not in front of us. For the rare server that does ask: too slow to be asked of every statement.
 */
export function mayLoadLocalFile(sql: string, mode: SqlMode = DEFAULT_SQL_MODE): boolean {
  const lexer = new Lexer(sql, mode);
  let matched = 0;
  let first = true;
  for (lexer.next(); lexer.kind !== Token.END; lexer.next()) {
    const word = lexer.kind === Token.WORD ? sql.slice(lexer.start, Math.min(lexer.end, lexer.start + 16)) : '';
    if (first && /^execute$/i.test(word)) return true;
    first = lexer.isOperator(Char.SEMICOLON);
    if (PHRASE[matched]!.test(word)) matched++;
    else matched = PHRASE[0]!.test(word) ? 1 : 0;
    if (matched === PHRASE.length || (matched > 2 && /^local$/i.test(word))) return true;
  }
  return false;
}
