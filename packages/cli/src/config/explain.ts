import { throwIfAny, readConfig } from './load';
import type { PoolConfig } from './schema';

/** What follows from a pool's configuration. Durations in ms. */
export interface PoolExplained {
  readonly pool: string;
  readonly mode: 'manual' | 'automatic';
  readonly intervalMs: number;
  readonly failures: number;
  /** From the death of the ACTIVE to the poll that makes a failover due: interval x failures, give or take a quarter of an interval where it hangs. */
  readonly timeToFailoverMs: number;
  /** None by itself for this long after one. */
  readonly windowMs: number;
  readonly failback: 'manual' | 'on-recover';
  /** Drain, fence, apply and rollback: what a switch may take at most, less than holdMaxMs. */
  readonly switchMs: number;
  readonly holdMaxMs: number;
  readonly hooks: readonly string[];
  readonly checkpoints: number;
}

/** @throws ConfigError with everything that is wrong */
export function explainConfig(file: string): PoolExplained[] {
  const { config, problems } = readConfig(file);
  throwIfAny(problems);
  return config.pools.map(explainPool);
}

function explainPool({ name, monitor, failover, switch: move, hold, hooks, checkpoints }: PoolConfig): PoolExplained {
  const { interval, failures } = monitor;
  return {
    pool: name,
    mode: failover.mode,
    intervalMs: interval,
    failures,
    timeToFailoverMs: interval * failures,
    windowMs: failover.window,
    failback: failover.failback,
    switchMs: move.drain + move.fence + move.apply + move.rollback,
    holdMaxMs: hold.max,
    hooks: (['before', 'after', 'stonith'] as const).filter((each) => hooks[each] !== undefined),
    checkpoints: checkpoints.length,
  };
}
