import { Deadline, sleep } from '../clock';
import { messageOf, SwitchError } from '../errors';
import { throwIfAborted } from '../switch/context';
import { channelFrom, viewOf } from '../watch/topology';
import { arrive } from './arrive';
import { confirm, guard, list } from './ask-rebuild';
import { climb } from './catch-up';
import { answers, cameBack, clone, lastCopy } from './clone';
import { copyByCommand } from './command';
import { reportOf, type Outcome, type RejoinContext } from './context';
import { chooseDonor } from './donor';
import { cutShort, mark, markOf, unmark } from './marks';
import { run, type Step } from './run';
import { close, follow, lock, meetActive } from './steps';
import { reasonOf } from '../reasons';

const STATEMENT_MS = 10_000;
/** For a switch or failover that has the pool to itself to end. */
const OTHERS_MS = 120_000;
const AGAIN_MS = 100;

/** Nothing is changed yet, but that a node which is not ACTIVE takes no writes. */
const ASKING: readonly Step[] = [
  { name: 'lock', run: lock },
  { name: 'guard', run: guard },
  { name: 'close', run: (context) => (context.node === null ? Promise.resolve('it does not answer') : close(context)) },
  { name: 'list', run: list },
  { name: 'donor', run: chooseDonor },
  { name: 'confirm', run: confirm },
];

/**
 * Copies a healthy node over one and makes it follow. The copy takes as long as it takes: meanwhile the pool is free for a switch or a failover,
 * and the node is FAILED, fenced and nobody's replica. The journal says that its data may be half of each until the copy is whole; from then
 * on a `rejoin` goes on where this one was cut short.
 */
export async function rebuild(context: RejoinContext): Promise<Outcome> {
  const { desk, name } = context;
  let outcome: Outcome = { result: 'refused', reasons: [] };
  try {
    await alone(context, 0, async () => {
      for (const step of ASKING) await run(step, context);
      desk.copying.add(name);
      outcome = { result: 'failed', reasons: [] };
      await run({ name: 'prepare', run: prepare }, context);
    });
    await run({ name: 'copy', run: copy }, context);
    await run({ name: 'restart', run: restart }, context);
    await alone(context, OTHERS_MS, async () => {
      await meetActive(context);
      await run({ name: 'follow', run: follow }, context);
    });
    await climb(context);
    outcome = { result: 'rejoined', reasons: [] };
  } catch (error) {
    outcome = { ...outcome, reasons: [reasonOf(error)] };
    if (outcome.result === 'failed') await afterFailure(context);
  } finally {
    if (outcome.result !== 'refused') desk.copying.delete(name);
    context.node?.connection.destroy();
    context.active?.connection.destroy();
  }
  return outcome;
}

/** With the pool to itself; waits up to `waitMs` for others to end. */
async function alone({ desk, id, abort }: RejoinContext, waitMs: number, work: () => Promise<void>): Promise<void> {
  const { clock } = desk.bench;
  const deadline = new Deadline(clock, waitMs);
  for (;;) {
    const holder = desk.claim(id);
    if (holder === null) break;
    if (deadline.passed) throw new SwitchError('IN_PROGRESS', `${holder} has the pool to itself`);
    throwIfAborted(abort);
    await sleep(clock, AGAIN_MS);
  }
  try {
    await work();
  } finally {
    desk.letGo(id);
  }
}

/** All that has to be true, and on the disk, before the first byte is destroyed. */
async function prepare(context: RejoinContext): Promise<string> {
  const { desk, id, name, node, request, startedAt } = context;
  const { journal, pool } = desk.bench;
  const { donor } = context.copy!;
  throwIfAborted(context.abort);
  desk.fail(name, `${donor} is being copied over it.`, request.by);
  const former = journal.memory.demoted.find((each) => each.node === name);
  const channel = former?.channel ?? (await ownChannel(context));
  const demotion = { node: name, at: startedAt, ...(channel !== null && { channel }) };
  const copier = pool.rebuild.command === null ? (node?.dialect.copier ?? null) : null;
  const previous = copier === null || node === null ? null : await lastCopy(copier, node);
  await journal.write({ demoted: [...journal.memory.demoted.filter((each) => each.node !== name), demotion] });
  await mark(journal, { node: name, donor, id, by: request.by, at: startedAt, bySql: copier !== null, previous });
  await desk.keepLost(name, context.lost);
  await desk.keep(
    reportOf(context, { result: 'failed', reasons: [{ code: 'CUT_SHORT', message: 'it has not ended' }] }),
  );
  if (node !== null) {
    const { connection, dialect } = node;
    await dialect.persistReadOnly(connection, true, STATEMENT_MS);
    const { channels } = await dialect.observe(connection, STATEMENT_MS);
    // a half copied one that went on replicating would look healthy
    for (const each of channels) await dialect.forget(connection, each.name, STATEMENT_MS);
  }
  return `${name} is FAILED, read-only, and follows nobody`;
}

/** By which it followed the ACTIVE so far: it will again. */
async function ownChannel({
  desk,
  name,
  activeName,
  node,
}: RejoinContext): Promise<{ name: string; options: readonly string[] } | null> {
  const topology = desk.topology();
  const [ours, theirs] = [viewOf(topology, name), viewOf(topology, activeName)];
  const channel = ours && theirs && channelFrom(ours, theirs);
  if (channel === undefined || node === null) return null;
  return {
    name: channel.name,
    options: await node.dialect.channelOptions(node.connection, channel.name, STATEMENT_MS),
  };
}

function copy(context: RejoinContext): Promise<string> {
  const { command } = context.desk.bench.pool.rebuild;
  return command === null
    ? clone(context, context.node!.dialect.copier!, context.node!)
    : copyByCommand(context, command);
}

async function restart(context: RejoinContext): Promise<string> {
  const { bench } = context.desk;
  const copier = bench.pool.rebuild.command === null ? context.node!.dialect.copier! : null;
  const previous = markOf(bench.journal, context.name)?.previous ?? null;
  const node = await (copier === null
    ? answers(context, () => Promise.resolve(true))
    : cameBack(context, copier, previous));
  return arrive(context, node);
}

/** What a person has to know: whether it is half copied, or as it was. */
async function afterFailure({ desk, name, copy: done }: RejoinContext): Promise<void> {
  const { journal, log, pool } = desk.bench;
  const marked = markOf(journal, name);
  if (marked === undefined) return;
  try {
    if (done?.begun === false) await unmark(journal, name);
    else desk.advise(name, cutShort(marked));
  } catch (error) {
    log('error', 'what became of a copy could not be written down', { pool: pool.name, reason: messageOf(error) });
  }
}
