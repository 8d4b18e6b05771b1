import type { PlaneStats } from './data-plane';
import type { Costs } from './preflight';

/** What the gate itself takes: messages to the workers and back. */
const GATE_MS = 1;

/** How long the gate would be closed: what runs now must end, then each statement of the switch costs a measured round trip. */
export function predictHold(costs: Costs, fenceRoundTrips: number, workMs: PlaneStats['workMs']): number {
  const drain = workMs?.p95 ?? 0;
  const fence = costs.fromRoundTripMs * fenceRoundTrips;
  const promote = costs.toRoundTripMs;
  const hold = GATE_MS + drain + fence + costs.applyMs + promote + costs.commitMs;
  return Math.round(hold * 10) / 10;
}
