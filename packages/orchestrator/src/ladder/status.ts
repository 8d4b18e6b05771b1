import type { NodeStatus } from '../report';

/** The rungs, from health to failure. */
export const STATUSES: readonly NodeStatus[] = Object.freeze(['OK', 'OK_INFO', 'OK_WARN', 'OK_CRITICAL', 'FAIL']);

export const FAIL = STATUSES.length - 1;

/** The rung after so many bad polls in a row, where the `failures`th of them is FAIL. */
export const rungAfter = (errors: number, failures: number): number =>
  Math.min(FAIL, Math.ceil((errors * FAIL) / failures));

/** From the first bad poll on; that one comes at most an interval after the node's last good moment. */
export const timeToFailMs = (intervalMs: number, failures: number): number => intervalMs * failures;
