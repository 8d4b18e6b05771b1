import { ASSIGN, Lexer, quoteIdentifier, quoteString, Token, WordTable, type SqlMode } from '../src/sql';

const NAMES = Object.fromEntries(Object.entries(Token).map(([name, kind]) => [kind, name]));

function tokens(sql: string, mode?: SqlMode): string[] {
  const lexer = new Lexer(sql, mode);
  const found: string[] = [];
  while (lexer.next() !== Token.END) found.push(`${NAMES[lexer.kind]} ${lexer.text()}`);
  return found;
}

describe('Lexer', () => {
  it.each<[string, string[]]>([
    ['a.1b', ['WORD a', 'OPERATOR .', 'WORD 1b']],
    ['a .5', ['WORD a', 'NUMBER .5']],
    ['1.5from', ['NUMBER 1.5', 'WORD from']],
    ['1e5from 1.from', ['NUMBER 1e5', 'WORD from', 'NUMBER 1.', 'WORD from']],
    [
      '1a 1e 0x 0x4G 0x4f 0b01 0b2',
      ['WORD 1a', 'WORD 1e', 'WORD 0x', 'WORD 0x4G', 'BITS 0x4f', 'BITS 0b01', 'WORD 0b2'],
    ],
    ["x'41' X'41' b'0' n'x' x '41'", ["BITS x'41'", "BITS X'41'", "BITS b'0'", "STRING n'x'", 'WORD x', "STRING '41'"]],
    [
      '@a @@b @@global.c',
      ['USER_VARIABLE @a', 'SYSTEM_VARIABLE @@', 'WORD b', 'SYSTEM_VARIABLE @@', 'WORD global', 'OPERATOR .', 'WORD c'],
    ],
    ['a:=b : = c', ['WORD a', 'OPERATOR :=', 'WORD b', 'OPERATOR :', 'OPERATOR =', 'WORD c']],
    ['a>=?', ['WORD a', 'OPERATOR >', 'OPERATOR =', 'OPERATOR ?']],
    ["'a\\\\' 'b\\''", ["STRING 'a\\\\'", "STRING 'b\\''"]],
    ['/*! a */ b */', ['WORD a', 'WORD b', 'OPERATOR *', 'OPERATOR /']],
    ['/*/ a */ b', ['WORD b']],
    ['a--b', ['WORD a', 'OPERATOR -', 'OPERATOR -', 'WORD b']],
    ['a--', ['WORD a']],
    ['a#b', ['WORD a']],
    ['$a _b \xe9t\xe9', ['WORD $a', 'WORD _b', 'WORD \xe9t\xe9']],
  ])('%s', (sql, expected) => {
    expect(tokens(sql)).toEqual(expected);
  });

  it.each<[string, string]>([
    ["'it''s'", "it's"],
    ["'a\\nb\\0\\'\\%\\x'", "a\nb\0'\\%x"],
    ['"a""b"', 'a"b'],
    ['`a``b\\`', 'a`b\\'],
    ["N'x'", 'x'],
    ["@'it''s'", "it's"],
    ['@`x`', 'x'],
    ['@x.y', 'x.y'],
    ['word', 'word'],
  ])('gives %s the name %j', (sql, name) => {
    const lexer = new Lexer(sql);
    lexer.next();
    expect(lexer.name()).toBe(name);
    expect(lexer.next()).toBe(Token.END);
    expect(lexer.unterminated).toBe(false);
  });

  it.each(["'a", '"a\\"', '`a', '/* a', '/*! a', "@'a"])('tells that %s has no end', (sql) => {
    const lexer = new Lexer(sql);
    while (lexer.next() !== Token.END);
    expect(lexer.unterminated).toBe(true);
  });

  it('stays at the end', () => {
    const lexer = new Lexer('a');
    lexer.next();
    expect(lexer.next()).toBe(Token.END);
    expect(lexer.next()).toBe(Token.END);
    expect(lexer.text()).toBe('');
  });

  it('compares words and operators', () => {
    const lexer = new Lexer('SwItCh :=');
    lexer.next();
    expect(lexer.is('switch')).toBe(true);
    expect(lexer.is('switc')).toBe(false);
    lexer.next();
    expect(lexer.isOperator(ASSIGN)).toBe(true);
  });

  it('numbers the words of a table', () => {
    const words = new WordTable(new Map([['SWITCH', 7]]));
    const lexer = new Lexer('switch `switch` switches', undefined, words);
    lexer.next();
    expect(lexer.word).toBe(7);
    expect(lexer.next()).toBe(Token.QUOTED);
    lexer.next();
    expect(lexer.word).toBe(0);
    expect(words.get('Switch')).toBe(7);
    expect(words.get('')).toBe(0);
  });
});

describe('quoting', () => {
  it('writes names that no mode reads differently', () => {
    expect(quoteIdentifier('a`b\\')).toBe('`a``b\\`');
  });

  it.each(["'", '\\', "\\'", "'; DROP TABLE t -- ", "\\\\'", ''])(
    'keeps %j in one string under either mode',
    (value) => {
      for (const noBackslashEscapes of [false, true]) {
        const lexer = new Lexer(quoteString(value), { ansiQuotes: false, noBackslashEscapes });
        expect(lexer.next()).toBe(Token.STRING);
        if (!noBackslashEscapes) expect(lexer.name()).toBe(value);
        expect(lexer.next()).toBe(Token.END);
        expect(lexer.unterminated).toBe(false);
      }
    },
  );
});
