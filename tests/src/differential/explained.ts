import type { Kind } from '@myswitch/testkit';
import type { Difference } from './runner';
import { Way } from './ground';
import { tellSame } from './payloads';

/** A difference that stays, and why. */
export interface Explanation {
  readonly name: string;
  readonly why: string;
  /** Default: both ways through the proxy. */
  readonly way?: Way;
  readonly kind?: Kind;
  readonly step?: RegExp;
  readonly direct?: RegExp;
  readonly got?: RegExp;
  /** Of the first payloads that differ. */
  readonly payloads?: (direct: Buffer, got: Buffer) => boolean;
}

export const EXPLAINED: readonly Explanation[] = [
  {
    name: 'weak pins end with a switch',
    why: 'FOUND_ROWS() and warnings last until the next statement: a switch does not wait for them, and who then asks is told',
    way: Way.MOVED,
    got: /ERR 1105 .*what (WARNINGS|FOUND_ROWS) would tell is gone/,
  },
  {
    name: 'order of trackers',
    why: 'MariaDB tells changed variables in the order of a hash table, which is another one where more of them are tracked',
    kind: 'mariadb',
    payloads: tellSame,
  },
];

export function explanationOf(difference: Difference, kind: Kind): Explanation | null {
  const found = EXPLAINED.find(
    (one) =>
      (one.way ?? difference.way) === difference.way &&
      (one.kind ?? kind) === kind &&
      (one.step?.test(difference.step) ?? true) &&
      (one.direct?.test(difference.direct) ?? true) &&
      (one.got?.test(difference.got) ?? true) &&
      (one.payloads === undefined || both(difference.payloads, one.payloads)),
  );
  return found ?? null;
}

function both([direct, got]: Difference['payloads'], fit: (direct: Buffer, got: Buffer) => boolean): boolean {
  return direct !== null && got !== null && fit(direct, got);
}
