import fc from 'fast-check';
import type { Asked } from './replica';

/** Words of a statement; what stands between them is chosen for itself. */
type Words = readonly string[];

const words = (text: string): Words => text.split(' ');
const any = (...texts: string[]): fc.Arbitrary<Words> => fc.constantFrom(...texts.map(words));

const reading = any(
  '1',
  'v',
  't.v',
  "'x'",
  "'FOR UPDATE'",
  '`id`',
  '@a',
  '-1',
  'COUNT( * )',
  'NOW( )',
  'COALESCE ( v , 1 )',
  'CAST( v AS CHAR )',
  "CONCAT( s , 'w()' )",
  '( SELECT MAX( id ) FROM u )',
  'CASE WHEN v THEN 1 ELSE 2 END',
  '( 1 )',
  'id IN ( 1 , 2 )',
  'EXISTS ( SELECT 1 FROM u )',
  'v = ANY ( SELECT id FROM u )',
  'SUM( v ) OVER ( )',
  "_utf8mb4'x'",
  "N'\\''",
  '1 AS `w`',
);
const writing = any(
  'w ( )',
  'shop . w ( )',
  '`w` ( )',
  'w2 ( 1 )',
  'count ( 1 )',
  'COUNT ( 1 )',
  'md5 ( 1 )',
  'against ( 1 )',
  'lateral ( 1 )',
  'any_value ( 1 )',
  'uuid_to_bin ( 1 )',
  'nvl ( 1 )',
  '@x := 1',
  "GET_LOCK ( 'g' , 0 )",
  "`GET_LOCK` ( 'g' , 0 )",
  'LAST_INSERT_ID ( 7 )',
  'NEXTVAL ( s )',
  'NEXT VALUE FOR s',
  'SETVAL ( s , 9 )',
  '( SELECT w ( ) )',
  '( SELECT v FROM u LIMIT 1 FOR UPDATE )',
  '@@sql_mode , w ( )',
);
const clause = any(
  'FOR UPDATE',
  'LOCK IN SHARE MODE',
  'FOR SHARE',
  'FOR UPDATE NOWAIT',
  'FOR UPDATE SKIP LOCKED',
  'INTO @x',
  "INTO OUTFILE '/tmp/myswitch-corpus'",
  'LIMIT 1 FOR UPDATE',
);
const ending = any(
  '',
  'WHERE id = 1',
  'ORDER BY id LIMIT 1',
  'GROUP BY v',
  'WHERE v IN ( SELECT id FROM u )',
  '# x\n',
  '-- x\n',
);
const written = any(
  'DELETE FROM t',
  'UPDATE t SET v = 9',
  'INSERT INTO log VALUES ( 1 )',
  'REPLACE INTO log VALUES ( 1 )',
  'TRUNCATE t',
  'CALL p ( )',
  'CREATE TEMPORARY TABLE x ( a INT )',
  'HANDLER t OPEN',
  'LOCK TABLES t READ',
  'DO w ( )',
);

const expression = fc.oneof({ weight: 12, arbitrary: reading }, { weight: 1, arbitrary: writing });
const select = fc
  .tuple(
    fc.array(expression, { minLength: 1, maxLength: 3 }),
    fc.constantFrom(words('FROM t'), words('FROM t , u'), words('FROM vw'), words('FROM ( SELECT * FROM t ) x')),
    ending,
    fc.oneof({ weight: 6, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: clause }),
  )
  .map(([all, from, end, last]): Words =>
    [['SELECT'], all.flatMap((one) => [',', ...one]).slice(1), from, end, last].flat(),
  );

const WRAPS: readonly ((query: Words) => Words)[] = [
  (query) => query,
  (query) => query,
  (query) => ['(', ...query, ')'],
  (query) => ['(', '(', ...query, ')', ')'],
  (query) => ['WITH', 'c', 'AS', '(', ...query, ')', ...words('SELECT 1 FROM c')],
  (query) => [...words('WITH c ( n ) AS ( SELECT 1 )'), ...query],
  (query) => [...words('SELECT 1 FROM t WHERE EXISTS ('), ...query, ')'],
  (query) => [...query, ...words('UNION SELECT 1')],
  (query) => [...words('( SELECT 1 ) UNION ('), ...query, ')'],
  (query) => ['EXPLAIN', ...query],
  (query) => ['EXPLAIN', 'ANALYZE', ...query],
  (query) => ['ANALYZE', ...query],
  (query) => [...words('SET STATEMENT max_statement_time = 9 FOR'), ...query],
  (query) => ['SELECT', '(', ...query, ')'],
  (query) => [...query, ';'],
  (query) => [...query, ';', 'SELECT', '1'],
  (query) => ['/*!40101', ...query, '*/'],
];

const statement = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: select }, { weight: 1, arbitrary: written }),
    fc.array(fc.constantFrom(...WRAPS), { minLength: 1, maxLength: 2 }),
  )
  .map(([query, wraps]) => wraps.reduce((inner, wrap) => wrap(inner), query));

const PLAIN_GAPS = [' ', '\n', '\t', '/**/', ' /* x */ ', '/* /* */', " -- '\n", ' # `\n', '/*!40101 */', ' /*! */ '];
const ODD_GAPS = [
  '',
  '/*!99999 x */',
  '/*!80000 */',
  '/*M!999999 x */',
  "/*!99999 ' */",
  '\xa0',
  '\xff',
  "--\xe9 '\n",
  '--\x81\n',
  '/*+ x */',
];
/** Around a word. */
const SLEEVES = ['/*!40101 ', '/*! ', '/*!80000 ', '/*M! ', '/*M!100000 ', '/*!100100 '];

/** Mostly blanks; odd ones rarely, or nothing would be a statement any more. */
const gap = fc.oneof(
  { weight: 120, arbitrary: fc.constant(' ') },
  { weight: 30, arbitrary: fc.constantFrom(...PLAIN_GAPS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_GAPS) },
);
const sleeve = fc.oneof(
  { weight: 120, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom(...SLEEVES) },
);
const charset = fc.oneof(
  { weight: 3, arbitrary: fc.constant('utf8mb4') },
  { weight: 1, arbitrary: fc.constantFrom('latin1', 'cp1250', 'cp866', 'latin7') },
);
const sqlMode = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom('ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES', 'IGNORE_SPACE') },
);

const asked: fc.Arbitrary<Asked> = statement.chain((all) =>
  fc
    .tuple(
      fc.array(gap, { minLength: all.length, maxLength: all.length }),
      fc.array(sleeve, { minLength: all.length, maxLength: all.length }),
      charset,
      sqlMode,
    )
    .map(([gaps, sleeves, name, mode]) => ({
      sql: all.map((word, i) => `${sleeves[i] === null ? word : `${sleeves[i]}${word} */`}${gaps[i]}`).join(''),
      charset: name,
      sqlMode: mode,
    })),
);

/** Reads and writes, and writes that look like reads. */
export function statements(count: number, seed: number): readonly Asked[] {
  return fc.sample(asked, { numRuns: count, seed });
}
