import { Deadline } from '../clock';
import { SwitchError } from '../errors';
import type { NodeConnection } from '../link/node-link';
import { shut } from '../switch/shut';
import type { RejoinContext } from './context';
import { strayOf } from './lost';
import { isWhole } from './clone';
import { cutShort, markOf, unmark } from './marks';
import { both, meetActive } from './steps';

const STATEMENT_MS = 10_000;

/**
 * A node that has the data of another, and what that one was told about replication: closed, following nobody, at the position of the copy.
 * From here on its data are whole, and `rejoin` alone goes on. Each part bears to be done again.
 */
export async function arrive(context: RejoinContext, node: NodeConnection): Promise<string> {
  const { desk, name, copy } = context;
  const { bench } = desk;
  const { connection, dialect } = node;
  if (context.node !== node) context.node?.connection.destroy();
  context.node = node;
  const seen = await dialect.observe(connection, STATEMENT_MS);
  if (!seen.readOnly) await shut(bench, node, new Deadline(bench.clock, STATEMENT_MS));
  await dialect.close(connection, STATEMENT_MS);
  await dialect.persistReadOnly(connection, true, STATEMENT_MS);
  for (const channel of seen.channels) await dialect.forget(connection, channel.name, STATEMENT_MS);
  await meetActive(context);
  const active = context.active!;
  const others = [active, ...(await donorOf(context))];
  try {
    for (const other of others) {
      const { identity } = await other.dialect.observe(other.connection, STATEMENT_MS);
      if (identity === seen.identity) {
        const message = `${name} has the identity of ${other.connection.node}: auto.cnf, or server_id, was copied with the data`;
        throw new SwitchError('SAME_SERVER', message);
      }
    }
  } finally {
    for (const other of others.slice(1)) other.connection.destroy();
  }
  if (copy !== null && copy.position === null && dialect.copier === null) {
    throw new SwitchError('NO_POSITION', `the program did not tell at which GTID the copy of ${copy.donor} is`);
  }
  if (copy !== null && copy.position !== null) {
    await dialect.setPosition(connection, copy.position, STATEMENT_MS);
  }
  const stray = await strayOf(node, active);
  if (stray.gtid !== '') {
    throw new SwitchError('ERRANT', `the copy has transactions that ${context.activeName} lacks: ${stray.gtid}`);
  }
  const purged = await active.dialect.purged(active.connection, connection, STATEMENT_MS);
  if (purged !== '') {
    throw new SwitchError('PURGED', `${context.activeName} has purged what the copy lacks: ${purged}`);
  }
  await unmark(bench.journal, name);
  return `${name} is read-only, and follows nobody yet`;
}

/** A copy that was cut short for us may have come to its end all the same. Rejects with HALF_COPIED. */
export async function whole(context: RejoinContext): Promise<string> {
  const { desk, name } = context;
  const marked = markOf(desk.bench.journal, name);
  if (marked === undefined) return 'nothing was being copied over it';
  const { node } = both(context);
  const { copier } = node.dialect;
  if (!marked.bySql || copier === null || !(await isWhole(copier, node, marked.previous))) {
    throw new SwitchError('HALF_COPIED', cutShort(marked));
  }
  context.copy = { donor: marked.donor, begun: true, position: null };
  return arrive(context, node);
}

async function donorOf({ desk, copy, activeName }: RejoinContext): Promise<readonly NodeConnection[]> {
  if (copy === null || copy.donor === activeName) return [];
  // one that has died since has done its part
  const node = await desk.bench.links
    .get(copy.donor)
    ?.connect(STATEMENT_MS)
    .catch(() => null);
  return node === null || node === undefined ? [] : [node];
}
