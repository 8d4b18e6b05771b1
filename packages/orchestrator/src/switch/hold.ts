import { Deadline } from '../clock';
import { SwitchError } from '../errors';
import { unlessAborted, type SwitchContext } from './context';
import type { Step } from './step';

/** After a kill the sessions' transactions roll back; that long they may take, out of the time of the drain. */
const graceOf = (drainMs: number): number => Math.min(500, drainMs / 4);

export const hold: Step = {
  name: 'hold',
  async run({ bench, progress, timeline }) {
    timeline.hush();
    progress.heldAt = bench.clock.monotonic();
    await bench.plane.hold(bench.pool.name);
    return 'new work waits';
  },
  async undo({ bench, from, progress }) {
    const { epoch } = bench.journal.memory;
    progress.releasedAt ??= bench.clock.monotonic();
    progress.release = await bench.plane.release(bench.pool.name, { node: from.link.name, epoch });
  },
};

export const drain: Step = {
  name: 'drain',
  async run(context) {
    const { bench, plan, abort, progress } = context;
    const { name } = bench.pool;
    const deadline = new Deadline(bench.clock, plan.drainMs);
    if (plan.onPinned === 'kill') {
      await kill(context, 'pinned', deadline);
    }
    const graceMs = plan.onBusy === 'kill' ? graceOf(plan.drainMs) : 0;
    let result = await unlessAborted(abort, bench.plane.drained(name, Math.max(1, deadline.left - graceMs)));
    if (!result.drained && plan.onBusy === 'kill') {
      await kill(context, 'busy', deadline);
      result = await unlessAborted(abort, bench.plane.drained(name, deadline.left));
    }
    progress.drainMs = elapsed(context);
    if (!result.drained) {
      const who = result.blocking.map(({ session, user, reason }) => `session ${session} of ${user} (${reason})`);
      throw new SwitchError('DRAIN_TIMEOUT', `still running after ${plan.drainMs} ms: ${who.slice(0, 5).join(', ')}`);
    }
    return 'nothing runs on the old primary';
  },
};

/** A server that does not answer the KILL must not prolong the hold. */
function kill({ bench, abort, progress }: SwitchContext, kind: 'busy' | 'pinned', deadline: Deadline): Promise<void> {
  const killed = bench.plane.kill(bench.pool.name, [kind]).then((count) => {
    progress.killed += count;
  });
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new SwitchError('DRAIN_TIMEOUT', `${kind} sessions could not be ended in time`));
    const cancel = bench.clock.timer(deadline.left, late);
    void unlessAborted(abort, killed).then(resolve, reject).finally(cancel);
  });
}

function elapsed({ bench, progress }: SwitchContext): number {
  return bench.clock.monotonic() - (progress.heldAt ?? bench.clock.monotonic());
}
