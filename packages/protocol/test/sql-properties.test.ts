import fc from 'fast-check';

import { classify, Lexer, quoteIdentifier, quoteString, Token } from '../src/sql';
import { GLUED_FUNCTIONS } from '../src/sql/known-words';
import { CORPUS } from './sql-corpus';
import { summary } from './sql-summary';

const FRAGMENTS = (
  "' \" ` @ # ; ( ) * / \\ . , : = - ! + 0 \n \xa0 \xff a 1e \\' '' x' @@ := " +
  '/* */ /*! /*!40101 /*!99999 /*M! /*+ --\t ' +
  'SELECT SET SET\tSTATEMENT FOR BEGIN END CASE IF CREATE\tPROCEDURE WITH AS EXPLAIN INTO ' +
  'GET_LOCK( LAST_INSERT_ID( NEXT\tVALUE GLOBAL TRANSACTION NAMES'
).split(' ');
const hostile = fc
  .array(fc.constantFrom(' ', ' ', ' ', ...FRAGMENTS), { maxLength: 40 })
  .map((parts) => parts.join(''));
const mode = fc.record({ ansiQuotes: fc.boolean(), noBackslashEscapes: fc.boolean() });

describe('classify, for any text', () => {
  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), mode, (sql, sqlMode) => {
        const statement = classify(sql, sqlMode);
        expect(statement.repeatable && (statement.mayCommit || statement.pins.length > 0)).toBe(false);
        expect(statement.readOnly && !statement.repeatable).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('cuts it into tokens that are in order and cover all but blanks', () => {
    fc.assert(
      fc.property(hostile, mode, (sql, sqlMode) => {
        const lexer = new Lexer(sql, sqlMode);
        let end = 0;
        while (lexer.next() !== Token.END) {
          expect(lexer.start).toBeGreaterThanOrEqual(end);
          expect(lexer.end).toBeGreaterThan(lexer.start);
          end = lexer.end;
        }
      }),
    );
  });

  it('says the same with other blanks, comments and letter case between and in its tokens', () => {
    const blank = fc.constantFrom(' ', '\n', '\t ', '/**/', "/* ; ' */", '-- x\n', '#`\n', '/*!40101 */', ' /*! */ ');
    const sqls = CORPUS.map(([sql]) => sql).filter((sql) => isStable(sql));
    expect(sqls.length).toBeGreaterThan(150);
    fc.assert(
      fc.property(fc.constantFrom(...sqls), fc.infiniteStream(blank), fc.boolean(), (sql, blanks, upper) => {
        let text = '';
        for (const [token, glued] of split(sql)) {
          const blankText = glued ? '' : String(blanks.next().value);
          text += blankText + (/^[a-z_]+$/i.test(token) && upper ? token.toUpperCase() : token);
        }
        expect(summary(classify(text)).toLowerCase()).toBe(summary(classify(sql)).toLowerCase());
      }),
      { numRuns: 1500 },
    );
  });

  it('keeps any string and name quoted', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), mode, (value, sqlMode) => {
        expect(classify(`USE ${quoteIdentifier(value)}`, sqlMode).schema).toBe(value);
        expect(classify(`SELECT ${quoteString(value)}`, sqlMode)).toEqual(classify('SELECT 1'));
      }),
    );
  });
});

/** Executable comments that not every server runs, unclosed texts and 0xA0 are left out: blanks aren't blanks there. */
function isStable(sql: string): boolean {
  return !/\/\*|unterminated|\xa0/.test(sql);
}

const GLUED = new Set(GLUED_FUNCTIONS);

/** The tokens of a text; glued: it belongs to the one before it without a gap. */
function split(sql: string): [token: string, glued: boolean][] {
  const lexer = new Lexer(sql);
  const found: [string, boolean][] = [];
  let end = -1;
  let glue = false;
  while (lexer.next() !== Token.END) {
    const host = lexer.kind === Token.USER_VARIABLE && lexer.start === end;
    found.push([lexer.text(), glue || host]);
    const char = lexer.text();
    glue =
      lexer.kind === Token.SYSTEM_VARIABLE ||
      char === '-' ||
      char === '.' ||
      char === ':' ||
      GLUED.has(char.toUpperCase());
    end = lexer.end;
  }
  return found;
}

/** The best of three, in CPU time, so that a busy machine doesn't count. */
function cpuMs(run: () => void): number {
  let best = Infinity;
  for (let i = 0; i < 3 && best > 100; i++) {
    const started = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

describe('time is linear: 256 KiB of', () => {
  const size = 1 << 18;
  it.each([
    '(',
    ')',
    "'",
    '"',
    '`',
    "''",
    '\\',
    "'\\",
    '/*',
    '*/',
    '/* */',
    '/*!',
    '/*!99999 ',
    '/*!99999 /* */',
    '/*!99999 */',
    '/*M! ',
    '/*+ \'*/ "',
    '-- ',
    '--',
    '-',
    '#',
    '#\n',
    '@',
    '@a,',
    '@@',
    '.',
    '1.',
    '0x',
    '1e',
    ';',
    'SELECT ',
    'a ',
    'a.',
    'a(',
    ';SELECT 1',
    'SET a=1,',
    'SET STATEMENT a=1 FOR ',
    'WITH ',
    'EXPLAIN ',
    'EXPLAIN WITH ',
    'BEGIN ',
    'BEGIN;',
    'CREATE PROCEDURE ',
    'CREATE PROCEDURE p() BEGIN ',
    'CREATE PROCEDURE p() @a; ',
    'LAST_INSERT_ID(',
    '\xa0',
    '\0',
  ])('%j is classified at once', (unit) => {
    // What takes quadratic time needs many seconds here.
    for (const prefix of ['', 'SELECT ', 'SET ', 'CREATE PROCEDURE p() ', 'BEGIN NOT ATOMIC ']) {
      const sql = prefix + unit.repeat(size / unit.length);
      expect(cpuMs(() => classify(sql))).toBeLessThan(500);
    }
  });

  it('a megabyte of the worst is classified in well under a second', () => {
    for (const unit of ['(', "'", '/*', 'a(', '@a,']) {
      const sql = unit.repeat((1 << 20) / unit.length);
      expect(cpuMs(() => classify(sql))).toBeLessThan(900);
    }
  });

  it('different user variables is classified in well under a second', () => {
    const sql = `SELECT ${Array.from({ length: 120_000 }, (_, i) => `@v${i}`).join(',')}`;
    expect(classify(sql).userVariables).toHaveLength(120_000);
    expect(cpuMs(() => classify(sql))).toBeLessThan(900);
  });
});
