import type { Observation } from '../dialects/dialect';
import { messageOf, SwitchError } from '../errors';
import type { NodeConnection } from '../link/node-link';
import type { CodedMessage } from '../report';
import { channelFrom, standingOf, viewOf, type NodeView } from '../watch/topology';
import type { RejoinContext } from './context';
import { strayOf } from './lost';
import { both } from './steps';

const CONNECT_MS = 3000;
const ASK_MS = 5000;
/** Beyond it a replica has something else to do. */
const FIT: ReadonlySet<string> = new Set(['OK', 'OK_INFO']);

/** Whom to copy: a healthy replica, the one that has applied most; the ACTIVE, which has clients to serve, only where no replica is fit. */
export async function chooseDonor(context: RejoinContext): Promise<string> {
  const { desk, activeName } = context;
  const reasons: CodedMessage[] = [];
  for (const name of [...(await standbys(context)), activeName]) {
    const problems = await problemsOf(context, name);
    if (problems.length === 0) {
      context.copy = { donor: name, begun: false, position: null };
      return `${name} is to be copied, ${how(context)}${name === activeName ? ': no replica is fit for it' : ''}`;
    }
    reasons.push(...problems);
  }
  const [first] = reasons;
  const messages = new Set(reasons.map(({ message }) => message));
  desk.bench.log('warn', 'no node can be copied', { pool: desk.bench.pool.name, reasons });
  throw new SwitchError(first?.code ?? 'NO_DONOR', [...messages].join('; '));
}

const how = ({ desk }: RejoinContext): string => {
  const { command } = desk.bench.pool.rebuild;
  return command === null ? 'by the clone plugin' : `by ${command[0]}`;
};

/** Names of those that may serve as donors, the most advanced first. */
async function standbys({ desk, name, activeName, active }: RejoinContext): Promise<readonly string[]> {
  const topology = desk.topology();
  const source = viewOf(topology, activeName);
  const fit = topology.nodes.filter(
    (view) => view.name !== name && view.name !== activeName && !desk.copying.has(view.name) && isFit(view, source),
  );
  const { connection, dialect } = active!;
  const position = await dialect.position(connection, ASK_MS);
  const ranked = await Promise.all(
    fit.map(async (view) => ({
      name: view.name,
      lacks: (await dialect.beyond(connection, position, view.observation!.gtid, ASK_MS)) !== '',
      lag: (source && channelFrom(view, source)?.lagSeconds) ?? Infinity,
    })),
  );
  return ranked
    .sort((a, b) => Number(a.lacks) - Number(b.lacks) || a.lag - b.lag || a.name.localeCompare(b.name))
    .map((each) => each.name);
}

function isFit(view: NodeView, source: NodeView | undefined): boolean {
  const { state, status } = standingOf(view);
  const channel = source && channelFrom(view, source);
  return (
    view.reachable &&
    state === 'STANDBY' &&
    FIT.has(status) &&
    view.observation?.readOnly === true &&
    channel?.receiving === true &&
    channel.applying &&
    channel.delaySeconds === 0 &&
    channel.filters.length === 0
  );
}

async function problemsOf(context: RejoinContext, name: string): Promise<readonly CodedMessage[]> {
  const { desk, node } = context;
  let donor: NodeConnection;
  try {
    donor = await desk.bench.links.get(name)!.connect(CONNECT_MS);
  } catch (error) {
    return [{ code: 'UNREACHABLE', message: messageOf(error) }];
  }
  try {
    const stray = name === context.activeName ? '' : (await strayOf(donor, context.active!)).gtid;
    if (stray !== '') {
      return [{ code: 'ERRANT', message: `${name} has transactions that ${context.activeName} lacks: ${stray}` }];
    }
    // what does not run can't be asked what it is
    if (node === null) return [];
    const theirs = await donor.dialect.observe(donor.connection, ASK_MS);
    const ours = await node.dialect.observe(node.connection, ASK_MS);
    if (series(theirs) !== series(ours)) {
      const message = `${name} is ${series(theirs)} and ${context.name} is ${series(ours)}: data files fit the same series alone`;
      return [{ code: 'VERSION', message }];
    }
    if (desk.bench.pool.rebuild.command !== null) return [];
    const { copier } = both(context).node.dialect;
    if (copier === null) {
      const message = `${ours.kind} copies nothing by SQL: pools[].rebuild.command has to name a program that does it`;
      return [{ code: 'NO_COMMAND', message }];
    }
    return await copier.problems(donor.connection, node.connection, ASK_MS);
  } finally {
    donor.connection.destroy();
  }
}

const series = ({ kind, version }: Observation): string => `${kind} ${/^\d+\.\d+/.exec(version)?.[0] ?? version}`;
