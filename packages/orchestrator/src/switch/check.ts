import type { PlaneStats } from '../data-plane';
import { messageOf } from '../errors';
import { answerPool, answerServers } from '../guardrails';
import type { PoolFacts, ServerFacts } from '../guardrails/facts';
import { isSetAside } from '../ladder/override';
import type { NodeConnection, NodeLink } from '../link/node-link';
import type { Plan } from './plan';
import { predictHold } from './prediction';
import { attempt, survey, type Crew, type Surveyor } from './preflight';
import type { BlockingReport, CheckReport, GuardrailAnswer } from '../report';
import { frozen } from '../state/frozen';
import { channelFrom, viewOf, type ActiveDecision, type NodeView, type Topology } from '../watch/topology';

const CONNECT_MS = 3000;

/** What a check starts from. */
export interface Known {
  readonly surveyor: Surveyor;
  readonly links: ReadonlyMap<string, NodeLink>;
  readonly stateDir: string;
  readonly topology: Topology;
  readonly decision: ActiveDecision;
  readonly active: string | null;
  /** What has the pool to itself, as a sentence. */
  readonly running: string | null;
  readonly otherProxy: string | null;
  readonly sinceLastSwitchMs: number | null;
}

/** The report, and, when the answer is go, the connections and facts that the switch goes on with. The caller closes the connections. */
export interface Checked {
  readonly report: CheckReport;
  readonly go: { readonly crew: Crew; readonly facts: ServerFacts } | null;
}

export async function runCheck(known: Known, plan: Plan): Promise<Checked> {
  const facts = await poolFacts(known, plan);
  const first = answerPool(facts);
  const { from, to } = facts;
  if (from === null || to === null || first.some(({ ok }) => !ok)) {
    return { report: reportOf(known, facts, first, [], null), go: null };
  }
  let crew: Crew;
  try {
    crew = await assemble(known, from, to);
  } catch (error) {
    const answer = { code: 'NOT_REPLICA', ok: false, message: messageOf(error) };
    return { report: reportOf(known, facts, [...first, answer], [], null), go: null };
  }
  try {
    const { facts: all, costs } = await survey(known.surveyor, { ...facts, from, to }, crew);
    const answers = [...first, ...answerServers(all)];
    const { workMs } = await planeStats(known);
    const predicted =
      costs === null ? null : predictHold(costs, crew.from.dialect.fenceRoundTrips, workMs, plan.drainMs);
    const report = reportOf(known, facts, answers, blockingOf(all, plan), predicted);
    if (report.answer === 'go') {
      return { report, go: { crew, facts: all } };
    }
    dismiss(crew);
    return { report, go: null };
  } catch (error) {
    dismiss(crew);
    throw error;
  }
}

export function dismiss({ from, to, others }: Crew): void {
  for (const { connection } of [from, to, ...others.values()]) {
    connection.destroy();
  }
}

const planeStats = ({ surveyor }: Known): Promise<PlaneStats> => surveyor.plane.stats(surveyor.pool.name);

async function poolFacts(known: Known, plan: Plan): Promise<PoolFacts> {
  const { surveyor, topology, active, decision } = known;
  const from = active === null ? null : (viewOf(topology, active) ?? null);
  const fit = from === null ? [] : fitNodes(topology, from);
  const wanted = plan.to ?? (fit.length === 1 ? (fit[0] ?? null) : null);
  return {
    pool: surveyor.pool,
    plan,
    topology,
    decision: active === null ? decision : { active },
    from,
    to: wanted === null ? null : (viewOf(topology, wanted) ?? null),
    fit,
    running: known.running,
    frozen: await frozen(known.stateDir, surveyor.pool.name),
    otherProxy: known.otherProxy,
    sinceLastSwitchMs: known.sinceLastSwitchMs,
    accounts: surveyor.accounts,
    refusedAccounts: await attempt(() => surveyor.plane.refusedAccounts(surveyor.pool.name)),
  };
}

/** Nodes that replicate from the ACTIVE with both threads, undelayed, and take no writes. */
const fitNodes = (topology: Topology, from: NodeView): readonly string[] =>
  topology.nodes
    .filter((node) => {
      const channel = channelFrom(node, from);
      return (
        node.reachable &&
        !isSetAside(node.override) &&
        node.observation?.readOnly === true &&
        channel !== undefined &&
        channel.receiving &&
        channel.applying &&
        channel.delaySeconds === 0
      );
    })
    .map(({ name }) => name);

async function assemble({ links }: Known, from: NodeView, to: NodeView): Promise<Crew> {
  const connect = (name: string): Promise<NodeConnection> => {
    const link = links.get(name);
    return link === undefined ? Promise.reject(new Error(`${name} has no address`)) : link.connect(CONNECT_MS);
  };
  const rest = [...links.keys()].filter((name) => name !== from.name && name !== to.name);
  const [ours, theirs, ...others] = await Promise.allSettled([from.name, to.name, ...rest].map(connect));
  if (ours?.status !== 'fulfilled' || theirs?.status !== 'fulfilled') {
    const opened = [ours, theirs, ...others].flatMap((one) => (one?.status === 'fulfilled' ? [one.value] : []));
    for (const { connection } of opened) {
      connection.destroy();
    }
    throw [ours, theirs].find((one) => one?.status === 'rejected')?.reason ?? new Error('not reachable');
  }
  return {
    from: ours.value,
    to: theirs.value,
    others: new Map(
      rest.flatMap((name, index) => {
        const other = others[index];
        return other?.status === 'fulfilled' ? [[name, other.value] as const] : [];
      }),
    ),
  };
}

function reportOf(
  { surveyor }: Known,
  { from, to, plan }: PoolFacts,
  guardrails: readonly GuardrailAnswer[],
  blocking: readonly BlockingReport[],
  predictedHoldMs: number | null,
): CheckReport {
  return {
    pool: surveyor.pool.name,
    from: from?.name ?? null,
    to: to?.name ?? plan.to,
    answer: guardrails.every(({ ok }) => ok) ? 'go' : 'refuse',
    predictedHoldMs,
    guardrails,
    blocking,
  };
}

function blockingOf({ blocking, bypassing }: ServerFacts, plan: Plan): readonly BlockingReport[] {
  const through = 'value' in blocking ? blocking.value : [];
  const past = 'value' in bypassing ? bypassing.value.filter(({ allowed }) => !allowed) : [];
  return [
    ...through,
    ...(plan.bypass === 'ignore' ? [] : past).map(({ id, user, host, command, ageMs }) => ({
      session: id,
      user,
      client: host,
      kind: 'bypass' as const,
      reason: command.toUpperCase(),
      ageMs,
    })),
  ];
}
