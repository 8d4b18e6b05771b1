import type { Observation } from '../dialect';
import type { Verdict } from './standing';

/** What the pool's own state adds to a good poll. */
export interface Surroundings {
  /** Null: nobody is. */
  readonly active: string | null;
  /** The ACTIVE takes writes, as far as is known. */
  readonly activeWrites: boolean;
}

/** What a good poll says of a node; what a bad one says is its error. */
export function verdictOf(name: string, observation: Observation, { active, activeWrites }: Surroundings): Verdict {
  if (active === null || active === name) {
    return { fit: true };
  }
  if (!observation.readOnly && activeWrites) {
    return unfit(`TWO_WRITERS: it is writable, and ${active} is ACTIVE`);
  }
  const { channels } = observation;
  if (channels.length === 0) {
    return unfit('it follows nobody');
  }
  const broken = channels.find(({ receiving, applying }) => !receiving || !applying);
  if (broken === undefined) {
    return { fit: true };
  }
  const thread = broken.applying ? 'receives nothing' : 'applies nothing';
  const channel = broken.name === '' ? 'its channel' : `channel ${broken.name}`;
  const why = broken.lastError === null ? '' : `: ${broken.lastError}`;
  return unfit(`${channel} ${thread}${why}`);
}

/** It serves what it has. */
const unfit = (reason: string): Verdict => ({ fit: false, reachable: true, replicationOnly: true, reason });
