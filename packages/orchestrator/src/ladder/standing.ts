import { OrchestratorError } from '../errors';
import type { NodeState, NodeStatus, NodeType } from './words';
import { Move, rowFor } from './moves';
import { errorsAt, FAIL, rungAfter, STATUSES } from './status';

/** Where a node stands on the ladder. */
export interface Standing {
  readonly state: NodeState;
  /** Bad polls in a row. */
  readonly errors: number;
  readonly status: NodeStatus;
  /** What was told last; null: nothing to say. */
  readonly message: string | null;
}

/** What one poll says of a node's fitness. */
export type Verdict =
  | { readonly fit: true }
  | {
      readonly fit: false;
      readonly reachable: boolean;
      /** It serves all the same: what it serves may be old, or it serves only those who are in. */
      readonly serves: boolean;
      readonly reason: string;
    };

export const UNSEEN: Standing = Object.freeze({ state: 'UNKNOWN', errors: 0, status: 'OK', message: null });

/** It was FAILED when MySwitch ended, and nobody has recovered it since. */
export const FAILED_BEFORE: Standing = Object.freeze({
  state: 'FAILED_OFFLINE',
  errors: 0,
  status: 'FAIL',
  message: 'It had failed before MySwitch was started.',
});

/** Shown with a change of state, also when the polls are good. */
const NOTICE: NodeStatus = 'OK_WARN';
/** One that serves is worth keeping, as a replica that only does not replicate: it may be the last one that stands by. */
const SERVING_RUNG = STATUSES.indexOf('OK_WARN');
/** An ACTIVE is failed by a failover alone: somebody must take over. */
const ACTIVE_RUNG = FAIL - 1;

const RECOVERING = '(recovering) ';

/** The standing after one more poll: one rung up or down, one move at most. */
export function polled(standing: Standing, type: NodeType, verdict: Verdict, failures: number): Standing {
  // that a failed one answers is news; that it does not replicate is not
  const answers = verdict.fit || (verdict.serves && verdict.reachable && hasFailed(standing));
  return answers ? afterGoodPoll(standing, type) : afterBadPoll(standing, verdict, failures);
}

export const hasFailed = ({ state }: Standing): boolean => state === 'FAILED_ONLINE' || state === 'FAILED_OFFLINE';

function afterGoodPoll(standing: Standing, type: NodeType): Standing {
  const { state, errors, status, message } = standing;
  const better = { ...standing, errors: 0, status: 'OK' as const };
  if (hasFailed(standing)) {
    const told = `FAILED ${type === 'PRIMARY' ? 'PRIMARY ' : ''}server is reporting recovery. Manual intervention required.`;
    return status === 'FAIL'
      ? { ...better, status: NOTICE, message: told }
      : { ...better, message: `${RECOVERING}${told}` };
  }
  const row = rowFor(state, Move.GOOD_POLL);
  if (row !== undefined) {
    return { ...better, state: row.to, message: errors > 0 ? null : message };
  }
  // told once more as it passes, then there is nothing to say
  const passing = status !== 'OK' && message !== null && !message.startsWith(RECOVERING);
  return { ...better, message: passing ? `${RECOVERING}${message}` : null };
}

function afterBadPoll(standing: Standing, verdict: Verdict & { readonly fit: false }, failures: number): Standing {
  const { state } = standing;
  const errors = standing.errors + 1;
  const message = verdict.reason;
  if (hasFailed(standing)) {
    return { state, errors, status: 'FAIL', message };
  }
  const highest = verdict.serves ? SERVING_RUNG : state === 'ACTIVE' ? ACTIVE_RUNG : FAIL;
  const rung = Math.min(rungAfter(errors, failures), highest);
  const status = STATUSES[rung] ?? 'FAIL';
  if (rung < FAIL) {
    // what comes after that and is worse climbs on from there, a rung a poll
    return { state, errors: verdict.serves ? Math.min(errors, errorsAt(rung, failures)) : errors, status, message };
  }
  return { ...moved({ ...standing, errors }, verdict.reachable ? Move.UNFIT : Move.LOST, {}), errors, message };
}

/** An ACTIVE that was found unfit as often as it takes: a failover is due. */
export const isDue = ({ state, errors }: Standing, failures: number): boolean =>
  state === 'ACTIVE' && errors >= failures;

/** The standing after a move that is not a poll's. `type` and `other` are for what is told. */
export function moved(
  standing: Standing,
  move: Move,
  told: { readonly type?: NodeType; readonly other?: string },
): Standing {
  const row = rowFor(standing.state, move);
  if (row === undefined) {
    throw new OrchestratorError('ILLEGAL_MOVE', `a node that is ${standing.state} can't be moved by ${move}`);
  }
  const failed = move === Move.LOST || move === Move.UNFIT;
  const message = row.note?.replace('{type}', told.type ?? '').replace('{other}', told.other ?? '') ?? standing.message;
  return {
    state: row.to,
    errors: failed ? standing.errors : 0,
    status: failed ? 'FAIL' : row.note === null ? standing.status : NOTICE,
    message,
  };
}

/** Something is going on with a node that stays what it is. */
export const noted = (standing: Standing, message: string): Standing => ({
  ...standing,
  status: STATUSES.indexOf(standing.status) > STATUSES.indexOf(NOTICE) ? standing.status : NOTICE,
  message,
});
