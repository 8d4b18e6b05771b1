import { SwitchError } from '../errors';
import { isSetAside } from '../ladder/override';
import { hasFailed } from '../ladder/standing';
import { doubtOf } from '../ladder/verdict';
import type { NodeConnection } from '../node-link';
import type { NodeOptions } from '../options';
import { Kind, Phase, sidesOf, type Operation } from '../state/journal';
import type { Bench } from '../switch/context';
import { channelFrom, identityOf, standingOf, viewOf, type NodeView, type Topology } from '../topology';
import { choose, type Candidate } from './choose';
import { doubt, testimonies, Word } from './confirm';
import type { Crew, FailoverContext, Known } from './context';

const CONNECT_MS = 1000;
const ASK_MS = 3000;

/** Connections to whoever answers. */
export async function assemble({ links }: Bench, primary: string): Promise<Crew> {
  const names = [...links.keys()];
  const nodes = await Promise.all(
    names.map(
      (name) =>
        links
          .get(name)
          ?.connect(CONNECT_MS)
          .catch(() => null) ?? Promise.resolve(null),
    ),
  );
  const answering = new Map(
    names.flatMap((name, index) => {
      const node = nodes[index];
      return node === null || node === undefined ? [] : [[name, node] as const];
    }),
  );
  const old = answering.get(primary) ?? null;
  answering.delete(primary);
  return { others: answering, old };
}

/** Whether it can be logged in to, now. */
export async function answers({ links }: Bench, name: string): Promise<boolean> {
  const node = await links
    .get(name)
    ?.connect(CONNECT_MS)
    .catch(() => null);
  node?.connection.destroy();
  return node !== null && node !== undefined;
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
  const why = crew.old === null ? null : unableToWrite(known.topology, from);
  if (why !== null) {
    context.unable = true;
    return `${from} answers, and nobody can write to it: ${why}`;
  }
  if (crew.old !== null && request.force !== true) {
    throw new SwitchError('ALIVE', `${from} answers: move the pool with a switch`);
  }
  const said = await testimonies(bench, known.topology, from, crew.others);
  const unsure = doubt(from, said);
  if (unsure !== null && (request.force !== true || said.some(({ word }) => word === Word.HEARS))) {
    throw new SwitchError('NOT_CONFIRMED', unsure);
  }
  return said.map(({ node, reason }) => `${node}: ${reason}`).join('; ');
}

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
  { others }: Crew,
): Promise<readonly Candidate[]> {
  const received = new Map<string, string>();
  for (const [name, node] of others) {
    received.set(name, await receivedBy(topology, from, name, node));
  }
  // as asynchronous replication has it, the last moment may be lost with the primary: not what was there long before
  if (had !== '') {
    received.set(from, had);
  }
  const nodes = bench.pool.nodes.filter(({ name }) => name !== from);
  return Promise.all(nodes.map((options) => candidateOf(bench, topology, from, options, others, received)));
}

function receivedBy(topology: Topology, from: string, name: string, node: NodeConnection): Promise<string> {
  const [view, source] = [viewOf(topology, name), viewOf(topology, from)];
  const channel = view && source && channelFrom(view, source);
  return channel === undefined
    ? node.dialect.position(node.connection, ASK_MS)
    : node.dialect.received(node.connection, channel.name, ASK_MS);
}

async function candidateOf(
  { pool }: Bench,
  topology: Topology,
  from: string,
  options: NodeOptions,
  others: ReadonlyMap<string, NodeConnection>,
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
  const { logBin, logReplicaUpdates } = await dialect.inspect(connection, pool.monitor.schema, ASK_MS);
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
    logs: logBin && logReplicaUpdates,
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

async function operationOf(context: FailoverContext, { connection, dialect }: NodeConnection): Promise<Operation> {
  const { id, bench, known, from, crew, request, startedAt } = context;
  const source = viewOf(known.topology, from);
  const observation = await dialect.observe(connection, ASK_MS);
  const view = viewOf(known.topology, connection.node);
  const channel = view && source && channelFrom({ ...view, observation }, source);
  if (channel === undefined) {
    throw new SwitchError('NOT_REPLICA', `${connection.node} does not replicate from ${from}`);
  }
  const to = { found: observation.found, semiSync: sidesOf(await dialect.semiSync(connection, ASK_MS)) };
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
    events: await dialect.sleepingEvents(connection, ASK_MS),
    semiSync: { from: (old ?? to).semiSync, to: to.semiSync },
    channel: { name: channel.name, options: await dialect.channelOptions(connection, channel.name, ASK_MS) },
    circular: null,
    movedReplicas: [],
  };
}

async function asFound({ connection, dialect }: NodeConnection) {
  const { found } = await dialect.observe(connection, ASK_MS);
  return { found, semiSync: sidesOf(await dialect.semiSync(connection, ASK_MS)) };
}
