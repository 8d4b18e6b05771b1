import { Deadline } from '../clock';
import { SwitchError } from '../errors';
import { throwIfAborted, unlessAborted } from '../switch/context';
import type { RejoinContext } from './context';
import { run } from './run';
import { both } from './steps';

const ASK_MS = 5000;
const ROUND_MS = 1000;
/** A receiver may need some tries; one that does not connect within this time needs a person. */
const CONNECT_MS = 10_000;
const AGAIN_MS = 50;

/** It follows: the rest is its own work. */
export async function climb(context: RejoinContext): Promise<void> {
  await run({ name: 'catch-up', run: awaitCaughtUp }, context);
  await run({ name: 'recover', run: recover }, context);
}

async function recover({ desk, name }: RejoinContext): Promise<string> {
  await desk.recovered(name);
  return 'the ladder takes it from here';
}

/** Until it has all that the ACTIVE had when it began to follow, and both threads run. How long that takes depends on how much it missed. */
async function awaitCaughtUp(context: RejoinContext): Promise<string> {
  const { desk, name, activeName, abort, timeline } = context;
  const { node, active } = both(context);
  const { identity } = await active.dialect.observe(active.connection, ASK_MS);
  const position = await active.dialect.position(active.connection, ASK_MS);
  let connectBy = new Deadline(desk.bench.clock, CONNECT_MS);
  for (;;) {
    throwIfAborted(abort);
    if (desk.active() !== activeName) {
      throw new SwitchError('ACTIVE_CHANGED', `${activeName} is not ACTIVE any more: rejoin ${name} again`);
    }
    const applied = await unlessAborted(abort, node.dialect.waitApplied(node.connection, position, ROUND_MS));
    const { channels, gtid } = await node.dialect.observe(node.connection, ASK_MS);
    const channel = channels.find(({ sourceIdentity }) => sourceIdentity === identity);
    if (applied && channel?.receiving === true && channel.applying) {
      return `${name} has all that ${activeName} had`;
    }
    const why = channel?.lastError ?? 'it does not say why';
    if (channel?.applying === false) {
      throw new SwitchError('REPLICATION_STOPPED', `${name} applies nothing: ${why}`);
    }
    if (channel?.receiving === true) {
      connectBy = new Deadline(desk.bench.clock, CONNECT_MS);
      timeline.info('catch-up', `${name} is at ${gtid}${lagOf(channel.lagSeconds)}`);
    } else if (connectBy.passed) {
      throw new SwitchError('REPLICATION_STOPPED', `${name} receives nothing from ${activeName}: ${why}`);
    }
    await unlessAborted(abort, new Promise<void>((resolve) => void desk.bench.clock.timer(AGAIN_MS, resolve)));
  }
}

const lagOf = (seconds: number | null): string => (seconds === null ? '' : `, ${seconds} s behind`);
