import { errantGtids, parseGtids, beyondGtids, samePosition } from '../src/dialects/mariadb-gtid';

test('parses several domains and numbers beyond 2^53', () => {
  expect(parseGtids('0-1-5, 7-2-18446744073709551615')).toEqual([
    { domain: 0, server: 1, sequence: 5n },
    { domain: 7, server: 2, sequence: 18446744073709551615n },
  ]);
  expect(parseGtids('')).toEqual([]);
});

test.each([
  ['the same', '0-1-5', 2, '0-1-5', []],
  ['behind', '0-1-4', 2, '0-1-5', []],
  ['both were primaries once', '0-1-5,0-2-8', 2, '0-2-8,0-1-9', []],
  ['beyond the active node', '0-1-6', 2, '0-1-5', ['0-1-6']],
  ['its own transaction at a number that the active node has', '0-1-4,0-2-5', 2, '0-1-9', ['0-2-5']],
  ['a domain of its own', '0-1-5,3-2-1', 2, '0-1-5', ['3-2-1']],
  ['an older server that the active node forgot', '0-9-3,0-1-5', 2, '0-1-6', []],
])('errant: %s', (_title, candidate, server, active, expected) => {
  expect(errantGtids(candidate, server, active)).toEqual(expected);
});

test.each([
  ['nothing was purged', '', '0-1-5', []],
  ['the replica has it', '0-1-5', '0-2-9', []],
  ['the replica lacks it', '0-1-5', '0-1-4', ['0-1-5']],
  ['the replica is empty', '0-1-5', '', ['0-1-5']],
])('purged: %s', (_title, oldest, position, expected) => {
  expect(beyondGtids(oldest, position)).toEqual(expected);
});

test('the order of domains does not matter', () => {
  expect(samePosition('0-1-5,3-1-2', '3-1-2,0-1-5')).toBe(true);
  expect(samePosition('0-1-5', '0-1-6')).toBe(false);
});
