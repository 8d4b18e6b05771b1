import { syntaxError } from './errors';

export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'variable' | 'symbol' | 'end';
  /** without quotes; of a variable, the name without `@@` and scope */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const COMMENT = /(?:\s+|\/\*[\s\S]*?\*\/|#[^\n]*|--(?=\s|$)[^\n]*)+/y;
const WORD = /[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /\d+(?:\.\d+)?/y;
const VARIABLE = /@@(?:(?:session|global|local)\.)?([A-Za-z_][\w.$]*)/iy;
const QUOTED = /'((?:[^'\\]|\\[\s\S]|'')*)'|"((?:[^"\\]|\\[\s\S]|"")*)"/y;
const BACKTICKED = /`((?:[^`]|``)+)`/y;

/** Cuts a statement into tokens, the last one of kind `end`. @throws AdminError 1064 on an open quote or comment */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    return pattern.exec(sql);
  };
  const push = (kind: Token['kind'], text: string, length: number): void => {
    tokens.push({ kind, text, start: position, end: position + length });
    position += length;
  };
  for (;;) {
    position += take(COMMENT)?.[0].length ?? 0;
    if (position >= sql.length) break;
    const word = take(WORD) ?? null;
    if (word !== null) {
      push('word', word[0], word[0].length);
      continue;
    }
    const number = take(NUMBER);
    if (number !== null) {
      push('number', number[0], number[0].length);
      continue;
    }
    const variable = take(VARIABLE);
    if (variable !== null) {
      push('variable', variable[1] ?? '', variable[0].length);
      continue;
    }
    const quoted = take(QUOTED);
    if (quoted !== null) {
      push('string', unescape(quoted[1] ?? quoted[2] ?? '', quoted[0].charAt(0)), quoted[0].length);
      continue;
    }
    const backticked = take(BACKTICKED);
    if (backticked !== null) {
      push('word', (backticked[1] ?? '').replaceAll('``', '`'), backticked[0].length);
      continue;
    }
    if (sql.startsWith('/*', position)) throw syntaxError('the end of the comment, */', sql.slice(position));
    if (`'"\``.includes(sql.charAt(position))) throw syntaxError('a closing quote', sql.slice(position));
    push('symbol', sql.charAt(position), 1);
  }
  tokens.push({ kind: 'end', text: '', start: sql.length, end: sql.length });
  return tokens;
}

function unescape(text: string, quote: string): string {
  return text.replaceAll(quote + quote, quote).replace(/\\([\s\S])/g, '$1');
}
