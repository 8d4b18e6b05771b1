import type { HostPattern } from './host-pattern';

/** What decides which of several rows that match is found. */
export interface Ordered {
  readonly user: string;
  readonly host: HostPattern;
}

/*
 * Servers sort accounts once and take the first that matches. The two kinds differ; both orders were measured (MariaDB
 * 10.11, MySQL 9.7) and are compared with the servers in tests/src/login-hosts.test.ts. Among rows that a server itself
 * calls equal its choice is its own; CURRENT_USER() of a backend then tells whether it was another one.
 */

/** Negative: `a` is found first. */
export function mariadbOrder(a: Ordered, b: Ordered): number {
  return (
    compareLists(breadth(a.host.text), breadth(b.host.text)) ||
    namedFirst(a, b) ||
    (a.host.text < b.host.text ? 1 : a.host.text > b.host.text ? -1 : 0)
  );
}

export function mysqlOrder(a: Ordered, b: Ordered): number {
  return compareLists(specificity(a.host), specificity(b.host)) || namedFirst(a, b);
}

function namedFirst(a: Ordered, b: Ordered): number {
  return Number(a.user === '') - Number(b.user === '');
}

const MARIADB_MAX_HOST = 255;
const MARIADB_MAX_WILDCARDS = 31;

/**
 * MariaDB orders by how many strings a pattern matches: that grows with what `%` has left to fill, then with the number of
 * wildcards. Equal ones go by the length of what stands before the first wildcard.
 */
function breadth(pattern: string): readonly number[] {
  let [literals, singles, runs, before] = [0, 0, 0, 0];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    const wild = character === '%' || character === '_';
    if (wild && runs === 0 && singles === 0) before = literals;
    if (character === '%') {
      runs++;
      while (pattern[at + 1] === '%') at++;
    } else if (character === '_') {
      singles++;
    } else {
      if (character === '\\' && at + 1 < pattern.length) at++;
      literals++;
    }
  }
  const fill = runs === 0 ? 0 : MARIADB_MAX_HOST - literals - singles;
  [runs, singles] = [Math.min(runs, MARIADB_MAX_WILDCARDS), Math.min(singles, MARIADB_MAX_WILDCARDS)];
  return fill > singles ? [2 * fill + 1, runs, singles, before] : [2 * singles, fill, runs, before];
}

const ADDRESS_FIRST = /^\d+\.\d+\.\d+\.\d+(?!\d)/;

/** MySQL: addresses, then networks by the length of their prefix (CIDR before netmask), then by the place of the first wildcard. */
function specificity({ text, network }: HostPattern): readonly number[] {
  if (network?.notation === 'cidr') return [1, -network.mask];
  if (network?.notation === 'netmask') return [2, -network.mask];
  return [ADDRESS_FIRST.test(text) ? 0 : 3, -firstWildcard(text)];
}

/** From 1 on; 128 when there is none, 0 for `%` and less for the empty host. */
function firstWildcard(text: string): number {
  if (text === '%') return 0;
  if (text === '') return -1;
  const at = text.replace(/\\./g, '..').search(/[%_]/);
  return at === -1 ? 128 : Math.min(at + 1, 127);
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
