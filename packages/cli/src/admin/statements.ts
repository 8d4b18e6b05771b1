import { formatDuration, type FailoverRequest, type SwitchRequest } from '@myswitch/orchestrator';
import { quoteString } from '@myswitch/protocol';

export type SwitchOptions = Omit<SwitchRequest, 'by'>;
export type FailoverOptions = Omit<FailoverRequest, 'by'>;

type SwitchVerb = 'CHECK SWITCH' | 'SWITCH' | 'SWITCHBACK' | 'ACTIVATE PRIMARY';

/** `CHECK SWITCH …`, `SWITCH …` and the like as the admin port reads them; there a string is a name too. */
export function switchStatement(verb: SwitchVerb, pool: string, options: SwitchOptions): string {
  const { to, maxLagMs, drainMs, onBusy, onPinned, bypass, semiSync, force } = options;
  const settings = [
    maxLagMs === undefined ? [] : [`MAX_LAG ${quoteString(formatDuration(maxLagMs))}`],
    drainMs === undefined ? [] : [`DRAIN ${quoteString(formatDuration(drainMs))}`],
    onBusy === undefined ? [] : [`ON_BUSY ${quoteString(onBusy)}`],
    onPinned === undefined ? [] : [`ON_PINNED ${quoteString(onPinned)}`],
    bypass === undefined ? [] : [`BYPASS ${quoteString(bypass)}`],
    semiSync === undefined ? [] : [`SEMI_SYNC ${quoteString(semiSync)}`],
    force === true ? ['FORCE'] : [],
  ].flat();
  const target = to === undefined ? '' : ` TO ${quoteString(to)}`;
  return `${verb} POOL ${quoteString(pool)}${target}${settings.length === 0 ? '' : ` WITH ${settings.join(', ')}`}`;
}

/** `FAILOVER …`, `CHECK FAILOVER …` */
export function failoverStatement(
  verb: 'FAILOVER' | 'CHECK FAILOVER',
  pool: string,
  { to, force, serveReads }: FailoverOptions,
): string {
  const target = to === undefined ? '' : ` TO ${quoteString(to)}`;
  const options = [...(force === true ? ['FORCE'] : []), ...(serveReads === true ? ['SERVE_READS'] : [])];
  return `${verb} POOL ${quoteString(pool)}${target}${options.length === 0 ? '' : ` WITH ${options.join(', ')}`}`;
}
