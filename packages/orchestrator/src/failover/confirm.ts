import { Deadline, sleep } from '../clock';
import { counted } from '../counted';
import { messageOf } from '../errors';
import type { NodeConnection } from '../node-link';
import type { Bench } from '../switch/context';
import { channelFrom, viewOf, type Topology } from '../topology';

/** For a replica whose receiver was started again, to hear the primary or not to. */
const LISTEN_MS = 1000;
const LOOK_AGAIN_MS = 50;

/** What the other nodes say of a primary that does not answer us. */
export interface Testimony {
  readonly node: string;
  /** Null: it could not be asked. */
  readonly hears: boolean | null;
  readonly reason: string;
}

/**
 * A primary whose replicas still hear it is cut off from us, not dead. A receiver that believes to be connected may just not have noticed
 * yet, for up to a minute: it is started again, and has to prove it.
 */
export function testimonies(
  bench: Bench,
  topology: Topology,
  primary: string,
  others: ReadonlyMap<string, NodeConnection>,
): Promise<readonly Testimony[]> {
  const replicas = topology.nodes.filter(({ name }) => name !== primary);
  return Promise.all(
    replicas.map(async ({ name }) => {
      const node = others.get(name);
      if (node === undefined) {
        return { node: name, hears: null, reason: 'does not answer' };
      }
      try {
        return await ask(bench, topology, primary, node);
      } catch (error) {
        return { node: name, hears: null, reason: messageOf(error) };
      }
    }),
  );
}

async function ask(
  { clock }: Bench,
  topology: Topology,
  primary: string,
  { connection, dialect }: NodeConnection,
): Promise<Testimony> {
  const says = (hears: boolean, reason: string): Testimony => ({ node: connection.node, hears, reason });
  const deadline = new Deadline(clock, LISTEN_MS);
  const source = viewOf(topology, primary);
  let restarted = false;
  for (;;) {
    const observation = await dialect.observe(connection, LISTEN_MS);
    const view = viewOf(topology, connection.node);
    const channel = view && source && channelFrom({ ...view, observation }, source);
    if (channel === undefined) {
      return says(false, `does not follow ${primary}`);
    }
    if (!restarted) {
      if (!channel.receiving) {
        return says(false, channel.lastError ?? 'its receiver is not connected');
      }
      await dialect.setReceiver(connection, channel.name, false, LISTEN_MS);
      await dialect.setReceiver(connection, channel.name, true, LISTEN_MS);
      restarted = true;
    } else if (channel.receiving) {
      return says(true, 'its receiver connected anew');
    } else if (deadline.passed) {
      return says(false, 'its receiver was started again and does not connect');
    }
    await sleep(clock, LOOK_AGAIN_MS);
  }
}

/** Null: it is dead for all that could be asked; else why that is not sure. */
export function doubt(primary: string, said: readonly Testimony[]): string | null {
  const hearing = said.filter(({ hears }) => hears === true).map(({ node }) => node);
  if (hearing.length > 0) {
    return `${hearing.join(' and ')} still hear${hearing.length === 1 ? 's' : ''} ${primary}: it is cut off from MySwitch, not dead`;
  }
  const asked = said.filter(({ hears }) => hears === false);
  const silent = said.filter(({ hears }) => hears === null);
  // one that can't be asked may be on the primary's side of a cut
  if (asked.length <= silent.length) {
    return `only ${asked.length} of ${counted(said.length, 'other node')} could be asked whether they hear ${primary}`;
  }
  return null;
}
