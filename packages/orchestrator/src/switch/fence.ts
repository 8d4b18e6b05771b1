import { Deadline, sleep, type Clock } from '../clock';
import { codeOf, messageOf, SwitchError } from '../errors';
import type { NodeConnection } from '../link/node-link';
import { bypassing } from './preflight';
import type { Seat, SwitchContext } from './context';
import type { Step } from './step';

export const fence: Step = {
  name: 'fence',
  async run(context) {
    const { bench, plan, from, progress } = context;
    progress.fenceBy = new Deadline(bench.clock, bench.pool.switch.fenceMs);
    try {
      progress.position = await from.main.dialect.fence(from.main.connection, progress.fenceBy.left);
    } catch (error) {
      throw new SwitchError(
        'FENCE_TIMEOUT',
        `${from.link.name} could not be fenced: ${messageOf(error)} (${codeOf(error)})`,
      );
    }
    if (plan.bypass === 'kill') {
      await hunt(context);
    }
    return `${from.link.name} takes no more writes`;
  },
  async undo({ from, bench, progress }, deadline) {
    await progress.stopHunting();
    await endPending(from, bench.clock, deadline);
    const node = from.main.connection.usable ? from.main : from.aux;
    await node.dialect.unfence(node.connection, from.found, deadline.left);
    const { readOnly } = await node.dialect.observe(node.connection, deadline.left);
    if (readOnly !== from.found.readOnly) {
      throw new SwitchError(
        'UNDO_FAILED',
        `${from.link.name} is ${readOnly ? 'still read-only' : 'writable'} after the undo`,
      );
    }
  },
};

/** The fence told it; where bypassing sessions were ended since, it is read again now that they are gone. */
export const position: Step = {
  name: 'position',
  async run({ plan, from, progress }) {
    const { dialect, connection } = from.main;
    const known = plan.bypass === 'kill' ? null : progress.position;
    progress.position = known ?? (await dialect.position(connection, progress.fenceBy.left));
    return progress.position;
  },
};

/**
 * A statement of ours whose reply never came may still wait in the server and apply later. Its connection is killed, and nothing is read or
 * set before it is gone.
 */
export async function endPending(seat: Seat, clock: Clock, deadline: Deadline): Promise<void> {
  const { main, aux } = seat;
  if (main.connection.usable) {
    return;
  }
  await endSessions(aux, [main.connection.id], clock, deadline);
}

/** Kills and waits until none of them is listed any more. */
export async function endSessions(
  { connection, dialect }: NodeConnection,
  ids: readonly number[],
  clock: Clock,
  deadline: Deadline,
): Promise<void> {
  for (;;) {
    const present = new Set((await dialect.sessions(connection, deadline.left)).map(({ id }) => id));
    const left = ids.filter((id) => present.has(id));
    if (left.length === 0) {
      return;
    }
    if (deadline.passed) {
      throw new SwitchError('SESSION_STAYS', `${connection.node}: connections ${left.join(', ')} do not end`);
    }
    for (const id of left) {
      await dialect.kill(connection, id, deadline.left);
    }
    await sleep(clock, 2);
  }
}

/** Ends bypassing sessions until none is left, and goes on with late ones until the promotion. */
async function hunt({ bench, from, progress }: SwitchContext): Promise<void> {
  const { aux } = from;
  const round = async (limit: Deadline): Promise<void> => {
    const found = (await bypassing(bench, aux, from.link.name)).filter((session) => !session.allowed);
    progress.hunted += found.length;
    await endSessions(
      aux,
      found.map(({ id }) => id),
      bench.clock,
      limit,
    );
  };
  await round(progress.fenceBy);
  const end = new AbortController();
  const loop = async (): Promise<void> => {
    while (!end.signal.aborted) {
      await sleep(bench.clock, 5);
      await round(new Deadline(bench.clock, bench.pool.switch.fenceMs));
    }
  };
  const looping = loop().catch((error: unknown) => {
    bench.log('warn', 'bypassing sessions are no longer ended', { reason: messageOf(error) });
  });
  progress.stopHunting = async () => {
    end.abort();
    await looping;
  };
}
