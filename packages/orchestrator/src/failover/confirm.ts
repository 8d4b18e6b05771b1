import { counted } from '../counted';
import { Deadline, sleep } from '../clock';
import { messageOf } from '../errors';
import type { NodeConnection } from '../link/node-link';
import type { Bench } from '../switch/context';
import { channelFrom, viewOf, type Topology } from '../watch/topology';

/** For a replica whose receiver was started again, to hear the primary or not to. */
const LISTEN_MS = 1000;
const LOOK_AGAIN_MS = 50;
/** To stop a receiver whose source is silent takes a server two seconds, or a few: it looks at the order now and then. */
const RESTART_MS = 10_000;

/** Of a primary that does not answer us. */
export const Word = Object.freeze({
  HEARS: 'HEARS',
  /** It tries to, and can't. */
  LOST: 'LOST',
  /** It can't say: it does not follow the primary, or somebody stopped its receiver. */
  KNOWS_NOTHING: 'KNOWS_NOTHING',
  /** It could not be asked: it may be on the primary's side of a cut. */
  UNASKED: 'UNASKED',
} as const);
export type Word = (typeof Word)[keyof typeof Word];

/** What another node says of it. */
export interface Testimony {
  readonly node: string;
  readonly word: Word;
  readonly reason: string;
}

/** Error numbers from here on are a client's own: the source did not answer. Those below are its answers. */
const CLIENT_ERRORS = 2000;

/**
 * A primary whose replicas still hear it is cut off from us, not dead. A receiver that believes to be connected may just not have noticed
 * yet, for up to a minute: it is started again, and has to prove it. So is one that was refused: a primary that has no connection left lives.
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
        return { node: name, word: Word.UNASKED, reason: 'does not answer' };
      }
      try {
        return await ask(bench, topology, primary, node);
      } catch (error) {
        return { node: name, word: Word.UNASKED, reason: messageOf(error) };
      }
    }),
  );
}

async function ask(bench: Bench, topology: Topology, primary: string, node: NodeConnection): Promise<Testimony> {
  const { clock } = bench;
  const { connection, dialect } = node;
  const says = (word: Word, reason: string): Testimony => ({ node: connection.node, word, reason });
  const source = viewOf(topology, primary);
  let deadline: Deadline | null = null;
  for (;;) {
    const observation = await dialect.observe(connection, LISTEN_MS);
    const view = viewOf(topology, connection.node);
    const channel = view && source && channelFrom({ ...view, observation }, source);
    if (channel === undefined) {
      return says(Word.KNOWS_NOTHING, `does not follow ${primary}`);
    }
    const { receiving, receiverErrno: errno, lastError } = channel;
    if (errno >= CLIENT_ERRORS && !receiving && !channel.stopped) {
      return says(Word.LOST, lastError ?? 'its receiver can not connect');
    }
    const answered = errno > 0 && errno < CLIENT_ERRORS;
    // after SOURCE_RETRY_COUNT attempts, ten by default since MySQL 8.4: nobody stopped it
    const gaveUp = channel.stopped && errno >= CLIENT_ERRORS;
    if (deadline === null) {
      if (channel.stopped && !gaveUp) {
        return says(Word.KNOWS_NOTHING, 'its receiver is stopped');
      }
      if (receiving || answered || gaveUp) {
        await restart(bench, node, channel.name);
      }
      deadline = new Deadline(clock, LISTEN_MS);
    } else if (receiving) {
      return says(Word.HEARS, 'its receiver connected anew');
    } else if (answered) {
      return says(Word.HEARS, `its receiver is answered: ${lastError ?? errno}`);
    } else if (deadline.passed) {
      return says(Word.LOST, 'its receiver does not connect');
    }
    await sleep(clock, LOOK_AGAIN_MS);
  }
}

/** Whatever comes of it, it is not left stopped: it would neither replicate nor be a witness. */
async function restart({ links }: Bench, { connection, dialect }: NodeConnection, channel: string): Promise<void> {
  try {
    await dialect.setReceiver(connection, channel, false, RESTART_MS);
    await dialect.setReceiver(connection, channel, true, RESTART_MS);
  } catch (error) {
    const again = await links.get(connection.node)?.connect(LISTEN_MS);
    try {
      if (again !== undefined) await again.dialect.setReceiver(again.connection, channel, true, RESTART_MS);
    } finally {
      again?.connection.destroy();
    }
    throw error;
  }
}

/** Null: it is dead for all that could be asked; else why that is not sure. */
export function doubt(primary: string, said: readonly Testimony[]): string | null {
  const those = (word: Word): readonly string[] => said.filter((each) => each.word === word).map(({ node }) => node);
  const hearing = those(Word.HEARS);
  if (hearing.length > 0) {
    return `${hearing.join(' and ')} still hear${hearing.length === 1 ? 's' : ''} ${primary}: it is cut off from MySwitch, not dead`;
  }
  const lost = those(Word.LOST);
  if (lost.length > those(Word.UNASKED).length) {
    return null;
  }
  const unknowing = said.filter(({ word }) => word === Word.KNOWS_NOTHING);
  const why = unknowing.map(({ node, reason }) => `; ${node} can't: ${reason}`).join('');
  return `only ${lost.length} of ${counted(said.length, 'other node')} could say whether they hear ${primary}${why}`;
}
