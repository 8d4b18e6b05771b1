import { Char } from './characters';
import { Lexer, Token, type SqlMode } from './lexer';
import { unquote } from './quoted';

/** PREPARE, EXECUTE [IMMEDIATE] and DEALLOCATE PREPARE of SQL, as far as their text tells what they mean. */
export type PreparedText =
  /** `source`: a string literal, verbatim, and `text`: what it says; or `variable`: the user variable that holds it. */
  | {
      readonly does: 'prepare';
      readonly name: string;
      readonly source: string;
      readonly text: string | null;
      readonly variable: string | null;
    }
  | { readonly does: 'execute'; readonly name: string }
  | { readonly does: 'immediate'; readonly text: string | null }
  | { readonly does: 'deallocate'; readonly name: string };

/**
 * Reads one such statement; null for anything that is not plainly one. Names are in lower case.
 *
 * @param sql decoded as latin1
 */
export function readPreparedText(sql: string, mode: SqlMode): PreparedText | null {
  const lexer = new Lexer(sql, mode);
  lexer.next();
  const word = (): string => (lexer.kind === Token.WORD ? lexer.name().toLowerCase() : '');
  const first = word();
  lexer.next();
  if (first === 'prepare') {
    const name = nameOf(lexer);
    if (name === null || word() !== 'from') return null;
    lexer.next();
    const source = sql.slice(lexer.start, lexer.end);
    const literal = lexer.kind === Token.STRING && /^['"]/.test(source);
    if (!literal && lexer.kind !== Token.USER_VARIABLE) return null;
    const text = literal ? unquote(source, !mode.noBackslashEscapes) : null;
    const variable = literal ? null : lexer.name().toLowerCase();
    lexer.next();
    return isOver(lexer) ? { does: 'prepare', name, source, text, variable } : null;
  }
  if (first === 'execute') {
    const name = nameOf(lexer);
    if (name !== 'immediate' || isOver(lexer)) return name === null ? null : { does: 'execute', name };
    const literal = lexer.kind === Token.STRING && /^['"]/.test(sql.slice(lexer.start, lexer.end));
    const text = literal ? unquote(sql.slice(lexer.start, lexer.end), !mode.noBackslashEscapes) : null;
    lexer.next();
    return { does: 'immediate', text: isOver(lexer) || word() === 'using' ? text : null };
  }
  if (first !== 'deallocate' && first !== 'drop') return null;
  if (word() !== 'prepare') return null;
  lexer.next();
  const name = nameOf(lexer);
  return name === null || !isOver(lexer) ? null : { does: 'deallocate', name };
}

function nameOf(lexer: Lexer): string | null {
  if (lexer.kind !== Token.WORD && lexer.kind !== Token.QUOTED) return null;
  const name = lexer.name().toLowerCase();
  lexer.next();
  return name;
}

function isOver(lexer: Lexer): boolean {
  if (lexer.isOperator(Char.SEMICOLON)) lexer.next();
  return lexer.kind === Token.END;
}
