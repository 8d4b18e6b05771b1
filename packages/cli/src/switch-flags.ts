import * as Flags from '@oclif/core/flags';
import type { SwitchOptions } from './admin/statements';
import { duration } from './duration-flag';

/** What a switch whose node is known may be told; without a flag the pool's configuration counts. */
export const moveBackFlags = {
  'max-lag': duration({ summary: 'the most that the candidate may lag' }),
  drain: duration({ summary: 'how long to wait for running transactions' }),
  'on-busy': Flags.option({ options: ['abort', 'kill'] as const, summary: 'what runs when the drain is over' })(),
  'on-pinned': Flags.option({ options: ['abort', 'kill'] as const, summary: 'sessions that can not move' })(),
  bypass: Flags.option({
    options: ['refuse', 'kill', 'ignore'] as const,
    summary: 'sessions that did not come through MySwitch',
  })(),
  'semi-sync': Flags.option({
    options: ['refuse', 'suspend'] as const,
    summary: 'semi-synchronous replication without an acker afterwards',
  })(),
  force: Flags.boolean({ summary: 'override LAG, PARITY, SEMI_SYNC and RECENT' }),
};

/** What `check` and `switch` may be told about the move. */
export const switchFlags = {
  to: Flags.string({ helpValue: 'NODE', summary: 'the node to move to; needed unless exactly one is fit' }),
  ...moveBackFlags,
};

interface ParsedSwitchFlags {
  readonly to?: string | undefined;
  readonly 'max-lag'?: number | undefined;
  readonly drain?: number | undefined;
  readonly 'on-busy'?: 'abort' | 'kill' | undefined;
  readonly 'on-pinned'?: 'abort' | 'kill' | undefined;
  readonly bypass?: 'refuse' | 'kill' | 'ignore' | undefined;
  readonly 'semi-sync'?: 'refuse' | 'suspend' | undefined;
  readonly force: boolean;
}

export function switchOptions(flags: ParsedSwitchFlags): SwitchOptions {
  const { to, 'max-lag': maxLagMs, drain: drainMs, bypass, force } = flags;
  const { 'on-busy': onBusy, 'on-pinned': onPinned, 'semi-sync': semiSync } = flags;
  return {
    ...(to !== undefined && { to }),
    ...(maxLagMs !== undefined && { maxLagMs }),
    ...(drainMs !== undefined && { drainMs }),
    ...(onBusy !== undefined && { onBusy }),
    ...(onPinned !== undefined && { onPinned }),
    ...(bypass !== undefined && { bypass }),
    ...(semiSync !== undefined && { semiSync }),
    ...(force && { force }),
  };
}

/** The flags that a script must confirm with `--yes`. */
export function dangerous({ force, onBusy, onPinned, bypass }: SwitchOptions): string[] {
  return [
    force === true ? ['--force'] : [],
    onBusy === 'kill' ? ['--on-busy kill'] : [],
    onPinned === 'kill' ? ['--on-pinned kill'] : [],
    bypass === 'kill' ? ['--bypass kill'] : [],
  ].flat();
}
