import { Char } from './characters';

export function isQuote(code: number): boolean {
  return code === Char.QUOTE || code === Char.DOUBLE_QUOTE || code === Char.BACKTICK;
}

/** The place after the quote that closes the one at `open`; past the end of the text by one if none does. */
export function closingQuote(sql: string, open: number, quote: number, escapes: boolean): number {
  const { length } = sql;
  for (let at = open + 1; at < length; at++) {
    const code = sql.charCodeAt(at);
    if (code === quote) {
      if (sql.charCodeAt(at + 1) !== quote) return at + 1;
      at++;
    } else if (escapes && code === Char.BACKSLASH) at++;
  }
  return length + 1;
}

const ESCAPES: Readonly<Record<string, string>> = Object.freeze({
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
  '%': '\\%',
  _: '\\_',
});

/** What stands between the quotes of `quoted`; `escapes`: a backslash escapes there. */
export function unquote(quoted: string, escapes: boolean): string {
  const quote = quoted.charAt(0);
  const body = quoted.slice(1, -1);
  if (escapes && body.includes('\\')) return unescape(body, quote);
  return body.includes(quote) ? body.replaceAll(quote + quote, quote) : body;
}

function unescape(body: string, quote: string): string {
  let value = '';
  for (let at = 0; at < body.length; at++) {
    const char = body.charAt(at);
    if (char === '\\' && at + 1 < body.length) {
      const escaped = body.charAt(++at);
      value += ESCAPES[escaped] ?? escaped;
    } else {
      if (char === quote) at++;
      value += char;
    }
  }
  return value;
}
