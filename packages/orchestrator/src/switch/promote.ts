import { Deadline, sleep } from '../clock';
import { messageOf, OrchestratorError, SwitchError } from '../errors';
import { throwIfAborted, unlessAborted, type SwitchContext } from './context';
import { endPending } from './fence';
import type { Step } from './step';

/** The candidate holds a transaction that the old primary lacks, so neither may be opened without a person's decision. */
class DivergedError extends OrchestratorError {
  constructor(message: string) {
    super('DIVERGED', message);
  }
}

/** The candidate could not be asked whether it was opened. */
class UndecidedError extends OrchestratorError {
  constructor(message: string) {
    super('UNDECIDED', message);
  }
}

/** Thrown by an undo that finds the probe committed: there is no way back, so the switch goes on. */
export class PastReturnError extends OrchestratorError {
  constructor() {
    super('PAST_RETURN', 'the probe is committed on the new primary');
  }
}

const positionOf = ({ progress }: SwitchContext): string => {
  if (progress.position === null) {
    throw new OrchestratorError('INTERNAL', 'no position to apply');
  }
  return progress.position;
};

export const apply: Step = {
  name: 'apply',
  async run(context) {
    const { bench, to, abort, progress } = context;
    const { applyMs } = bench.pool.switch;
    const position = positionOf(context);
    progress.applyBy = new Deadline(bench.clock, applyMs);
    if (!(await unlessAborted(abort, to.main.dialect.waitApplied(to.main.connection, position, applyMs)))) {
      throw new SwitchError('APPLY_TIMEOUT', `${to.link.name} did not apply ${position} within ${applyMs} ms`);
    }
    return `${to.link.name} has everything`;
  },
};

export const promote: Step = {
  name: 'promote',
  async run(context) {
    const { from, to, abort, progress } = context;
    throwIfAborted(abort);
    progress.opening = true;
    const { left } = progress.applyBy;
    const [, now] = await Promise.all([
      to.main.dialect.open(to.main.connection, left),
      from.main.dialect.position(from.main.connection, left),
    ]);
    const position = positionOf(context);
    if (!from.main.dialect.samePosition(now, position)) {
      throw new SwitchError('POSITION_MOVED', `${from.link.name} moved from ${position} to ${now} behind the fence`);
    }
    return `${to.link.name} is open`;
  },
  async undo(context, deadline) {
    if (context.progress.opening) {
      await closeCandidate(context, deadline);
    }
  },
};

/** An unknown outcome is read until known: closed first, so that what is read stays true. */
async function closeCandidate(context: SwitchContext, deadline: Deadline): Promise<void> {
  const { bench, id, to } = context;
  for (;;) {
    try {
      await endPending(to, bench.clock, deadline);
      const { connection, dialect } = to.aux;
      await dialect.close(connection, deadline.left);
      if (await bench.heartbeat.seen(connection, id, deadline.left)) {
        throw new PastReturnError();
      }
      const now = await dialect.position(connection, deadline.left);
      if (!dialect.samePosition(now, positionOf(context)) && !(await isContained(context, deadline))) {
        throw new DivergedError(`${to.link.name} has transactions of its own: ${now}`);
      }
      await dialect.unfence(connection, to.found, deadline.left);
      return;
    } catch (error) {
      if (error instanceof DivergedError || error instanceof PastReturnError) {
        throw error;
      }
      if (deadline.passed || !to.aux.connection.usable) {
        throw new UndecidedError(`${to.link.name} can't be asked whether it was opened: ${messageOf(error)}`);
      }
      await sleep(bench.clock, 20);
    }
  }
}

/** True when the candidate has nothing that the old primary lacks: it had applied a late transaction of the old one. */
async function isContained({ from, to }: SwitchContext, deadline: Deadline): Promise<boolean> {
  const { dialect } = to.aux;
  return (await dialect.errant(to.aux.connection, from.aux.connection, deadline.left)) === '';
}

/** The first committed transaction on the new primary is the point of no return. */
export const probe: Step = {
  name: 'probe',
  async run({ bench, id, to, operation, progress }) {
    await bench.heartbeat.write(to.main.connection, id, operation.epoch, progress.applyBy.left);
    return 'committed: no way back';
  },
};

/** Goes on after an undo that met the probe. */
export async function reopen({ bench, to }: SwitchContext): Promise<void> {
  await to.aux.dialect.open(to.aux.connection, bench.pool.switch.applyMs);
}
