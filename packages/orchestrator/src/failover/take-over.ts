import { Deadline } from '../clock';
import { counted } from '../counted';
import { messageOf, SwitchError } from '../errors';
import type { NodeConnection } from '../link/node-link';
import { outcomesOf } from '../rejoin/fates';
import { lostOf, strayOf } from '../rejoin/lost';
import { shut } from '../switch/shut';
import { Phase } from '../state/journal';
import { endSessions } from '../switch/fence';
import { promoted } from '../switch/release';
import { settle } from '../switch/settle';
import { bypassing } from '../switch/preflight';
import { stonith } from '../hooks/hooks';
import { factsOf, type FailoverContext } from './context';
import { answers } from './prepare';
import { restoreSemiSync, withoutSemiSync } from './semi-sync';

const STATEMENT_MS = 5000;
const SETTLE_MS = 10_000;

const candidate = ({ to, operation }: FailoverContext) => {
  if (to === null || operation === null) {
    throw new SwitchError('INTERNAL', 'a failover without a candidate');
  }
  return { ...to, operation };
};

/**
 * From here on a restart finds what to end. The candidate stops to receive: nothing new comes, also when the old primary returns meanwhile. That may
 * take seconds where the old primary hangs, so it is done before anybody is held. One to which nobody can write is closed first, so that it has its last transactions.
 */
export async function detach(context: FailoverContext): Promise<string> {
  const { bench, crew, from, request, unable } = context;
  const { link, node, operation } = candidate(context);
  await bench.journal.write({ operation });
  warm(context);
  if (unable) {
    return `${link.name} goes on receiving until ${from} is closed`;
  }
  await node.dialect.setReceiver(node.connection, operation.channel.name, false, SETTLE_MS);
  // until here its clients could go on there: what they were told was committed would be lost
  if (crew.old === null && request.force !== true && (await answers(bench, from))) {
    throw new SwitchError('ALIVE', `${from} came back`);
  }
  return `${link.name} receives nothing more`;
}

/** Clients that wait go on sooner where backends are logged in; where that fails the first of them finds out. */
function warm(context: FailoverContext): void {
  const { bench } = context;
  const { link } = candidate(context);
  bench.plane.warm(bench.pool.name, link.name, SETTLE_MS).catch((error: unknown) => {
    bench.log('warn', `no backend to ${link.name} could be logged in`, { reason: messageOf(error) });
  });
}

/** New work waits. What runs on the dead node ends with its connection: each client is told the truth of it. */
export async function hold(context: FailoverContext): Promise<string> {
  const { bench, from } = context;
  const { name } = bench.pool;
  await bench.journal.advance(Phase.SWITCHING);
  context.heldAt = bench.clock.monotonic();
  await bench.plane.hold(name);
  const cut = await bench.plane.cut(name, from);
  const { drained } = await bench.plane.drained(name, bench.pool.switch.drainMs);
  if (!drained) {
    throw new SwitchError('DRAIN_TIMEOUT', `clients still work after ${bench.pool.switch.drainMs} ms`);
  }
  return `${counted(cut, 'connection')} to ${from} cut`;
}

/**
 * As far as it can be asked: read-only, and nobody who came past MySwitch stays. One that can't be asked is switched off where there is a
 * command for it; if that fails it must be taken to be alive, and nobody is promoted unless a person insists. Without such a command a dead
 * one is fenced when it returns.
 */
export async function fence(context: FailoverContext): Promise<string> {
  const { bench, from, crew } = context;
  let why = 'does not answer';
  if (crew.old !== null) {
    context.fencing = true;
    try {
      return await fenceBySql(context, crew.old);
    } catch (error) {
      if (context.unable && !(await answers(bench, from))) {
        return `${from} ended with the sessions that could not commit; it is closed as soon as it answers`;
      }
      why = `answers and could not be fenced: ${messageOf(error)}`;
    }
  }
  if (bench.pool.hooks.stonith !== null) {
    return switchOff(context, why);
  }
  if (crew.old !== null) {
    throw new SwitchError('FENCE_TIMEOUT', `${from} ${why}`);
  }
  return `${from} does not answer; it is closed as soon as it does`;
}

/**
 * In the order that can't wait for a commit which itself waits for a semi-synchronous replica; then nobody who wrote may still be there, but for
 * those who wait for a disk with room: MySQL ends rather than let them go, and then it is closed, too.
 */
async function fenceBySql(context: FailoverContext, old: NodeConnection): Promise<string> {
  const { bench, from, unable } = context;
  const deadline = new Deadline(bench.clock, bench.pool.switch.fenceMs);
  const ended = new Set(await shut(bench, old, deadline));
  const bypass = unable ? [] : await bypassing(bench, old, from);
  const left = bypass.filter(({ allowed }) => !allowed).map(({ id }) => id);
  for (const id of left) ended.add(id);
  await endSessions(old, left, bench.clock, deadline);
  context.ended = ended.size;
  return `${from} is read-only, ${counted(ended.size, 'session')} ended`;
}

async function switchOff(context: FailoverContext, why: string): Promise<string> {
  const { bench, from, request, warnings } = context;
  try {
    return `${from} ${why}; switched off: ${await stonith(bench, factsOf(context))}`;
  } catch (error) {
    const message = `${from} ${why}, and could not be switched off: ${messageOf(error)}`;
    if (request.force !== true) {
      throw new SwitchError('FENCE_FAILED', message);
    }
    warnings.push({ code: 'FENCE_FAILED', message });
    return message;
  }
}

/** What the candidate has received it applies; its answers may be old meanwhile, so that who wants them asks for them. */
export async function apply(context: FailoverContext): Promise<string> {
  const { bench, request } = context;
  const { link, node, operation } = candidate(context);
  const { connection, dialect } = node;
  const { applyMs } = bench.pool.failover;
  await receiveTheLast(context);
  const position = await dialect.received(connection, operation.channel.name, STATEMENT_MS);
  context.position = position;
  if (request.serveReads === true) await bench.plane.serveReads(bench.pool.name, link.name);
  if (!(await dialect.waitApplied(connection, position, applyMs))) {
    throw new SwitchError('APPLY_TIMEOUT', `${link.name} did not apply what it has received within ${applyMs} ms`);
  }
  return `${link.name} has applied ${position === '' ? 'everything' : position}`;
}

/** From an old primary that was able to do no more than that. What it can't send any more is lost, as with one that is dead. */
async function receiveTheLast(context: FailoverContext): Promise<void> {
  const { bench, crew, unable } = context;
  if (!unable || crew.old === null) {
    return;
  }
  const { node, operation } = candidate(context);
  const { connection, dialect } = node;
  const last = await crew.old.dialect.position(crew.old.connection, STATEMENT_MS).catch(() => '');
  await dialect.waitApplied(connection, last, bench.pool.switch.maxLagMs);
  await dialect.setReceiver(connection, operation.channel.name, false, SETTLE_MS);
}

/**
 * An old primary that answers takes writes again. A statement of ours that still waits there would close it later: it is ended first. One that
 * does not answer any more is as it was.
 */
export async function undoFence({ bench, from, crew, operation, fencing }: FailoverContext): Promise<void> {
  if (!fencing || crew.old === null || operation === null) {
    return;
  }
  const node = await bench.links
    .get(from)
    ?.connect(STATEMENT_MS)
    .catch(() => null);
  if (node === null || node === undefined) {
    return;
  }
  try {
    const deadline = new Deadline(bench.clock, STATEMENT_MS);
    if (!crew.old.connection.usable) {
      await endSessions(node, [crew.old.connection.id], bench.clock, deadline);
    }
    await node.dialect.unfence(node.connection, operation.found.from, deadline.left);
    if (operation.semiSync.from.source) {
      await node.dialect.setSemiSync(node.connection, 'source', true, deadline.left);
    }
  } finally {
    node.connection.destroy();
  }
}

/** Why the candidate, which was closed again, may not be taken back although it has no probe; null: it may. */
export async function ownOf(context: FailoverContext, deadlineMs: number): Promise<string | null> {
  const { link, node } = candidate(context);
  const { openedAt } = context;
  if (openedAt === null) {
    return null;
  }
  const now = await node.dialect.position(node.connection, deadlineMs);
  return node.dialect.samePosition(now, openedAt) ? null : `${link.name} has transactions of its own: ${now}`;
}

export async function undoDetach(context: FailoverContext): Promise<void> {
  const { to, operation } = context;
  if (to !== null && operation !== null) {
    await to.node.dialect.setReceiver(to.node.connection, operation.channel.name, true, STATEMENT_MS);
  }
}

/** The probe is the first write of the new epoch: from here on there is no way back. */
export async function promote(context: FailoverContext): Promise<string> {
  const { bench, id } = context;
  const { link, node, operation } = candidate(context);
  const { connection, dialect } = node;
  // without an acker the first write would wait for its time-out; it is put back when replicas follow
  if (operation.semiSync.to.source) {
    await dialect.setSemiSync(connection, 'source', false, STATEMENT_MS);
  }
  context.openedAt = await dialect.position(connection, STATEMENT_MS);
  await dialect.open(connection, STATEMENT_MS);
  await bench.heartbeat.create(connection, STATEMENT_MS);
  await bench.heartbeat.write(connection, id, operation.epoch, STATEMENT_MS);
  return `${link.name} is open, and the probe is committed`;
}

export async function release(context: FailoverContext): Promise<string> {
  const { bench } = context;
  const { link, operation } = candidate(context);
  const { journal } = bench;
  context.releasedAt = bench.clock.monotonic();
  const [report] = await Promise.all([
    bench.plane.release(bench.pool.name, { node: link.name, epoch: operation.epoch }),
    journal.advance(Phase.PROMOTED),
    journal.write(promoted(journal.memory, operation, bench.clock.now())),
    journal.advance(Phase.RELEASED),
  ]);
  context.release = report;
  return `${report.held} held, ${report.moved} moved`;
}

/** Whoever was told that nobody knows what became of a write is told later: what that takes is kept. */
async function rememberUnknown(context: FailoverContext): Promise<void> {
  const { bench, from, known, operation } = context;
  const epoch = (operation?.epoch ?? 1) - 1;
  const { positionBefore } = known;
  context.unknown = outcomesOf(bench.clock, await bench.plane.unknownWrites(bench.pool.name), {
    node: from,
    epoch,
    positionBefore,
  });
}

/** Off the critical path: the others follow, events run, semi-sync has its ackers again. */
export async function repoint(context: FailoverContext): Promise<string> {
  const { bench, from, crew } = context;
  const { link, node, operation } = candidate(context);
  const options = bench.pool.nodes.find(({ name }) => name === from);
  if (options === undefined) {
    throw new SwitchError('NOT_A_NODE', `${from} is not a node of the pool`);
  }
  await rememberUnknown(context).catch((error: unknown) => {
    context.warnings.push({
      code: 'UNKNOWN',
      message: `writes of unknown outcome are not listed: ${messageOf(error)}`,
    });
  });
  const others = new Map([...crew.others].filter(([name]) => name !== link.name));
  const old = await withoutOwn(context);
  const found = await settle({
    bench,
    operation: withoutSemiSync(operation),
    from: { options, node: old },
    to: { options: link.options, node },
    others,
  });
  context.warnings.push(...found, ...(await restoreSemiSync(bench.clock, node, operation)));
  context.after = await node.dialect.position(node.connection, SETTLE_MS);
  await bench.lock.take(link, SETTLE_MS);
  await bench.journal.write({ operation: null });
  return found.length === 0 ? 'the others follow' : counted(found.length, 'warning');
}

/** An old primary that answers may follow, but not with transactions that nobody else has: an operator decides about those. */
async function withoutOwn(context: FailoverContext): Promise<NodeConnection | null> {
  const { bench, from, crew, warnings } = context;
  const { old } = crew;
  if (old === null) {
    return null;
  }
  const { link, node } = candidate(context);
  try {
    context.lost = await lostOf(bench, old, await strayOf(old, node));
    const { gtid } = context.lost;
    if (gtid === '') {
      return old;
    }
    warnings.push({ code: 'LOST', message: `${from} has transactions that ${link.name} lacks: ${gtid}` });
  } catch (error) {
    warnings.push({ code: 'LOST', message: `${from} could not be asked what only it has: ${messageOf(error)}` });
  }
  return null;
}
