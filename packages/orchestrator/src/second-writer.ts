import { Deadline } from './clock';
import type { Observation } from './dialect';
import type { NodeConnection } from './node-link';
import type { Bench } from './switch/context';
import { endSessions } from './switch/fence';
import type { NodeView } from './topology';

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
  active: NodeView | undefined,
  tell: Tell,
): Promise<Observation> {
  const { journal, log, pool } = bench;
  const name = node.connection.node;
  const { operation } = journal.memory;
  const second =
    !observation.readOnly &&
    active !== undefined &&
    active.name !== name &&
    active.observation?.readOnly === false &&
    operation === null;
  if (!second) {
    return observation;
  }
  if (!(await isOlder(bench, node))) {
    tell(name, `TWO_WRITERS: ${name} is writable, and ${active.name} is ACTIVE: make one of them read-only`);
    return observation;
  }
  // first, since read_only waits for writes that are under way, and with semi-sync those wait for a replica that never comes
  let ended = await endClients(bench, node);
  await node.dialect.close(node.connection, CLOSE_MS);
  ended += await endClients(bench, node);
  log('warn', `${name} came back writable and was made read-only again`, { pool: pool.name, ended });
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

/** Everybody but the control plane, replicas and those who may stay: whoever is there, through MySwitch or past it, has no business there. */
async function endClients({ pool, clock }: Bench, node: NodeConnection): Promise<number> {
  const stay = new Set([pool.control.user, pool.replication?.user, ...pool.switch.allow]);
  const sessions = await node.dialect.sessions(node.connection, CLOSE_MS);
  const ids = sessions.filter(({ client, user }) => client && !stay.has(user)).map(({ id }) => id);
  await endSessions(node, ids, clock, new Deadline(clock, CLOSE_MS));
  return ids.length;
}
