import { SwitchError } from '../errors';
import type { RejoinReport, RejoinRequest, StepEvent } from '../report';
import { Timeline } from '../switch/timeline';
import { whole } from './arrive';
import { climb } from './catch-up';
import { reportOf, type Desk, type Outcome, type RejoinContext } from './context';
import { rebuild } from './rebuild';
import { run, type Step } from './run';
import { close, compare, follow, lock } from './steps';
import { reasonOf } from '../reasons';

/** Nothing is changed yet, but that a node which is not ACTIVE takes no writes. */
const ASKING: readonly Step[] = [
  { name: 'lock', run: lock },
  { name: 'whole', run: whole },
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
    request,
    startedAt,
    abort,
    timeline: new Timeline(desk.bench, onStep),
    warnings: [],
    activeName: '',
    node: null,
    active: null,
    copy: null,
    lost: null,
    waysOut: [],
  };
  const outcome = await (request.rebuild === undefined ? conduct(context) : rebuild(context));
  return reportOf(context, outcome);
}

async function conduct(context: RejoinContext): Promise<Outcome> {
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
    await climb(context);
    return { result: 'rejoined', reasons: [] };
  } catch (error) {
    return { result, reasons: [reasonOf(error)] };
  } finally {
    context.node?.connection.destroy();
    context.active?.connection.destroy();
  }
}

export type { Desk } from './context';
