import { BEAT, markOf, type Observation } from './dialect';
import type { NodeConnection } from './node-link';
import { EventKind } from './report';
import { Phase } from './state/journal';
import type { Bench } from './switch/context';
import { viewOf, type Topology } from './topology';

const CLOSE_MS = 3000;

/** What is to be told of a node that writes beside the ACTIVE. */
export type Tell = (node: string, message: string) => void;

/**
 * A second writer, before it counts: one that was demoted and comes back writable (MariaDB keeps no read_only over a restart), or that
 * belongs to an older epoch, is closed and its clients are ended. Any other is a person's doing, and a person is told. Resolves with what is
 * true afterwards.
 */
export async function closeSecondWriter(
  bench: Bench,
  node: NodeConnection,
  observation: Observation,
  topology: Topology,
  tell: Tell,
): Promise<Observation> {
  const { journal, log, pool, events } = bench;
  const name = node.connection.node;
  // by the journal, which knows it from the release on
  const { operation } = journal.memory;
  const active = journal.memory.active === null ? undefined : viewOf(topology, journal.memory.active);
  const second =
    !observation.readOnly &&
    active !== undefined &&
    active.name !== name &&
    active.observation?.readOnly === false &&
    (operation === null || operation.phase === Phase.RELEASED);
  if (!second) {
    return observation;
  }
  if (!(await isOlder(bench, node))) {
    tell(name, `TWO_WRITERS: ${name} is writable, and ${active.name} is ACTIVE: make one of them read-only`);
    return observation;
  }
  const ended = await shut(bench, node);
  const message = `${name} came back writable and was made read-only again`;
  log('warn', message, { pool: pool.name, ended });
  events.add({
    kind: EventKind.SECOND_WRITER,
    node: name,
    by: 'monitor',
    message,
    facts: { active: active.name, ended, epoch: journal.memory.epoch },
  });
  return { ...observation, readOnly: true };
}

async function isOlder({ journal, heartbeat }: Bench, { connection }: NodeConnection): Promise<boolean> {
  const { demoted, epoch } = journal.memory;
  if (demoted.some(({ node }) => node === connection.node)) {
    return true;
  }
  const last = await heartbeat.epoch(connection, CLOSE_MS);
  return last !== null && last < epoch;
}

/**
 * Ends everybody but the control plane, replicas and those who may stay, and makes it read-only. In this order: read_only waits for commits that
 * are under way, and those may wait for a semi-synchronous replica that never comes. Resolves with how many were ended: those whom the control
 * account may not end (SYSTEM_USER) are no reason to leave it open. A heartbeat of our own that hangs there would be a transaction that nobody
 * else has.
 */
export async function shut({ pool }: Bench, { connection, dialect }: NodeConnection): Promise<number> {
  const stay = new Set([pool.control.user, pool.replication?.user, ...pool.switch.allow]);
  const endOthers = async (): Promise<number> => {
    const sessions = await dialect.sessions(connection, CLOSE_MS);
    const others = sessions.filter(
      ({ client, user, mark }) => client && (!stay.has(user) || mark.startsWith(markOf(BEAT))),
    );
    let ended = 0;
    for (const { id } of others) {
      ended += await dialect.kill(connection, id, CLOSE_MS).then(
        () => 1,
        () => 0,
      );
    }
    return ended;
  };
  let ended = await endOthers();
  if ((await dialect.semiSync(connection, CLOSE_MS)).source) {
    await dialect.setSemiSync(connection, 'source', false, CLOSE_MS);
  }
  await dialect.close(connection, CLOSE_MS);
  ended += await endOthers();
  return ended;
}
