import { Kind, Phase, type Operation, type PoolMemory } from '../state/journal';
import type { SwitchContext } from './context';
import type { Step } from './step';

export const release: Step = {
  name: 'release',
  async run(context) {
    const { bench, from, to, operation, progress } = context;
    const activation = { node: to.link.name, epoch: operation.epoch };
    await progress.stopHunting();
    progress.releasedAt = bench.clock.monotonic();
    const [report] = await Promise.all([
      bench.plane.release(bench.pool.name, activation),
      remember(context),
      // after the release the lock of the fence goes; read_only stays
      from.main.dialect.unlock(from.main.connection, bench.pool.switch.fenceMs).catch(() => undefined),
    ]);
    progress.release = report;
    return `${report.held} held, ${report.moved} moved`;
  },
};

async function remember({ bench, operation }: SwitchContext): Promise<void> {
  const { journal } = bench;
  if (journal.memory.operation?.phase === Phase.RELEASED) {
    return;
  }
  await Promise.all([
    journal.advance(Phase.PROMOTED),
    journal.write(promoted(journal.memory, operation, bench.clock.now())),
    journal.advance(Phase.RELEASED),
  ]);
}

/** The old primary must not write any more; the new one may. One that was replaced by force has failed, also if this process ends now. */
export function promoted(
  { demoted, failed = [] }: PoolMemory,
  { kind, from, to, channel, epoch }: Pick<Operation, 'kind' | 'from' | 'to' | 'channel' | 'epoch'>,
  now: number,
): Partial<PoolMemory> {
  const at = new Date(now).toISOString();
  return {
    epoch,
    active: to,
    demoted: [...demoted.filter(({ node }) => node !== from && node !== to), { node: from, at, channel }],
    lastSwitch: at,
    ...(kind === Kind.FAILOVER && {
      lastFailover: at,
      failed: [...failed.filter((node) => node !== from && node !== to), from],
    }),
  };
}
