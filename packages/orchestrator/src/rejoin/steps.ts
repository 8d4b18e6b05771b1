import { Deadline } from '../clock';
import { counted } from '../counted';
import { messageOf, SwitchError } from '../errors';
import type { NodeConnection } from '../link/node-link';
import { shut } from '../switch/shut';
import type { ChannelPlan } from '../state/journal';
import { channelFrom, viewOf } from '../watch/topology';
import { lostOf, strayOf } from './lost';
import type { RejoinContext } from './context';

const CONNECT_MS = 3000;
const STATEMENT_MS = 10_000;

/** The node and the ACTIVE, once both are known to be what they are taken for. */
export function both({ node, active }: RejoinContext): {
  readonly node: NodeConnection;
  readonly active: NodeConnection;
} {
  if (node === null || active === null) {
    throw new SwitchError('INTERNAL', 'a rejoin without its nodes');
  }
  return { node, active };
}

export async function lock(context: RejoinContext): Promise<string> {
  const { desk, name } = context;
  const { bench } = desk;
  const { operation } = bench.journal.memory;
  if (operation !== null) {
    throw new SwitchError('IN_PROGRESS', `what ${operation.id} left could not be ended yet`);
  }
  const link = bench.links.get(name);
  if (link === undefined) {
    throw new SwitchError('NOT_A_NODE', `${name} is not a node of the pool`);
  }
  if (desk.copying.has(name)) {
    throw new SwitchError('IN_PROGRESS', `another node is being copied over ${name}`);
  }
  const active = desk.active();
  if (active === null) {
    throw new SwitchError('NO_ACTIVE', 'the pool has no ACTIVE to follow');
  }
  if (active === name) {
    throw new SwitchError('ALREADY_ACTIVE', `${name} is ACTIVE`);
  }
  await meetActive(context);
  context.node = await link.connect(CONNECT_MS).catch((error: unknown) => {
    if (mayBeAway(context)) return null;
    throw new SwitchError('UNREACHABLE', `${name} does not answer: ${messageOf(error)}`);
  });
  return `ours; ${name} is to follow ${active}`;
}

/** Whoever is ACTIVE now. */
export async function meetActive(context: RejoinContext): Promise<void> {
  const { desk } = context;
  const active = desk.active();
  const link = active === null ? undefined : desk.bench.links.get(active);
  if (active === null || link === undefined) {
    throw new SwitchError('NO_ACTIVE', 'the pool has no ACTIVE to follow');
  }
  context.active?.connection.destroy();
  context.activeName = active;
  context.active = await link.connect(CONNECT_MS).catch((error: unknown) => {
    throw new SwitchError('UNREACHABLE', `the ACTIVE ${active} does not answer: ${messageOf(error)}`);
  });
  if ((await context.active.dialect.observe(context.active.connection, STATEMENT_MS)).readOnly) {
    throw new SwitchError('NO_ACTIVE', `${active} is read-only: it is not sure that it is the one to follow`);
  }
}

/** What an operator's command makes anew may be broken to the point that it does not run. */
const mayBeAway = ({ request, desk }: RejoinContext): boolean =>
  request.rebuild !== undefined && desk.bench.pool.rebuild.command !== null;

/** First of all: what is compared must not grow. */
export async function close(context: RejoinContext): Promise<string> {
  const { node } = both(context);
  const { readOnly } = await node.dialect.observe(node.connection, STATEMENT_MS);
  if (readOnly) {
    return 'it is read-only';
  }
  const { bench } = context.desk;
  const ended = await shut(bench, node, new Deadline(bench.clock, STATEMENT_MS));
  return `made read-only, ${counted(ended.size, 'session')} ended`;
}

export async function compare(context: RejoinContext): Promise<string> {
  const { desk, name, activeName } = context;
  const { node, active } = both(context);
  const stray = await strayOf(node, active);
  context.lost = await lostOf(desk.bench, node, stray);
  if (stray.gtid !== '') {
    context.waysOut = node.dialect.waysOut(stray, name, activeName);
    throw new SwitchError('ERRANT', `${name} has transactions that ${activeName} lacks: ${stray.gtid}`);
  }
  const purged = await active.dialect.purged(active.connection, node.connection, STATEMENT_MS);
  if (purged !== '') {
    throw new SwitchError(
      'PURGED',
      `${activeName} has purged what ${name} lacks: ${purged}; copy a healthy node over it`,
    );
  }
  return `${name} has nothing that ${activeName} lacks`;
}

export async function follow(context: RejoinContext): Promise<string> {
  const { desk, name, activeName, warnings } = context;
  const { bench } = desk;
  const { node } = both(context);
  const { connection, dialect } = node;
  const source = bench.pool.nodes.find((options) => options.name === activeName)!.replication;
  const existing = await existingChannel(context);
  await joinSemiSync(context);
  if (bench.pool.replication === null) {
    if (existing === null) {
      throw new SwitchError('NOT_REPLICA', `the configuration names no replication account for ${name} to follow with`);
    }
    await dialect.follow(connection, existing, source, null, STATEMENT_MS);
  } else {
    const plan = await channelPlan(context, existing);
    const login = { ...bench.pool.replication, options: plan.options };
    await dialect.follow(connection, plan.name, source, login, STATEMENT_MS);
  }
  if (!(await dialect.persistReadOnly(connection, true, STATEMENT_MS))) {
    const message = `${name} forgets read_only when it restarts: put read_only = 1 under [mariadb] in its option file`;
    warnings.push({ code: 'READ_ONLY', message });
  }
  return `${name} follows ${activeName}`;
}

/** Name of the channel by which it follows the ACTIVE already, as half of a circular pair or after a rejoin that was cut short. */
async function existingChannel(context: RejoinContext): Promise<string | null> {
  const { node, active } = both(context);
  const { identity } = await active.dialect.observe(active.connection, STATEMENT_MS);
  const { channels } = await node.dialect.observe(node.connection, STATEMENT_MS);
  return channels.find(({ sourceIdentity }) => sourceIdentity === identity)?.name ?? null;
}

/** As it was planned when it was demoted, else as another replica follows. */
async function channelPlan({ desk, name, activeName }: RejoinContext, existing: string | null): Promise<ChannelPlan> {
  const { journal, links } = desk.bench;
  const planned = journal.memory.demoted.find(({ node }) => node === name)?.channel ?? null;
  if (planned !== null) {
    return { ...planned, name: existing ?? planned.name };
  }
  const topology = desk.topology();
  const source = viewOf(topology, activeName);
  for (const view of topology.nodes.filter((each) => each.name !== name && each.reachable)) {
    const channel = source && channelFrom(view, source);
    const replica =
      channel &&
      (await links
        .get(view.name)
        ?.connect(CONNECT_MS)
        .catch(() => null));
    if (channel && replica) {
      try {
        const options = await replica.dialect.channelOptions(replica.connection, channel.name, STATEMENT_MS);
        return { name: existing ?? channel.name, options };
      } finally {
        replica.connection.destroy();
      }
    }
  }
  return { name: existing ?? '', options: [] };
}

/** What is no primary any more acknowledges, where anybody does, before its receiver starts. */
async function joinSemiSync(context: RejoinContext): Promise<void> {
  const { name, activeName, warnings } = context;
  const { node, active } = both(context);
  const ours = await node.dialect.semiSync(node.connection, STATEMENT_MS);
  const theirs = await active.dialect.semiSync(active.connection, STATEMENT_MS);
  // a source that was closed is none any more, and one that took over may be none yet: then it tells that it acknowledged before
  if (![ours.source, ours.replica, theirs.source, theirs.replica].includes(true)) {
    return;
  }
  if (!ours.replica) {
    await node.dialect.setSemiSync(node.connection, 'replica', true, STATEMENT_MS);
  }
  if (ours.source) {
    await node.dialect.setSemiSync(node.connection, 'source', false, STATEMENT_MS);
  }
  if (!theirs.source) {
    const message = `semi-sync is off on ${activeName}: if it is meant to be on, turn it on there, now that ${name} acknowledges`;
    warnings.push({ code: 'SEMI_SYNC', message });
  }
}
