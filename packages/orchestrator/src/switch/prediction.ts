import type { PlaneStats } from '../data-plane';
import type { Costs } from './preflight';

/** What the gate itself takes: messages to the workers and back. */
const GATE_MS = 1;

/** What runs when the gate closes has some of its time behind it: over switches under load the longest took about this part of the p95. */
const REST = 0.7;

/**
 * How long the gate would be closed: what runs now must end, or the drain's time is over; then each statement of the switch costs a measured
 * round trip.
 */
export function predictHold(
  costs: Costs,
  fenceRoundTrips: number,
  workMs: PlaneStats['workMs'],
  drainMs: number,
): number {
  const drain = Math.min((workMs?.p95 ?? 0) * REST, drainMs);
  const fence = costs.fromRoundTripMs * fenceRoundTrips;
  const promote = costs.toRoundTripMs;
  const hold = GATE_MS + drain + fence + costs.applyMs + promote + costs.commitMs;
  return Math.round(hold * 10) / 10;
}
