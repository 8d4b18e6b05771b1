import type { PoolOptions } from '../options';
import type { SwitchRequest } from '../report';

/** A request with the pool's own values where the operator said nothing. */
export interface Plan {
  readonly to: string | null;
  readonly maxLagMs: number;
  readonly drainMs: number;
  readonly onBusy: 'abort' | 'kill';
  readonly onPinned: 'abort' | 'kill';
  readonly bypass: 'refuse' | 'kill' | 'ignore';
  readonly semiSync: 'refuse' | 'suspend';
  readonly force: boolean;
  readonly by: string;
}

export const planOf = (pool: PoolOptions, request: SwitchRequest): Plan => ({
  to: request.to ?? null,
  maxLagMs: request.maxLagMs ?? pool.switch.maxLagMs,
  drainMs: request.drainMs ?? pool.switch.drainMs,
  onBusy: request.onBusy ?? 'abort',
  onPinned: request.onPinned ?? 'abort',
  bypass: request.bypass ?? pool.switch.bypass,
  semiSync: request.semiSync ?? 'refuse',
  force: request.force ?? false,
  by: request.by,
});
