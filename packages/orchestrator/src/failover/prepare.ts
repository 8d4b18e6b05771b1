import { sleep, type Clock } from '../clock';
import { SwitchError } from '../errors';
import { isSetAside } from '../ladder/override';
import { hasFailed } from '../ladder/standing';
import { doubtOf } from '../ladder/verdict';
import type { NodeConnection } from '../link/node-link';
import type { NodeOptions } from '../options';
import { Kind, Phase, sidesOf, type Operation } from '../state/journal';
import type { Bench } from '../switch/context';
import { channelFrom, identityOf, standingOf, viewOf, type NodeView, type Topology } from '../watch/topology';
import { choose, type Candidate } from './choose';
import { doubt, testimonies, Word, type Testimony } from './confirm';
import type { Crew, FailoverContext, Known } from './context';
import { askFacts, type Facts } from './scout';

const CONNECT_MS = 1000;
const ASK_MS = 3000;
const MOMENT_MS = 100;

/** Connections to whoever answers, but for the primary, which may take longer. */
export async function assemble(bench: Bench, primary: string, scouted: Known['scouted']): Promise<Crew> {
  const trying = reach(bench, primary);
  const others = new Map<string, NodeConnection>();
  const facts = new Map<string, Facts>();
  const names = [...bench.links.keys()].filter((name) => name !== primary);
  await Promise.all(
    names.map(async (name) => {
      const found = (await scouted.get(name)) ?? null;
      const isUsable = found?.node.connection.usable === true;
      const node = isUsable ? found.node : await reach(bench, name);
      if (node !== null) others.set(name, node);
      if (isUsable) facts.set(name, found.facts);
    }),
  );
  return { others, facts, trying, old: null };
}

/** Null: it can't be logged in to. */
async function reach({ links }: Bench, name: string): Promise<NodeConnection | null> {
  return (
    (await links
      .get(name)
      ?.connect(CONNECT_MS)
      .catch(() => null)) ?? null
  );
}

/** Whether it can be logged in to, now. */
export async function answers(bench: Bench, name: string): Promise<boolean> {
  const node = await reach(bench, name);
  node?.connection.destroy();
  return node !== null;
}

/** Of an ACTIVE that answers: why nobody can write to it; null: not so. What others hear of it says nothing then. */
function unableToWrite(topology: Topology, name: string): string | null {
  const view = viewOf(topology, name);
  const trouble = view?.reachable === true ? view.pulse.trouble : null;
  return trouble?.stopped === true ? trouble.reason : null;
}

/** Resolves when nobody doubts that the primary is dead. */
export async function confirm(context: FailoverContext): Promise<string> {
  const { bench, known, from, crew, request } = context;
  const ask = (): Promise<readonly Testimony[]> => testimonies(bench, known.topology, from, crew.others);
  // where it hangs the others are asked meanwhile, and not left in the middle of it
  const asked = (await isSettled(crew.trying, bench.clock)) ? null : ask();
  const [old, early] = await Promise.all([crew.trying, asked]);
  context.crew = { ...crew, old };
  const why = old === null ? null : unableToWrite(known.topology, from);
  if (why !== null) {
    context.unable = true;
    return `${from} answers, and nobody can write to it: ${why}`;
  }
  if (old !== null && request.force !== true) {
    throw new SwitchError('ALIVE', `${from} answers: move the pool with a switch`);
  }
  const said = early ?? (await ask());
  const unsure = doubt(from, said);
  if (unsure !== null && (request.force !== true || said.some(({ word }) => word === Word.HEARS))) {
    throw new SwitchError('NOT_CONFIRMED', unsure);
  }
  return said.map(({ node, reason }) => `${node}: ${reason}`).join('; ');
}

/** Within a moment: one that is there answers, and one that is not refuses. */
const isSettled = (trying: Promise<unknown>, clock: Clock): Promise<boolean> =>
  Promise.race([trying.then(() => true), sleep(clock, MOMENT_MS).then(() => false)]);

/** Names who takes over. */
export async function elect(context: FailoverContext): Promise<string> {
  const { bench, known, request, from, crew } = context;
  const old = bench.pool.nodes.find(({ name }) => name === from);
  const candidates = await candidatesOf(bench, known, from, crew);
  const choice = choose(candidates, {
    to: request.to ?? null,
    force: request.force ?? false,
    site: old?.site ?? null,
  });
  if (choice.to === null) {
    throw new SwitchError(
      choice.reasons[0]?.code ?? 'NO_CANDIDATE',
      choice.reasons.map(({ message }) => message).join('; '),
    );
  }
  const link = bench.links.get(choice.to);
  const node = crew.others.get(choice.to);
  if (link === undefined || node === undefined) {
    throw new SwitchError('UNREACHABLE', `${choice.to} does not answer`);
  }
  for (const { node: holder, gtid } of choice.losing) {
    context.warnings.push({ code: 'LOST', message: `${gtid}, which ${holder} has, is not on ${choice.to}` });
  }
  context.to = { link, node };
  context.operation = await operationOf(context, node);
  return `${choice.to} takes over`;
}

async function candidatesOf(
  bench: Bench,
  { topology, had }: Known,
  from: string,
  crew: Crew,
): Promise<readonly Candidate[]> {
  const { others } = crew;
  const received = new Map(
    await Promise.all(
      [...others].map(async ([name, node]) => [name, await receivedBy(topology, from, name, node)] as const),
    ),
  );
  // as asynchronous replication has it, the last moment may be lost with the primary: not what was there long before
  if (had !== '') {
    received.set(from, had);
  }
  const nodes = bench.pool.nodes.filter(({ name }) => name !== from);
  return Promise.all(nodes.map((options) => candidateOf(topology, from, options, crew, received)));
}

function receivedBy(topology: Topology, from: string, name: string, node: NodeConnection): Promise<string> {
  const [view, source] = [viewOf(topology, name), viewOf(topology, from)];
  const channel = view && source && channelFrom(view, source);
  return channel === undefined
    ? node.dialect.position(node.connection, ASK_MS)
    : node.dialect.received(node.connection, channel.name, ASK_MS);
}

async function candidateOf(
  topology: Topology,
  from: string,
  options: NodeOptions,
  { others, facts }: Crew,
  received: ReadonlyMap<string, string>,
): Promise<Candidate> {
  const { name, site } = options;
  const [view, source] = [viewOf(topology, name), viewOf(topology, from)];
  const node = others.get(name);
  const override = view?.override ?? null;
  const nothing = {
    name,
    type: override?.type ?? options.type,
    weight: override?.weight ?? options.weight,
    setAside: isSetAside(override),
    site,
    follows: false,
    applying: false,
    delaySeconds: 0,
    filters: [],
    doubted: isDoubted(view),
    lacks: [],
  };
  if (node === undefined || view === undefined || source === undefined) {
    return { ...nothing, reachable: false, failed: false, readOnly: true, logs: false };
  }
  const { connection, dialect } = node;
  const observation = await dialect.observe(connection, ASK_MS);
  const channel = channelFrom({ ...view, observation }, source);
  const logs = facts.get(name)?.relays ?? (await dialect.relays(connection, ASK_MS));
  const lacks: { node: string; gtid: string }[] = [];
  for (const [other, position] of received) {
    const gtid = other === name ? '' : await dialect.beyond(connection, position, received.get(name) ?? '', ASK_MS);
    if (gtid !== '') lacks.push({ node: other, gtid });
  }
  return {
    ...nothing,
    reachable: true,
    failed: hasFailed(standingOf(view)),
    readOnly: observation.readOnly,
    logs,
    follows: channel !== undefined,
    applying: channel?.applying ?? false,
    delaySeconds: channel?.delaySeconds ?? 0,
    filters: channel?.filters ?? [],
    lacks,
  };
}

function isDoubted(view: NodeView | undefined): boolean {
  const observation = view?.observation ?? null;
  return view !== undefined && observation !== null && doubtOf(observation, view.pulse) !== null;
}

async function operationOf(context: FailoverContext, node: NodeConnection): Promise<Operation> {
  const { connection, dialect } = node;
  const {
    id,
    bench,
    known: { topology },
    from,
    crew,
    request,
    startedAt,
  } = context;
  const source = viewOf(topology, from);
  const observation = await dialect.observe(connection, ASK_MS);
  const view = viewOf(topology, connection.node);
  const channel = view && source && channelFrom({ ...view, observation }, source);
  if (channel === undefined) {
    throw new SwitchError('NOT_REPLICA', `${connection.node} does not replicate from ${from}`);
  }
  const known = crew.facts.get(connection.node);
  const facts = known?.channel.name === channel.name ? known : await askFacts(node, channel.name);
  const to = { found: observation.found, semiSync: facts.semiSync };
  const old = crew.old === null ? null : await asFound(crew.old).catch(() => null);
  return {
    kind: Kind.FAILOVER,
    id,
    pool: bench.pool.name,
    phase: Phase.PREPARING,
    from,
    to: connection.node,
    fromIdentity: (source && identityOf(source)) ?? '',
    by: request.by,
    startedAt,
    epoch: bench.journal.memory.epoch + 1,
    // a dead primary can't be asked: it wrote, and the rest was as on the others
    found: { from: old?.found ?? { ...to.found, readOnly: false, superReadOnly: false }, to: to.found },
    events: facts.events,
    semiSync: { from: (old ?? to).semiSync, to: to.semiSync },
    channel: facts.channel,
    circular: null,
    movedReplicas: [],
  };
}

async function asFound({ connection, dialect }: NodeConnection) {
  const { found } = await dialect.observe(connection, ASK_MS);
  return { found, semiSync: sidesOf(await dialect.semiSync(connection, ASK_MS)) };
}
