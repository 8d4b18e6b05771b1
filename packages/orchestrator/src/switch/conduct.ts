import { dismiss, runCheck, type Checked, type Known } from './check';
import type { Crew } from './preflight';
import { codeOf, SwitchError } from '../errors';
import type { ServerFacts } from '../guardrails/facts';
import type { NodeConnection } from '../link/node-link';
import type { Plan } from './plan';
import { reasonOf, sentenceOf } from '../reasons';
import type { CodedMessage, FlightRecord, StepEvent } from '../report';
import { Kind, Phase, sidesOf, type Operation } from '../state/journal';
import { newProgress, type Bench, type Seat, type SwitchContext } from './context';
import { runSequence, type Outcome } from './sequence';
import { round, stallOf, Timeline } from './timeline';
import { channelFrom } from '../watch/topology';

const STATEMENT_MS = 3000;

/** A switch from the request to its flight record. Never rejects for a refusal. */
export interface Conductor {
  readonly bench: Bench;
  /** Looks at every node anew; the id is the switch that asks. */
  know(id: string): Promise<Known>;
}

export async function conduct(
  conductor: Conductor,
  plan: Plan,
  id: string,
  onStep: (event: StepEvent) => void,
  abort: AbortSignal,
): Promise<FlightRecord> {
  const { bench } = conductor;
  const timeline = new Timeline(bench, onStep);
  const startedAt = new Date(bench.clock.now()).toISOString();
  let checked: Checked | null = null;
  let context: SwitchContext | null = null;
  const reasons: CodedMessage[] = [];
  let outcome: Outcome = { result: 'refused', reasons };
  try {
    let known: Known | null = null;
    await timeline.run('lock', async () => {
      known = await conductor.know(id);
      if (known.otherProxy !== null) {
        throw new SwitchError('OTHER_PROXY', `the pool's lock on the ACTIVE is not ours: ${known.otherProxy}`);
      }
      return 'ours';
    });
    await timeline.run('preflight', async () => {
      checked = await runCheck(known ?? (await conductor.know(id)), plan);
      const refusals = checked.report.guardrails.filter(({ ok }) => !ok);
      if (checked.go === null) {
        reasons.push(...refusals.map(({ code, message }) => ({ code, message })));
        throw new SwitchError('REFUSED', sentenceOf(refusals));
      }
      context = await contextOf(conductor, plan, id, startedAt, timeline, abort, checked.go);
      await bench.journal.write({ operation: context.operation });
      const predicted = checked.report.predictedHoldMs;
      return predicted === null ? 'go' : `go, about ${predicted} ms of hold expected`;
    });
  } catch (error) {
    if (codeOf(error) !== 'REFUSED') {
      reasons.push(reasonOf(error));
    }
    if (bench.journal.memory.operation?.id === id) {
      await bench.journal.write({ operation: null });
    }
  }
  try {
    if (context !== null && reasons.length === 0) {
      outcome = await runSequence(context);
    }
    return recordOf({ id, plan, bench, startedAt, timeline, outcome, checked, context });
  } finally {
    timeline.tellAll();
    close(context, checked);
  }
}

function close(context: SwitchContext | null, checked: Checked | null): void {
  if (checked?.go !== undefined && checked.go !== null) {
    dismiss(checked.go.crew);
  }
  context?.from.aux.connection.destroy();
  context?.to.aux.connection.destroy();
}

async function contextOf(
  { bench }: Conductor,
  plan: Plan,
  id: string,
  startedAt: string,
  timeline: Timeline,
  abort: AbortSignal,
  { crew, facts }: { readonly crew: Crew; readonly facts: ServerFacts },
): Promise<SwitchContext> {
  const from = await seat(bench, facts.from.name, crew.from);
  const to = await seat(bench, facts.to.name, crew.to).catch((error: unknown) => {
    from.aux.connection.destroy();
    throw error;
  });
  return {
    id,
    startedAt,
    bench,
    plan,
    abort,
    timeline,
    from,
    to,
    others: crew.others,
    warnings: [],
    progress: newProgress(bench.clock),
    operation: await operationOf(bench, plan, id, startedAt, facts, from, to),
  };
}

async function seat(bench: Bench, name: string, main: NodeConnection): Promise<Seat> {
  const link = bench.links.get(name);
  if (link === undefined) {
    throw new SwitchError('NOT_A_NODE', `${name} has no address`);
  }
  const aux = await link.connect(STATEMENT_MS);
  const { found } = await main.dialect.observe(main.connection, STATEMENT_MS);
  return { options: link.options, link, found, main, aux };
}

async function operationOf(
  bench: Bench,
  plan: Plan,
  id: string,
  startedAt: string,
  facts: ServerFacts,
  from: Seat,
  to: Seat,
): Promise<Operation> {
  const channel = channelFrom(facts.to, facts.from);
  const back = channelFrom(facts.from, facts.to);
  const { inspection } = facts;
  if (channel === undefined || !('value' in inspection.from) || !('value' in inspection.to)) {
    throw new SwitchError('NOT_REPLICA', `${facts.to.name} does not replicate from ${facts.from.name}`);
  }
  return {
    kind: Kind.SWITCH,
    id,
    pool: bench.pool.name,
    phase: Phase.PREPARING,
    from: facts.from.name,
    to: facts.to.name,
    fromIdentity: facts.from.observation?.identity ?? '',
    by: plan.by,
    startedAt,
    epoch: bench.journal.memory.epoch + 1,
    found: { from: from.found, to: to.found },
    events: inspection.from.value.enabledEvents,
    semiSync: { from: sidesOf(inspection.from.value.semiSync), to: sidesOf(inspection.to.value.semiSync) },
    channel: {
      name: channel.name,
      options: await to.aux.dialect.channelOptions(to.aux.connection, channel.name, STATEMENT_MS),
    },
    circular: back === undefined ? null : { channel: back.name },
    movedReplicas: [],
  };
}

/** The record of a switch that was refused before there was a node to ask. */
export const refusalOf = (bench: Bench, plan: Plan, id: string, reason: CodedMessage): FlightRecord =>
  recordOf({
    id,
    plan,
    bench,
    startedAt: new Date(bench.clock.now()).toISOString(),
    timeline: new Timeline(bench, () => undefined),
    outcome: { result: 'refused', reasons: [reason] },
    checked: null,
    context: null,
  });

interface Flown {
  readonly id: string;
  readonly plan: Plan;
  readonly bench: Bench;
  readonly startedAt: string;
  readonly timeline: Timeline;
  readonly outcome: Outcome;
  readonly checked: Checked | null;
  readonly context: SwitchContext | null;
}

function recordOf({ id, plan, bench, startedAt, timeline, outcome, checked, context }: Flown): FlightRecord {
  const progress = context?.progress ?? newProgress(bench.clock);
  const { heldAt, releasedAt, release } = progress;
  return {
    id,
    kind: 'switch',
    pool: bench.pool.name,
    from: checked?.report.from ?? null,
    to: checked?.report.to ?? plan.to,
    by: plan.by,
    startedAt,
    result: outcome.result,
    holdMs: heldAt === null || releasedAt === null ? null : round(releasedAt - heldAt),
    drainMs: progress.drainMs === null ? null : round(progress.drainMs),
    stallMs: stallOf(release?.waitsMs ?? []),
    held: release?.held ?? 0,
    moved: release?.moved ?? 0,
    pinned: release?.pinned ?? 0,
    killed: progress.hunted + (release?.killed ?? progress.killed),
    steps: timeline.steps,
    reasons: outcome.reasons,
    warnings: context?.warnings ?? [],
    gtid: { before: progress.position, after: progress.after },
  };
}
