import { EventKind, type PoolEvent } from '../report';
import type { NodeView } from '../watch/topology';
import type { StandingChange } from '../watch/watch';

/** What a change of where a node stands is worth telling; null: nothing. */
export function standingEvent(
  { before, after, how, by }: StandingChange,
  epoch: number,
): Omit<PoolEvent, 'at' | 'pool'> | null {
  const { name, standing, error, observation } = after;
  const kind = kindOf(before.standing, standing);
  if (kind === null) return null;
  const told = standing.message === null ? '' : `: ${standing.message}`;
  return {
    kind,
    node: name,
    by,
    message: `${before.standing.status}/${before.standing.state} -> ${standing.status}/${standing.state}${told}`,
    facts: {
      move: how,
      state: standing.state,
      status: standing.status,
      errors: standing.errors,
      error,
      readOnly: observation?.readOnly ?? null,
      gtid: observation?.gtid ?? null,
      epoch,
    },
  };
}

function kindOf(before: NodeView['standing'], after: NodeView['standing']): EventKind | null {
  if (before.state !== after.state) return after.state === 'ACTIVE' ? EventKind.ACTIVE : EventKind.STATE;
  if ((before.status === 'FAIL') === (after.status === 'FAIL')) return null;
  return after.status === 'FAIL' ? EventKind.FAIL : EventKind.RECOVERING;
}
