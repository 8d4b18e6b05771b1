import { SwitchError } from '../errors';
import { followersOf, viewOf } from '../watch/topology';
import type { RejoinContext } from './context';
import { lostOf, strayOf } from './lost';
import { both } from './steps';

const ASK_MS = 5000;

/** Whether it is what the operator takes it for: something that nobody needs any more. */
export async function guard(context: RejoinContext): Promise<string> {
  const { desk, name, activeName } = context;
  const { bench } = desk;
  const obstacle = await desk.obstacle();
  if (obstacle !== null) {
    throw new SwitchError(obstacle.code, obstacle.message);
  }
  const topology = desk.topology();
  const view = viewOf(topology, name);
  const followers = view === undefined ? [] : followersOf(topology, view).map((follower) => follower.name);
  if (followers.length > 0) {
    const message = `${followers.join(' and ')} replicates from ${name}: it would follow a copy that lacks what it has`;
    throw new SwitchError('HAS_REPLICAS', message);
  }
  if (context.node === null) {
    return `${name} does not answer: it can't be asked what it has`;
  }
  const { node, active } = both(context);
  const ours = await node.dialect.observe(node.connection, ASK_MS);
  const theirs = await active.dialect.observe(active.connection, ASK_MS);
  if (ours.identity === theirs.identity) {
    throw new SwitchError('SAME_SERVER', `${name} and the ACTIVE ${activeName} are one server, or have one identity`);
  }
  const epoch = await bench.heartbeat.epoch(node.connection, ASK_MS);
  if (epoch !== null && epoch > bench.journal.memory.epoch) {
    const message = `${name} was promoted in epoch ${epoch}, which is after ours (${bench.journal.memory.epoch})`;
    throw new SwitchError('NEWER_EPOCH', message);
  }
  return 'nobody replicates from it';
}

/** What the copy will destroy. */
export async function list(context: RejoinContext): Promise<string> {
  const { desk, name, activeName } = context;
  if (context.node === null) {
    const message = `${name} does not answer: nobody knows what only it has`;
    context.warnings.push({ code: 'UNKNOWN_LOSS', message });
    return message;
  }
  const { node, active } = both(context);
  context.lost = await lostOf(desk.bench, node, await strayOf(node, active));
  const { gtid } = context.lost;
  return gtid === '' ? `${name} has nothing that ${activeName} lacks` : `only ${name} has ${gtid}`;
}

/** The name of the node, typed by somebody who has seen what is destroyed. */
export function confirm({ name, request, copy }: RejoinContext): Promise<string> {
  const confirmed = request.rebuild?.confirm ?? null;
  if (confirmed === name) return Promise.resolve('confirmed');
  const what = `all data of ${name} would be destroyed by a copy of ${copy?.donor ?? '?'}`;
  const wrong = confirmed === null ? '' : `, not ${JSON.stringify(confirmed)}`;
  return Promise.reject(
    new SwitchError(
      'UNCONFIRMED',
      `${what}: it has to be confirmed by its name${wrong}: REJOIN NODE ${name} REBUILD CONFIRM ${name}`,
    ),
  );
}
