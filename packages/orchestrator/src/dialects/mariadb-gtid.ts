import type { Since, Stray } from './dialect';

/** One entry of a MariaDB position such as gtid_binlog_state: domain-server-sequence. */
export interface Gtid {
  readonly domain: number;
  readonly server: number;
  readonly sequence: bigint;
}

export function parseGtids(position: string): readonly Gtid[] {
  return position
    .split(',')
    .map((part) => /^\s*(\d+)-(\d+)-(\d+)\s*$/.exec(part))
    .filter((match): match is RegExpExecArray => match !== null)
    .map(([, domain, server, sequence]) => ({
      domain: Number(domain),
      server: Number(server),
      sequence: BigInt(sequence ?? '0'),
    }));
}

const formatGtid = (gtid: Gtid): string => `${gtid.domain}-${gtid.server}-${gtid.sequence}`;

const highest = (gtids: readonly Gtid[], domain: number): bigint =>
  gtids
    .filter((gtid) => gtid.domain === domain)
    .reduce((max, gtid) => (gtid.sequence > max ? gtid.sequence : max), -1n);

/**
 * Transactions of the candidate that the active node lacks. Both arguments are gtid_binlog_state, the candidate's read first. A sequence
 * number beyond the active node's, or a transaction that the candidate wrote itself and the active node never logged.
 */
export function errantGtids(candidate: string, candidateServer: number, active: string): readonly string[] {
  const known = parseGtids(active);
  return parseGtids(candidate)
    .filter((gtid) => {
      if (gtid.sequence > highest(known, gtid.domain)) {
        return true;
      }
      const logged = known.find((other) => other.domain === gtid.domain && other.server === gtid.server);
      return gtid.server === candidateServer && (logged === undefined || logged.sequence < gtid.sequence);
    })
    .map(formatGtid);
}

/**
 * The same, so that each can be found in a binary log: of each domain and server those after the last one that the active node logged. Not
 * every number between the first and the last need be there.
 */
export function strayOf(candidate: string, candidateServer: number, active: string): Stray {
  const known = parseGtids(active);
  const ranges = errantGtids(candidate, candidateServer, active)
    .flatMap(parseGtids)
    .map((last) => ({ last, after: sequenceOf(known, last) ?? 0n }));
  const rangeOf = ({ domain, server }: Pick<Gtid, 'domain' | 'server'>) =>
    ranges.find(({ last }) => last.domain === domain && last.server === server);
  return {
    gtid: ranges
      .map(({ last, after }) =>
        last.sequence === after + 1n
          ? formatGtid(last)
          : `${formatGtid({ ...last, sequence: after + 1n })}..${formatGtid(last)}`,
      )
      .join(','),
    before: furthest(
      parseGtids(candidate)
        .map(({ domain, server, sequence: last }) => {
          const sequence = rangeOf({ domain, server })?.after ?? last;
          return { domain, server, sequence };
        })
        .filter(({ sequence }) => sequence > 0n)
        .map(formatGtid),
    ),
    has: (gtid) =>
      parseGtids(gtid).some((one) => {
        const range = rangeOf(one);
        return range !== undefined && one.sequence > range.after && one.sequence <= range.last.sequence;
      }),
    precedes: (list) =>
      parseGtids(list.replaceAll(/[[\]]/g, '')).some((one) => one.sequence > (rangeOf(one)?.after ?? one.sequence)),
  };
}

/** What comes after a position, domain by domain. */
export function sinceOf(position: string): Since {
  const from = parseGtids(position);
  const isAfter = ({ domain, sequence }: Gtid): boolean => sequence > highest(from, domain);
  return {
    has: (gtid) => parseGtids(gtid).some(isAfter),
    precedes: (list) => parseGtids(list.replaceAll(/[[\]]/g, '')).some(isAfter),
  };
}

const sequenceOf = (gtids: readonly Gtid[], { domain, server }: Gtid): bigint | undefined =>
  gtids.find((gtid) => gtid.domain === domain && gtid.server === server)?.sequence;

/** What `position` holds beyond `than`, by domain. */
export function beyondGtids(position: string, than: string): readonly string[] {
  const has = parseGtids(than);
  return parseGtids(position)
    .filter((gtid) => gtid.sequence > highest(has, gtid.domain))
    .map(formatGtid);
}

/** The furthest of several positions in each domain. */
export function furthest(positions: readonly string[]): string {
  const byDomain = new Map<number, Gtid>();
  for (const gtid of positions.flatMap(parseGtids)) {
    if (gtid.sequence >= (byDomain.get(gtid.domain)?.sequence ?? -1n)) {
      byDomain.set(gtid.domain, gtid);
    }
  }
  return [...byDomain.values()].map(formatGtid).join(',');
}

/** Order of domains doesn't matter. */
export const samePosition = (a: string, b: string): boolean => normal(a) === normal(b);

const normal = (position: string): string => parseGtids(position).map(formatGtid).sort().join(',');
