/** The classes of characters that MySQL's lexer tells apart. */
export const CharClass = Object.freeze({ OTHER: 0, SPACE: 1, WORD: 2, DIGIT: 3 } as const);

const classes = new Uint8Array(256);
for (let code = 0; code < classes.length; code++) {
  const char = String.fromCharCode(code);
  if (code >= 0x80 || /[A-Za-z_$]/.test(char)) classes[code] = CharClass.WORD;
  else if (/[0-9]/.test(char)) classes[code] = CharClass.DIGIT;
  else if (/[\t\n\v\f\r ]/.test(char)) classes[code] = CharClass.SPACE;
}

/** The class of a character code; NaN (past the end of the text) is OTHER. */
export function classOf(code: number): number {
  return code < 256 ? classes[code]! : code >= 256 ? CharClass.WORD : CharClass.OTHER;
}

/** May stand in an unquoted name, though names of digits alone are numbers. */
export function isWordChar(code: number): boolean {
  return classOf(code) >= CharClass.WORD;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isHexDigit(code: number): boolean {
  return isDigit(code) || ((code | 0x20) >= 97 && (code | 0x20) <= 102);
}

export const Char = Object.freeze({
  NEWLINE: 10,
  SPACE: 32,
  BANG: 33,
  DOUBLE_QUOTE: 34,
  HASH: 35,
  DOLLAR: 36,
  QUOTE: 39,
  OPEN: 40,
  CLOSE: 41,
  STAR: 42,
  PLUS: 43,
  COMMA: 44,
  MINUS: 45,
  DOT: 46,
  SLASH: 47,
  COLON: 58,
  SEMICOLON: 59,
  EQUALS: 61,
  AT: 64,
  BACKSLASH: 92,
  UNDERSCORE: 95,
  BACKTICK: 96,
  NBSP: 160,
} as const);
