import { Phase } from './journal';

/** What a restart sees of a node of the interrupted switch, after what the dead process left running there was ended. */
export type Sight =
  { readonly reachable: false } | { readonly reachable: true; readonly readOnly: boolean; readonly probeSeen: boolean };

export const Recovery = Object.freeze({
  /** Put everything back: the old primary writes. */
  UNDO: 'UNDO',
  /** The new primary is, or becomes, the primary. */
  FORWARD: 'FORWARD',
  /** A node that must be asked does not answer: nobody writes until it does. */
  WAIT: 'WAIT',
  /** An operator opened one of them: take what is. */
  ADOPT: 'ADOPT',
  /** Both are fenced and differ: an operator decides. */
  STUCK: 'STUCK',
} as const);
export type Recovery = (typeof Recovery)[keyof typeof Recovery];

/**
 * How an interrupted switch ends with one writer. Before the gate closed the candidate can't have been opened; from there on it is asked:
 * once it is open, or has the probe row, it is the primary. While it can't be asked the old one stays as it is: that it is writable proves
 * nothing, a restart may have opened it.
 */
export function decideRecovery(phase: Phase, from: Sight, to: Sight): Recovery {
  switch (phase) {
    case Phase.PREPARING:
      return from.reachable ? Recovery.UNDO : Recovery.WAIT;
    case Phase.SWITCHING:
      if (!to.reachable) {
        return Recovery.WAIT;
      }
      if (to.probeSeen) {
        return Recovery.FORWARD;
      }
      if (!to.readOnly) {
        // opened by the switch, or only restarted: without the old primary nobody can tell whether it has everything
        return from.reachable ? Recovery.FORWARD : Recovery.WAIT;
      }
      return from.reachable ? Recovery.UNDO : Recovery.WAIT;
    case Phase.PROMOTED:
    case Phase.RELEASED:
      return to.reachable ? Recovery.FORWARD : Recovery.WAIT;
    case Phase.FAILED:
      return isOpen(from) === isOpen(to) ? Recovery.STUCK : Recovery.ADOPT;
  }
}

/** How an interrupted failover ends: the old primary has no say. */
export function decideFailoverRecovery(phase: Phase, to: Sight): Recovery {
  if (phase === Phase.PREPARING) {
    return Recovery.UNDO;
  }
  if (!to.reachable) {
    return Recovery.WAIT;
  }
  return phase !== Phase.SWITCHING || to.probeSeen || !to.readOnly ? Recovery.FORWARD : Recovery.UNDO;
}

const isOpen = (sight: Sight): boolean => sight.reachable && !sight.readOnly;
