import { Deadline } from '../clock';
import { codeOf, messageOf } from '../errors';
import type { CodedMessage, SwitchResult } from '../report';
import { Phase } from '../state/journal';
import type { SwitchContext } from './context';
import { throwIfAborted } from './context';
import { fence, position } from './fence';
import { drain, hold } from './hold';
import { afterHook, beforeHook } from './hooks';
import { catchUp, warm } from './prepare';
import { apply, PastReturnError, probe, promote, reopen } from './promote';
import { release } from './release';
import { repoint } from './repoint';
import type { Step } from './step';
import { reasonOf } from '../reasons';

/** Undone in reverse when one of them fails. `lock` and `preflight` came before (conduct.ts) and change nothing. */
const UNTIL_RETURN: readonly Step[] = [beforeHook, warm, catchUp, hold, drain, fence, position, apply, promote, probe];

export interface Outcome {
  readonly result: SwitchResult;
  readonly reasons: readonly CodedMessage[];
}

export async function runSequence(context: SwitchContext): Promise<Outcome> {
  const begun: Step[] = [];
  try {
    for (const step of UNTIL_RETURN) {
      if (step !== probe) {
        throwIfAborted(context.abort);
      }
      begun.push(step);
      await run(step, context);
    }
  } catch (error) {
    const outcome = await rollBack(begun, error, context);
    if (outcome !== null) {
      await finish(afterHook(outcome.result), context);
      return outcome;
    }
  }
  // the probe is committed: these finish, or leave a warning; whom the hook moves does not wait for replication
  await finish(release, context);
  await Promise.all([finish(repoint, context), finish(afterHook('switched'), context)]);
  return { result: 'switched', reasons: [] };
}

/** The new primary is open: what goes wrong from here is a warning, and the clients are let go whatever it was. */
async function finish(step: Step, context: SwitchContext): Promise<void> {
  const warn = (error: unknown): void => {
    context.warnings.push({ code: codeOf(error), message: `${step.name}: ${messageOf(error)}` });
  };
  try {
    await run(step, context);
  } catch (error) {
    warn(error);
    if (step === release && context.progress.release === null) {
      await release.run(context).catch(warn);
    }
  }
}

async function run(step: Step, context: SwitchContext): Promise<void> {
  const { pool } = context.bench;
  if ((step.name === 'before' || step.name === 'after') && pool.hooks[step.name] === null) {
    return;
  }
  await context.timeline.run(step.name, () => step.run(context));
}

/** Null: there is no way back, the switch goes on. */
async function rollBack(begun: readonly Step[], cause: unknown, context: SwitchContext): Promise<Outcome | null> {
  const { bench, progress } = context;
  const reasons: CodedMessage[] = [reasonOf(cause)];
  const held = progress.heldAt !== null;
  const deadline = new Deadline(bench.clock, bench.pool.switch.rollbackMs);
  bench.log('warn', 'switch is rolled back', { id: context.id, ...reasons[0] });
  for (const step of [...begun].reverse()) {
    try {
      await step.undo?.(context, deadline);
    } catch (error) {
      if (error instanceof PastReturnError) {
        await reopen(context);
        context.warnings.push(...reasons);
        return null;
      }
      reasons.push(reasonOf(error));
      if (held && progress.release === null) {
        return fail(context, error, reasons);
      }
      // the old primary serves; the journal keeps what is left to put back
      return { result: held ? 'rolled-back' : 'refused', reasons };
    }
  }
  if (bench.journal.memory.operation?.id === context.id) {
    await bench.journal.write({ operation: null });
  }
  return { result: held ? 'rolled-back' : 'refused', reasons };
}

/** Both stay fenced and the clients wait: better than two writers. What can be found out later is left to the recovery at each poll. */
async function fail(context: SwitchContext, error: unknown, reasons: readonly CodedMessage[]): Promise<Outcome> {
  const { bench } = context;
  bench.log('error', 'switch failed, both nodes are fenced', { id: context.id, reasons });
  if (codeOf(error) === 'DIVERGED') {
    await bench.journal.advance(Phase.FAILED);
  }
  await bench.plane.activate(bench.pool.name, null);
  return { result: 'failed', reasons };
}
