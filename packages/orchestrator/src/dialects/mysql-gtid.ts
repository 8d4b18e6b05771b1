import type { Stray } from './dialect';

/** A GTID set without the line breaks that the server puts in. */
export const compact = (gtidSet: string): string => gtidSet.replaceAll(/\s/g, '');

interface Interval {
  /** The server's uuid, with the tag if there is one. */
  readonly source: string;
  readonly first: bigint;
  readonly last: bigint;
}

/** `uuid:1-5:7:tag:1-3,…`: https://dev.mysql.com/doc/refman/9.0/en/replication-gtids-concepts.html */
function intervals(gtidSet: string): readonly Interval[] {
  const found: Interval[] = [];
  for (const part of compact(gtidSet).split(',')) {
    const [uuid = '', ...pieces] = part.split(':');
    let source = uuid;
    for (const piece of pieces) {
      const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(piece) ?? [];
      if (first === undefined) {
        source = `${uuid}:${piece}`;
      } else {
        found.push({ source, first: BigInt(first), last: BigInt(last ?? first) });
      }
    }
  }
  return found;
}

/** How to find the transactions of a set in a binary log. */
export function strayOf(gtidSet: string, before: string): Stray {
  const wanted = intervals(gtidSet);
  const meets = (known: string): boolean =>
    intervals(known).some((one) =>
      wanted.some(({ source, first, last }) => one.source === source && one.first <= last && first <= one.last),
    );
  return { gtid: gtidSet, before, has: meets, precedes: meets };
}

/** Each of a set, at most so many. */
export function eachGtid(gtidSet: string, most: number): readonly string[] {
  const found: string[] = [];
  for (const { source, first, last } of intervals(gtidSet)) {
    for (let sequence = first; sequence <= last && found.length < most; sequence += 1n) {
      found.push(`${source}:${sequence}`);
    }
  }
  return found;
}
