import { counted, formatDuration } from '@myswitch/orchestrator';
import { BaseCommand } from '../../base-command';
import { explainConfig, type PoolExplained } from '../../config';

export default class ConfigExplain extends BaseCommand {
  static override summary = 'tell what follows from the configuration: the time to failover, and what clients may wait';

  async run(): Promise<PoolExplained[]> {
    const { flags } = await this.parse(ConfigExplain);
    const pools = explainConfig(flags.config);
    this.log(pools.map(describe).join('\n\n'));
    return pools;
  }
}

function describe(pool: PoolExplained): string {
  const { mode, intervalMs, failures, timeToFailoverMs, windowMs, failback, switchMs, holdMaxMs } = pool;
  const [interval, due] = [intervalMs, timeToFailoverMs].map(formatDuration);
  const who =
    mode === 'manual'
      ? `then the command is offered: npx myswitch failover ${pool.pool}`
      : `then it begins by itself, unless there was one in the last ${formatDuration(windowMs)}`;
  const back =
    failback === 'manual' ? 'when a person says so (activate-primary)' : 'by itself once it was recovered (on-recover)';
  const { length } = pool.hooks;
  return [
    pool.pool,
    `  time to failover  ${due} = interval ${interval} x failures ${failures}; ${who}`,
    `  cut off           ${pool.checkpoints === 0 ? 'no checkpoint tells' : `when none of ${counted(pool.checkpoints, 'checkpoint')} answers: nobody is promoted`}`,
    `  failback          the PRIMARY gets ACTIVE back ${back}`,
    `  a switch          holds new work for ${formatDuration(switchMs)} at most; who waits longer than ${formatDuration(holdMaxMs)} gets an error`,
    `  hooks             ${length === 0 ? 'none' : pool.hooks.join(', ')}`,
  ].join('\n');
}
