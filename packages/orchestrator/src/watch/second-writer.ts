import { Deadline } from '../clock';
import type { Observation } from '../dialects/dialect';
import type { NodeConnection } from '../link/node-link';
import { EventKind } from '../report';
import { shut } from '../switch/shut';
import { Phase } from '../state/journal';
import type { Bench } from '../switch/context';
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
  const ended = (await shut(bench, node, new Deadline(bench.clock, CLOSE_MS))).size;
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
