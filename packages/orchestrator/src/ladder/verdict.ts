import type { Pulse } from '../watch/beats';
import type { Observation } from '../dialects/dialect';
import type { Sight } from '../watch/sight';
import type { Verdict } from './standing';

/** What the pool's own state adds to a good poll. */
export interface Surroundings {
  /** Null: nobody is. */
  readonly active: string | null;
  /** The ACTIVE takes writes, as far as is known. */
  readonly activeWrites: boolean;
}

/** By how much the heartbeat may contradict what a server says of itself: its seconds are whole ones, and it reckons them now and then. */
const DOUBT_MS = 3000;

/** What a good poll says of a node; what a bad one says is its error. */
export function verdictOf(
  name: string,
  { observation, pulse, twins }: Sight,
  { active, activeWrites }: Surroundings,
): Verdict {
  if (twins.length > 0) {
    return unfit(`ONE_SERVER: it is the same server as ${twins.join(' and ')}`);
  }
  if (active === name && pulse.trouble !== null) {
    const { stopped, reason } = pulse.trouble;
    return { fit: false, reachable: true, serves: !stopped, reason };
  }
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
    const doubt = doubtOf(observation, pulse);
    return doubt === null ? { fit: true } : unfit(doubt);
  }
  const thread = broken.applying ? 'receives nothing' : 'applies nothing';
  const channel = broken.name === '' ? 'its channel' : `channel ${broken.name}`;
  const why = broken.lastError === null ? '' : `: ${broken.lastError}`;
  return unfit(`${channel} ${thread}${why}`);
}

/** It serves what it has. */
const unfit = (reason: string): Verdict => ({ fit: false, reachable: true, serves: true, reason });

/** Why what it says of its lag can't be believed; null: it can, or nothing else is known. */
export function doubtOf({ channels }: Observation, { lagMs }: Pulse): string | null {
  // what is filtered out may be the heartbeat
  if (lagMs === null || channels.length === 0 || channels.some(({ filters }) => filters.length > 0)) {
    return null;
  }
  const says = Math.max(...channels.map(({ lagSeconds, delaySeconds }) => Math.max(lagSeconds ?? 0, delaySeconds)));
  if (lagMs <= says * 1000 + DOUBT_MS) {
    return null;
  }
  const told = channels.every(({ lagSeconds }) => lagSeconds === null)
    ? 'does not say how far it is'
    : `says that it is ${says} s`;
  return `it ${told} behind, and its heartbeat is ${(lagMs / 1000).toFixed(1)} s behind`;
}
