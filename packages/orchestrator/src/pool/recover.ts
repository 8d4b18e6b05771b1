import { Deadline } from '../clock';
import { MARK } from '../dialects/dialect';
import { messageOf } from '../errors';
import { restoreSemiSync, withoutSemiSync } from '../failover/semi-sync';
import type { NodeConnection, NodeLink } from '../link/node-link';
import type { CodedMessage, FlightRecord } from '../report';
import { shut } from '../switch/shut';
import { Kind, Phase, type Operation } from '../state/journal';
import { decideFailoverRecovery, decideRecovery, Recovery, type Sight } from '../state/recovery';
import type { Bench } from '../switch/context';
import { endSessions } from '../switch/fence';
import { promoted } from '../switch/release';
import { settle } from '../switch/settle';

const STATEMENT_MS = 5000;

/** What became of an interrupted switch. `active` is null as long as nobody may write. */
export interface Recovered {
  readonly action: Recovery;
  readonly active: string | null;
  readonly messages: readonly CodedMessage[];
}

/** Lets the clients work, as soon as it is sure who writes: what is left to do for replication takes longer. */
type Activate = (node: string) => Promise<void>;

interface Side {
  readonly name: string;
  readonly node: NodeConnection | null;
  readonly sight: Sight;
}

/**
 * Ends a switch that was cut short, with exactly one writer, from the journal and from what the servers say. Safe to call again: each part
 * may have been done before.
 */
export async function recover(bench: Bench, operation: Operation, activate: Activate): Promise<Recovered> {
  const [from, to] = await Promise.all([look(bench, operation, operation.from), look(bench, operation, operation.to)]);
  try {
    const action =
      operation.kind === Kind.FAILOVER
        ? decideFailoverRecovery(operation.phase, to.sight)
        : decideRecovery(operation.phase, from.sight, to.sight);
    bench.log('warn', 'an interrupted switch is taken up', { id: operation.id, phase: operation.phase, action });
    return await act(bench, operation, action, from, to, activate);
  } finally {
    from.node?.connection.destroy();
    to.node?.connection.destroy();
  }
}

async function act(
  bench: Bench,
  operation: Operation,
  action: Recovery,
  from: Side,
  to: Side,
  activate: Activate,
): Promise<Recovered> {
  switch (action) {
    case Recovery.UNDO:
      return operation.kind === Kind.FAILOVER
        ? undoFailover(bench, operation, from, to, activate)
        : undo(bench, operation, from, to, activate);
    case Recovery.FORWARD:
      return forward(bench, operation, from, to, activate);
    case Recovery.ADOPT: {
      const active = isOpen(from) ? from.name : to.name;
      await activate(active);
      await bench.journal.write({ operation: null });
      return { action, active, messages: [] };
    }
    case Recovery.WAIT:
    case Recovery.STUCK:
      return { action, active: null, messages: [{ code: action, message: explain(action, operation) }] };
  }
}

const isOpen = ({ sight }: Side): boolean => sight.reachable && !sight.readOnly;

const explain = (action: Recovery, { id, phase, from, to }: Operation): string =>
  action === Recovery.WAIT
    ? `switch ${id} from ${from} to ${to} was cut short at ${phase}; a node that must be asked does not answer`
    : `switch ${id} from ${from} to ${to} ended with both fenced, and they differ: decide which one is right and open it`;

async function look(bench: Bench, operation: Operation, name: string): Promise<Side> {
  const link = bench.links.get(name);
  let node: NodeConnection | null = null;
  try {
    node = await connect(link, name);
    await endLeftovers(bench, node);
    const { readOnly } = await node.dialect.observe(node.connection, STATEMENT_MS);
    const probeSeen = await bench.heartbeat.seen(node.connection, operation.id, STATEMENT_MS);
    return { name, node, sight: { reachable: true, readOnly, probeSeen } };
  } catch (error) {
    bench.log('warn', `${name} can't be asked about an interrupted switch`, { reason: messageOf(error) });
    node?.connection.destroy();
    return { name, node: null, sight: { reachable: false } };
  }
}

function connect(link: NodeLink | undefined, name: string): Promise<NodeConnection> {
  return link === undefined
    ? Promise.reject(new Error(`${name} is no longer in the configuration`))
    : link.connect(STATEMENT_MS);
}

/** A statement of the dead process may still wait in the server and apply later. */
async function endLeftovers({ pool, clock }: Bench, { connection, dialect }: NodeConnection): Promise<void> {
  const sessions = await dialect.sessions(connection, STATEMENT_MS);
  const leftovers = sessions.filter(({ user, mark }) => user === pool.control.user && mark.startsWith(MARK));
  await endSessions(
    { connection, dialect },
    leftovers.map(({ id }) => id).filter((id) => id !== connection.id),
    clock,
    new Deadline(clock, STATEMENT_MS),
  );
}

async function undo(bench: Bench, operation: Operation, from: Side, to: Side, activate: Activate): Promise<Recovered> {
  const messages: CodedMessage[] = [];
  if (to.node !== null) {
    const { connection, dialect } = to.node;
    await dialect.unfence(connection, operation.found.to, STATEMENT_MS);
    if (operation.semiSync.from.source || operation.semiSync.to.source) {
      await dialect.setSemiSync(connection, 'source', operation.semiSync.to.source, STATEMENT_MS);
    }
  }
  if (from.node === null) {
    return { action: Recovery.WAIT, active: null, messages };
  }
  const { connection, dialect } = from.node;
  await dialect.unfence(connection, operation.found.from, STATEMENT_MS);
  await activate(from.name);
  if (operation.found.from.eventScheduler && operation.events.length > 0) {
    await dialect.setEventScheduler(connection, true, STATEMENT_MS);
  }
  const source = bench.pool.nodes.find(({ name }) => name === from.name)?.replication;
  for (const { node: name, channel } of operation.movedReplicas) {
    try {
      const replica = await connect(bench.links.get(name), name);
      if (source !== undefined) {
        await replica.dialect.repoint(replica.connection, channel, source, STATEMENT_MS);
      }
      replica.connection.destroy();
    } catch (error) {
      messages.push({
        code: 'REPLICAS',
        message: `${name} was not moved back under ${from.name}: ${messageOf(error)}`,
      });
    }
  }
  await bench.journal.write({ operation: null });
  messages.push({ code: 'RECOVERED', message: `cut short at ${operation.phase}: undone, ${from.name} writes` });
  return { action: Recovery.UNDO, active: from.name, messages };
}

/** The candidate follows as before; whether the old primary is still dead the ladder finds out anew. */
async function undoFailover(
  bench: Bench,
  operation: Operation,
  from: Side,
  to: Side,
  activate: Activate,
): Promise<Recovered> {
  if (to.node !== null) {
    const { connection, dialect } = to.node;
    await dialect.unfence(connection, operation.found.to, STATEMENT_MS);
    await dialect.setSemiSync(connection, 'source', operation.semiSync.to.source, STATEMENT_MS).catch(() => undefined);
    await dialect.setReceiver(connection, operation.channel.name, true, STATEMENT_MS);
  }
  // one that answered may have been fenced
  if (from.node !== null && operation.phase !== Phase.PREPARING) {
    const { connection, dialect } = from.node;
    await dialect.unfence(connection, operation.found.from, STATEMENT_MS);
    if (operation.semiSync.from.source) await dialect.setSemiSync(connection, 'source', true, STATEMENT_MS);
  }
  await bench.journal.write({ operation: null });
  await activate(operation.from);
  const message = `a failover to ${operation.to} was cut short at ${operation.phase}: undone, ${operation.from} is ACTIVE`;
  return { action: Recovery.UNDO, active: operation.from, messages: [{ code: 'RECOVERED', message }] };
}

async function forward(
  bench: Bench,
  operation: Operation,
  from: Side,
  to: Side,
  activate: Activate,
): Promise<Recovered> {
  if (to.node === null) {
    return { action: Recovery.WAIT, active: null, messages: [] };
  }
  const { connection, dialect } = to.node;
  const isFailover = operation.kind === Kind.FAILOVER;
  if (from.node !== null) {
    // commits that wait for a semi-synchronous replica would hold up read_only: in a failover it may have none
    if (isFailover) await shut(bench, from.node, new Deadline(bench.clock, STATEMENT_MS));
    else await from.node.dialect.close(from.node.connection, STATEMENT_MS);
    const position = await from.node.dialect.position(from.node.connection, STATEMENT_MS);
    // a failover does not wait for what only the old one had
    const complete = isFailover || (await dialect.waitApplied(connection, position, STATEMENT_MS));
    const probeSeen = to.sight.reachable && to.sight.probeSeen;
    // a switch promotes what has everything: this one was opened by something else, such as a restart
    if (!complete && !probeSeen && operation.phase === Phase.SWITCHING) {
      return closeCandidate(bench, operation, { ...from, node: from.node }, { ...to, node: to.node }, activate);
    }
  }
  if (isFailover && operation.semiSync.to.source) {
    await dialect.setSemiSync(connection, 'source', false, STATEMENT_MS);
  }
  await dialect.open(connection, STATEMENT_MS);
  await bench.heartbeat.create(connection, STATEMENT_MS);
  await bench.heartbeat.write(connection, operation.id, operation.epoch, STATEMENT_MS);
  const { journal } = bench;
  await journal.write(promoted(journal.memory, operation, bench.clock.now()));
  await activate(to.name);
  const messages = await settleRecovered(bench, operation, from, to.node);
  await journal.write({ operation: null });
  return {
    action: Recovery.FORWARD,
    active: to.name,
    messages: [
      { code: 'RECOVERED', message: `cut short at ${operation.phase}: finished, ${to.name} writes` },
      ...messages,
    ],
  };
}

/** The candidate lacks what was committed on the old primary. Both are closed before it is decided who writes. */
async function closeCandidate(
  bench: Bench,
  operation: Operation,
  from: Side & { readonly node: NodeConnection },
  to: Side & { readonly node: NodeConnection },
  activate: Activate,
): Promise<Recovered> {
  const { connection, dialect } = to.node;
  await dialect.close(connection, STATEMENT_MS);
  if ((await dialect.errant(connection, from.node.connection, STATEMENT_MS)) === '') {
    return undo(bench, operation, from, to, activate);
  }
  await bench.journal.advance(Phase.FAILED);
  const messages = [{ code: Recovery.STUCK, message: explain(Recovery.STUCK, operation) }];
  return { action: Recovery.STUCK, active: null, messages };
}

async function settleRecovered(
  bench: Bench,
  operation: Operation,
  from: Side,
  to: NodeConnection,
): Promise<readonly CodedMessage[]> {
  const others = new Map<string, NodeConnection>();
  const optionsOf = (name: string) => {
    const options = bench.pool.nodes.find((node) => node.name === name);
    if (options === undefined) {
      throw new Error(`${name} is no longer in the configuration`);
    }
    return options;
  };
  try {
    for (const { name } of bench.pool.nodes) {
      if (name !== operation.from && name !== operation.to) {
        const node = await connect(bench.links.get(name), name).catch(() => null);
        if (node !== null) {
          others.set(name, node);
        }
      }
    }
    const isFailover = operation.kind === Kind.FAILOVER;
    const messages = await settle({
      bench,
      operation: isFailover ? withoutSemiSync(operation) : operation,
      // what only a dead primary has must not come back unseen: it rejoins when it was asked
      from: { options: optionsOf(operation.from), node: isFailover ? null : from.node },
      to: { options: optionsOf(operation.to), node: to },
      others,
    });
    return isFailover ? [...messages, ...(await restoreSemiSync(bench.clock, to, operation))] : messages;
  } finally {
    for (const { connection } of others.values()) {
      connection.destroy();
    }
  }
}

/** The flight record of what `recover` did: of the switch itself only its beginning is known. */
export const recordOfRecovery = (
  id: string,
  operation: Operation,
  active: string,
  messages: readonly CodedMessage[],
): FlightRecord => ({
  id,
  kind: operation.kind === Kind.FAILOVER ? 'failover' : 'switch',
  pool: operation.pool,
  from: operation.from,
  to: operation.to,
  by: operation.by,
  startedAt: operation.startedAt,
  result: active === operation.to ? 'switched' : 'rolled-back',
  holdMs: null,
  drainMs: null,
  stallMs: { p50: null, p99: null, max: null },
  held: 0,
  moved: 0,
  pinned: 0,
  killed: 0,
  steps: [],
  reasons: messages.filter(({ code }) => code === 'RECOVERED'),
  warnings: messages.filter(({ code }) => code !== 'RECOVERED'),
  gtid: { before: null, after: null },
});
