import type { NodeStatus } from './words';

/** The rungs, from health to failure. */
export const STATUSES: readonly NodeStatus[] = Object.freeze(['OK', 'OK_INFO', 'OK_WARN', 'OK_CRITICAL', 'FAIL']);

export const FAIL = STATUSES.length - 1;

/** The rung after so many bad polls in a row, where the `failures`th of them is FAIL. */
export function rungAfter(errors: number, failures: number): number {
  return errors >= failures ? FAIL : Math.min(FAIL - 1, Math.ceil((errors * (FAIL - 1)) / (failures - 1)));
}

/** The most bad polls in a row that are still on that rung, or below it. */
export function errorsAt(rung: number, failures: number): number {
  let errors = failures;
  while (errors > 0 && rungAfter(errors, failures) > rung) errors -= 1;
  return errors;
}
