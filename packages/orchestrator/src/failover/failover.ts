import { askCheckpoints, cutOff } from '../checkpoints/check';
import { codeOf, messageOf, SwitchError } from '../errors';
import type { CodedMessage, FailoverRequest, FlightRecord, StepEvent, SwitchResult } from '../report';
import { Phase } from '../state/journal';
import type { Bench } from '../switch/context';
import { round, stallOf, Timeline } from '../switch/timeline';
import { after, before } from '../hooks/hooks';
import { dismiss, factsOf, type FailoverContext, type Known } from './context';
import { answers, assemble, confirm, elect } from './prepare';
import { apply, detach, fence, hold, ownOf, promote, release, repoint, undoDetach, undoFence } from './take-over';
import { reasonOf } from '../reasons';

interface Step {
  readonly name: string;
  run(context: FailoverContext): Promise<string>;
}

/** Whether it may be, and who takes over. */
export const DECIDING: readonly Step[] = [
  { name: 'lock', run: lock },
  { name: 'confirm', run: confirm },
  { name: 'elect', run: elect },
];

/** Nothing is changed yet. */
const ASKING: readonly Step[] = [...DECIDING, { name: 'before', run: beforeHook }];

/** One that fails leaves the pool as it was: without an answer from its ACTIVE. */
const UNTIL_RETURN: readonly Step[] = [
  { name: 'detach', run: detach },
  { name: 'hold', run: hold },
  { name: 'fence', run: fence },
  { name: 'apply', run: apply },
  { name: 'promote', run: promote },
];

/** The forced move away from an ACTIVE that is dead. Never rejects for a refusal. */
export async function failover(
  bench: Bench,
  request: FailoverRequest,
  know: () => Promise<Known>,
  id: string,
  onStep: (event: StepEvent) => void,
): Promise<FlightRecord> {
  const context = contextOf(bench, request, await know(), id, onStep);
  try {
    const { result, reasons } = await conduct(context);
    return recordOf(context, result, reasons);
  } finally {
    dismiss(context.crew, context.known);
  }
}

/** As it is before the first step. */
export const contextOf = (
  bench: Bench,
  request: FailoverRequest,
  known: Known,
  id: string,
  onStep: (event: StepEvent) => void,
): FailoverContext => ({
  id,
  bench,
  request,
  known,
  timeline: new Timeline(bench, onStep),
  startedAt: new Date(bench.clock.now()).toISOString(),
  warnings: [],
  from: known.active ?? '',
  crew: { others: new Map(), facts: new Map(), trying: Promise.resolve(null), old: null },
  unable: false,
  to: null,
  operation: null,
  heldAt: null,
  releasedAt: null,
  ended: 0,
  position: null,
  openedAt: null,
  fencing: false,
  after: null,
  release: null,
  lost: null,
  unknown: null,
});

async function conduct(context: FailoverContext): Promise<Outcome> {
  try {
    for (const step of ASKING) await run(step, context);
  } catch (error) {
    return { result: 'refused', reasons: [reasonOf(error)] };
  }
  try {
    for (const step of UNTIL_RETURN) await run(step, context);
  } catch (error) {
    const outcome = await undo(context, reasonOf(error));
    await finish(afterHook(outcome.result), context);
    return outcome;
  }
  await finish({ name: 'release', run: release }, context);
  // whom the hook moves does not wait for replication
  await Promise.all([finish({ name: 'repoint', run: repoint }, context), finish(afterHook('switched'), context)]);
  return { result: 'switched', reasons: [] };
}

interface Outcome {
  readonly result: SwitchResult;
  readonly reasons: readonly CodedMessage[];
}

async function finish(step: Step, context: FailoverContext): Promise<void> {
  await run(step, context).catch((error: unknown) => {
    context.warnings.push({ code: codeOf(error), message: `${step.name}: ${messageOf(error)}` });
  });
}

/** The primary is dead already: what goes wrong here is a warning. But it may have come back while the program ran. */
async function beforeHook(context: FailoverContext): Promise<string> {
  const { bench, crew, from, request, warnings } = context;
  const told = await before(bench, factsOf(context)).catch((error: unknown) => {
    warnings.push(reasonOf(error));
    return messageOf(error);
  });
  if (crew.old === null && request.force !== true && (await answers(bench, from))) {
    throw new SwitchError('ALIVE', `${from} came back while hooks.before ran`);
  }
  return told;
}

const afterHook = (result: SwitchResult): Step => ({
  name: 'after',
  run: (context) => after(context.bench, { ...factsOf(context), result }),
});

async function lock(context: FailoverContext): Promise<string> {
  const { bench, known, from } = context;
  if (known.obstacle !== null) {
    throw new SwitchError(known.obstacle.code, known.obstacle.message);
  }
  if (known.active === null) {
    throw new SwitchError('NO_ACTIVE', 'the pool has no ACTIVE to move away from');
  }
  const why = cutOff(await askCheckpoints(bench.pool.checkpoints, bench.clock));
  if (why !== null) {
    throw new SwitchError('CUT_OFF', why);
  }
  context.crew = await assemble(bench, from, known.scouted);
  return `nobody else moves the pool; other nodes that answer: ${context.crew.others.size} of ${bench.links.size - 1}`;
}

async function run(step: Step, context: FailoverContext): Promise<void> {
  const { name } = step;
  const { pool } = context.bench;
  if ((name === 'before' || name === 'after') && pool.hooks[name] === null) {
    return;
  }
  await context.timeline.run(name, () => step.run(context));
}

/**
 * The candidate is closed, and the old primary writes again, unless something was committed on the candidate. That, and what can't be read, is
 * left to the recovery at the next poll.
 */
async function undo(context: FailoverContext, reason: CodedMessage): Promise<Outcome> {
  const { bench, id, to, operation, from } = context;
  bench.log('warn', 'failover is rolled back', { id, ...reason });
  try {
    if (to !== null && operation !== null) {
      const { connection, dialect } = to.node;
      const ms = bench.pool.switch.rollbackMs;
      await dialect.close(connection, ms);
      if (await bench.heartbeat.seen(connection, id, ms)) {
        throw new SwitchError('UNDECIDED', `the probe is committed on ${to.link.name}`);
      }
      const own = await ownOf(context, ms);
      if (own !== null) {
        await bench.journal.advance(Phase.PROMOTED);
        throw new SwitchError('UNDECIDED', own);
      }
      await dialect.unfence(connection, operation.found.to, ms);
      await dialect.setSemiSync(connection, 'source', operation.semiSync.to.source, ms).catch(() => undefined);
      await undoDetach(context);
      await undoFence(context);
    }
    await bench.journal.write({ operation: null });
    if (context.heldAt === null) {
      return { result: 'refused', reasons: [reason] };
    }
    // who waits goes on waiting, for a node that may be dead: nobody else waits for that
    bench.plane
      .release(bench.pool.name, { node: from, epoch: bench.journal.memory.epoch })
      .catch((error: unknown) => bench.log('error', 'the gate could not be opened', { reason: messageOf(error) }));
    return { result: 'rolled-back', reasons: [reason] };
  } catch (error) {
    await bench.plane.activate(bench.pool.name, null);
    return { result: 'failed', reasons: [reason, reasonOf(error)] };
  }
}

function recordOf(context: FailoverContext, result: SwitchResult, reasons: readonly CodedMessage[]): FlightRecord {
  const { id, bench, request, known, timeline, startedAt, heldAt, releasedAt, release: report } = context;
  return {
    id,
    kind: 'failover',
    pool: bench.pool.name,
    from: known.active,
    to: context.to?.link.name ?? request.to ?? null,
    by: request.by,
    startedAt,
    result,
    holdMs: heldAt === null || releasedAt === null ? null : round(releasedAt - heldAt),
    drainMs: null,
    stallMs: stallOf(report?.waitsMs ?? []),
    held: report?.held ?? 0,
    moved: report?.moved ?? 0,
    pinned: report?.pinned ?? 0,
    killed: context.ended + (report?.killed ?? 0),
    steps: timeline.steps,
    reasons,
    warnings: context.warnings,
    gtid: { before: context.position, after: context.after },
    ...(context.lost !== null && { lost: context.lost }),
    ...(context.unknown !== null && { unknown: context.unknown }),
  };
}
