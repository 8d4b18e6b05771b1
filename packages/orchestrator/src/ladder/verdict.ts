import type { Observation } from '../dialect';
import type { Verdict } from './standing';

/** What a good poll says of a node; what a bad one says is its error. */
export function verdictOf({ channels }: Observation, isActive: boolean): Verdict {
  const broken = isActive ? undefined : channels.find(({ receiving, applying }) => !receiving || !applying);
  if (broken === undefined) {
    return { fit: true };
  }
  const thread = broken.applying ? 'receives nothing' : 'applies nothing';
  const channel = broken.name === '' ? 'its channel' : `channel ${broken.name}`;
  const why = broken.lastError === null ? '' : `: ${broken.lastError}`;
  return { fit: false, reachable: true, replicationOnly: true, reason: `${channel} ${thread}${why}` };
}
