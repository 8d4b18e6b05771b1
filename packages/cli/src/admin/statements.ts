import type { SwitchRequest } from '@myswitch/orchestrator';
import { formatDuration } from '@myswitch/orchestrator';

export type SwitchOptions = Omit<SwitchRequest, 'by'>;

/** `CHECK SWITCH …` or `SWITCH …` as the admin port reads it. */
export function switchStatement(verb: 'CHECK SWITCH' | 'SWITCH', pool: string, options: SwitchOptions): string {
  const { to, maxLagMs, drainMs, onBusy, onPinned, bypass, semiSync, force } = options;
  const settings = [
    maxLagMs === undefined ? [] : [`MAX_LAG ${quote(formatDuration(maxLagMs))}`],
    drainMs === undefined ? [] : [`DRAIN ${quote(formatDuration(drainMs))}`],
    onBusy === undefined ? [] : [`ON_BUSY ${quote(onBusy)}`],
    onPinned === undefined ? [] : [`ON_PINNED ${quote(onPinned)}`],
    bypass === undefined ? [] : [`BYPASS ${quote(bypass)}`],
    semiSync === undefined ? [] : [`SEMI_SYNC ${quote(semiSync)}`],
    force === true ? ['FORCE'] : [],
  ].flat();
  const target = to === undefined ? '' : ` TO ${quote(to)}`;
  return `${verb} POOL ${quote(pool)}${target}${settings.length === 0 ? '' : ` WITH ${settings.join(', ')}`}`;
}

/** A string, and for the admin port also a name. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
