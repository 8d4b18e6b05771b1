import { classify, type SqlMode } from '../src/sql';
import { CORPUS } from './sql-corpus';
import { summary } from './sql-summary';

describe('classify', () => {
  it.each(CORPUS)('%j', (sql, expected) => {
    expect(summary(classify(sql))).toBe(expected);
  });

  it('returns frozen objects', () => {
    const statement = classify('SET @a = 1');
    expect(Object.isFrozen(statement)).toBe(true);
    for (const value of Object.values(statement)) {
      if (Array.isArray(value)) expect(Object.isFrozen(value)).toBe(true);
    }
    expect(Object.isFrozen(statement.assignments[0])).toBe(true);
  });

  describe('under another sql_mode', () => {
    const ansi: SqlMode = { ansiQuotes: true, noBackslashEscapes: false };
    const literal: SqlMode = { ansiQuotes: false, noBackslashEscapes: true };
    const both: SqlMode = { ansiQuotes: true, noBackslashEscapes: true };

    it.each<[SqlMode, string, string]>([
      [ansi, 'USE "a""b"', 'USE plain use:a"b'],
      [ansi, 'SELECT "get_lock"(1, 2)', 'SELECT commit pin:GET_LOCK'],
      // In a name a backslash is itself, so the quote after it closes.
      [ansi, 'SELECT "a\\"; SELECT 2', 'MULTI commit n:2'],
      [ansi, "SELECT 'a\\'; SELECT 2'", 'SELECT plain ro'],
      [literal, "SELECT 'a\\'; SELECT 2", 'MULTI commit n:2'],
      [literal, 'SELECT "a\\"; SELECT 2', 'MULTI commit n:2'],
      [literal, "SELECT 'a\\''; SELECT 2'", 'SELECT plain ro'],
      [both, 'SELECT \'a\\\', "b\\"; SELECT 2', 'MULTI commit n:2'],
    ])('%j %s', (mode, sql, expected) => {
      expect(summary(classify(sql, mode))).toBe(expected);
    });
  });
});
