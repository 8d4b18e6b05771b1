import assert from 'node:assert/strict';
import { causesOf, classify, mayLoadLocalFile, readPreparedText, substituteCalls } from '@myswitch/protocol';
import type { Random } from './random';
import { randomSql, repeatedSql } from './sql';
import type { Target } from './target';

const VALUES = new Map([
  ['connection_id', '7'],
  ['found_rows', '8'],
]);

function read(sql: string, random: Random): void {
  const mode = { ansiQuotes: random.once(3), noBackslashEscapes: random.once(3) };
  const statement = classify(sql, mode);
  assert.ok(Array.isArray(statement.pins));
  causesOf(sql, mode, random.pick(['shop', null]));
  readPreparedText(sql, mode);
  mayLoadLocalFile(sql, mode);
  assert.equal(typeof substituteCalls(sql, VALUES, mode), 'string');
}

/** Of these nothing is ever refused. */
export const SQL_TARGETS: readonly Target[] = [
  { name: 'statements', weight: 12, run: (random) => read(randomSql(random), random) },
  {
    name: 'long statements',
    weight: 0.02,
    run: (random) => read(repeatedSql(random, 1 << (10 + random.below(8))), random),
  },
];
