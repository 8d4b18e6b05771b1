import type { WayOut } from '../dialect';
import { codeOf, messageOf, SwitchError } from '../errors';
import type { NodeConnection } from '../node-link';
import type { CodedMessage, LostTransactions, RejoinReport, RejoinRequest, StepEvent } from '../report';
import type { Bench } from '../switch/context';
import { Timeline } from '../switch/timeline';
import type { Topology } from '../topology';
import { awaitCaughtUp } from './catch-up';
import { close, compare, follow, lock } from './steps';

/** What the pool lends to a rejoin. */
export interface Desk {
  readonly bench: Bench;
  readonly topology: () => Topology;
  readonly active: () => string | null;
  /** Has the pool to itself until `letGo`; names who has it already, else null. */
  readonly claim: (id: string) => string | null;
  readonly letGo: (id: string) => void;
  /** It replicates and has caught up: the ladder may take it from here. */
  readonly recovered: (node: string) => Promise<void>;
}

/** A rejoin under way. Filled in the order of the steps. */
export interface RejoinContext {
  readonly id: string;
  readonly desk: Desk;
  readonly name: string;
  readonly abort: AbortSignal;
  readonly timeline: Timeline;
  readonly warnings: CodedMessage[];
  activeName: string;
  node: NodeConnection | null;
  active: NodeConnection | null;
  lost: LostTransactions | null;
  waysOut: readonly WayOut[];
}

interface Step {
  readonly name: string;
  run(context: RejoinContext): Promise<string>;
}

/** Nothing is changed yet, but that a node which is not ACTIVE takes no writes. */
const ASKING: readonly Step[] = [
  { name: 'lock', run: lock },
  { name: 'close', run: close },
  { name: 'compare', run: compare },
];

/**
 * Makes an old primary follow the ACTIVE by GTID. Every step bears to be done again: after a crash the same command goes on. Until it follows
 * nothing else happens to the pool; the wait for it to catch up stands in nobody's way. It stays among the demoted: a restart that opens it
 * is no reason to let it write.
 */
export async function rejoin(
  desk: Desk,
  request: RejoinRequest,
  id: string,
  onStep: (event: StepEvent) => void,
  abort: AbortSignal,
): Promise<RejoinReport> {
  const { clock } = desk.bench;
  const startedAt = new Date(clock.now()).toISOString();
  const context: RejoinContext = {
    id,
    desk,
    name: request.node,
    abort,
    timeline: new Timeline(clock, onStep),
    warnings: [],
    activeName: '',
    node: null,
    active: null,
    lost: null,
    waysOut: [],
  };
  const outcome = await conduct(context);
  return {
    id,
    kind: 'rejoin',
    pool: desk.bench.pool.name,
    node: request.node,
    active: desk.active(),
    by: request.by,
    startedAt,
    ...outcome,
    steps: context.timeline.steps,
    warnings: context.warnings,
    lost: context.lost,
    waysOut: context.waysOut,
  };
}

async function conduct(context: RejoinContext): Promise<Pick<RejoinReport, 'result' | 'reasons'>> {
  const { desk, id } = context;
  let result: RejoinReport['result'] = 'refused';
  try {
    const holder = desk.claim(id);
    if (holder !== null) {
      throw new SwitchError('IN_PROGRESS', `${holder} has the pool to itself`);
    }
    try {
      for (const step of ASKING) await run(step, context);
      result = 'failed';
      await run({ name: 'follow', run: follow }, context);
    } finally {
      desk.letGo(id);
    }
    await run({ name: 'catch-up', run: awaitCaughtUp }, context);
    await run({ name: 'recover', run: recover }, context);
    return { result: 'rejoined', reasons: [] };
  } catch (error) {
    return { result, reasons: [{ code: codeOf(error), message: messageOf(error) }] };
  } finally {
    context.node?.connection.destroy();
    context.active?.connection.destroy();
  }
}

async function run(step: Step, context: RejoinContext): Promise<void> {
  const { name } = step;
  const { atStep } = context.desk.bench;
  await context.timeline.run(name, async () => {
    await atStep(name, 'before');
    const detail = await step.run(context);
    await atStep(name, 'after');
    return detail;
  });
}

async function recover({ desk, name }: RejoinContext): Promise<string> {
  await desk.recovered(name);
  return 'the ladder takes it from here';
}
