import type { NodeState } from './words';

/** What moves a node from one state to another. */
export const Move = Object.freeze({
  /** A poll that finds it fit. */
  GOOD_POLL: 'GOOD_POLL',
  /** It is the pool's one writer, and nobody is ACTIVE. */
  CHOSEN: 'CHOSEN',
  /** A switch leads to it. */
  SWITCHED_TO: 'SWITCHED_TO',
  /** A failover leads to it. */
  TAKES_OVER: 'TAKES_OVER',
  /** Somebody opened it past MySwitch, and closed the others. */
  BY_HAND: 'BY_HAND',
  /** It was ACTIVE when MySwitch was started again, and nobody else is. */
  REMEMBERED: 'REMEMBERED',
  /** Another node is ACTIVE now, and this one still answers. */
  RELIEVED: 'RELIEVED',
  /** Bad polls, one for each rung, and it can't be reached. */
  LOST: 'LOST',
  /** Bad polls, one for each rung, and it can be reached. */
  UNFIT: 'UNFIT',
  /** An operator says that it was mended. */
  RECOVER: 'RECOVER',
} as const);
export type Move = (typeof Move)[keyof typeof Move];

/** What is told of nodes that stay what they are, in the words of the sources. */
export const Note = Object.freeze({
  RELINQUISH: 'Ready to relinquish ACTIVE state to PRIMARY.',
  RECOVERED: 'Manual Recovery Initiated.',
  WAITING: 'Waiting for SECONDARY to stand down before instatement to ACTIVE.',
} as const);

export interface Row {
  readonly from: NodeState;
  readonly move: Move;
  readonly to: NodeState;
  /** Told with the new state; `{type}` and `{other}` are filled in. Null: what was told before stays. */
  readonly note: string | null;
}

const instated = '{type} instatement to ACTIVE complete.';
const takesOver = 'FAILOVER: Taking over ACTIVE state.';
const byHand = 'Promoted past MySwitch.';

/** Every legal change of state. What is not here is refused. */
export const MOVES: readonly Row[] = Object.freeze([
  { from: 'UNKNOWN', move: Move.GOOD_POLL, to: 'STANDBY', note: null },
  { from: 'UNKNOWN', move: Move.LOST, to: 'FAILED_OFFLINE', note: null },
  { from: 'UNKNOWN', move: Move.UNFIT, to: 'FAILED_ONLINE', note: null },
  { from: 'UNKNOWN', move: Move.REMEMBERED, to: 'ACTIVE', note: null },
  { from: 'UNKNOWN', move: Move.BY_HAND, to: 'ACTIVE', note: byHand },
  // it was recovered a moment ago, and not polled since
  { from: 'UNKNOWN', move: Move.SWITCHED_TO, to: 'ACTIVE', note: instated },
  { from: 'UNKNOWN', move: Move.TAKES_OVER, to: 'ACTIVE', note: takesOver },
  { from: 'STANDBY', move: Move.REMEMBERED, to: 'ACTIVE', note: null },
  { from: 'STANDBY', move: Move.BY_HAND, to: 'ACTIVE', note: byHand },
  { from: 'STANDBY', move: Move.CHOSEN, to: 'ACTIVE', note: instated },
  { from: 'STANDBY', move: Move.SWITCHED_TO, to: 'ACTIVE', note: instated },
  { from: 'STANDBY', move: Move.TAKES_OVER, to: 'ACTIVE', note: takesOver },
  { from: 'STANDBY', move: Move.LOST, to: 'FAILED_OFFLINE', note: null },
  { from: 'STANDBY', move: Move.UNFIT, to: 'FAILED_ONLINE', note: null },
  { from: 'ACTIVE', move: Move.RELIEVED, to: 'STANDBY', note: 'Relinquishing ACTIVE state to {other}.' },
  { from: 'ACTIVE', move: Move.LOST, to: 'FAILED_OFFLINE', note: null },
  { from: 'ACTIVE', move: Move.UNFIT, to: 'FAILED_ONLINE', note: null },
  { from: 'FAILED_ONLINE', move: Move.BY_HAND, to: 'ACTIVE', note: byHand },
  { from: 'FAILED_OFFLINE', move: Move.BY_HAND, to: 'ACTIVE', note: byHand },
  // whoever names a node that has failed knows that it was mended
  { from: 'FAILED_ONLINE', move: Move.SWITCHED_TO, to: 'ACTIVE', note: instated },
  { from: 'FAILED_OFFLINE', move: Move.SWITCHED_TO, to: 'ACTIVE', note: instated },
  { from: 'FAILED_ONLINE', move: Move.TAKES_OVER, to: 'ACTIVE', note: takesOver },
  { from: 'FAILED_OFFLINE', move: Move.TAKES_OVER, to: 'ACTIVE', note: takesOver },
  { from: 'FAILED_ONLINE', move: Move.RECOVER, to: 'UNKNOWN', note: Note.RECOVERED },
  { from: 'FAILED_OFFLINE', move: Move.RECOVER, to: 'UNKNOWN', note: Note.RECOVERED },
] as const);

export const rowFor = (from: NodeState, move: Move): Row | undefined =>
  MOVES.find((row) => row.from === from && row.move === move);
