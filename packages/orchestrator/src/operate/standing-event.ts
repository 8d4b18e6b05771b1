import type { Move } from '../ladder/moves';
import { EventKind, type PoolEvent } from '../report';
import type { NodeView } from '../topology';

/** What a change of where a node stands is worth telling; null: nothing. `how` is null for a poll. */
export function standingEvent(
  { standing: before }: NodeView,
  { name, standing, error, observation }: NodeView,
  how: Move | null,
  epoch: number,
): Omit<PoolEvent, 'at' | 'pool'> | null {
  const kind = kindOf(before, standing);
  if (kind === null) return null;
  const told = standing.message === null ? '' : `: ${standing.message}`;
  return {
    kind,
    node: name,
    by: how ?? 'monitor',
    message: `${before.status}/${before.state} -> ${standing.status}/${standing.state}${told}`,
    facts: {
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
