import { Phase, type Demotion, type Operation } from '../state/journal';
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

async function remember({ bench, to, operation }: SwitchContext): Promise<void> {
  const { journal } = bench;
  if (journal.memory.operation?.phase === Phase.RELEASED) {
    return;
  }
  await Promise.all([
    journal.advance(Phase.PROMOTED),
    journal.write({
      epoch: operation.epoch,
      active: to.link.name,
      demoted: demote(journal.memory.demoted, operation, new Date(bench.clock.now()).toISOString()),
    }),
    journal.advance(Phase.RELEASED),
  ]);
}

/** The old primary must not write any more; the new one may. */
export const demote = (
  demoted: readonly Demotion[],
  { from, to, channel }: Pick<Operation, 'from' | 'to' | 'channel'>,
  at: string,
): readonly Demotion[] => [...demoted.filter(({ node }) => node !== from && node !== to), { node: from, at, channel }];
