import { Deadline } from '../clock';
import { binlogs, readBinlog, type Reading } from '../dialects/binlog';
import { may } from '../dialects/shared';
import type { Stray } from '../dialects/dialect';
import type { ControlConnection } from '../link/control-connection';
import { ServerError } from '../errors';
import { NodeLink, type NodeConnection } from '../link/node-link';
import type { LostTransactions } from '../report';
import type { Bench } from '../switch/context';

const ASK_MS = 5000;
const READ_MS = 10_000;

/** What `old` has and the ACTIVE lacks. `old` must take no writes. */
export const strayOf = (old: NodeConnection, active: NodeConnection): Promise<Stray> =>
  old.dialect.stray(old.connection, active.connection, ASK_MS);

/** The same with the statements, as far as its binary log can be read. */
export async function lostOf(bench: Bench, old: NodeConnection, stray: Stray): Promise<LostTransactions> {
  const { node } = old.connection;
  if (stray.gtid === '') {
    return { node, gtid: '', transactions: [], complete: true };
  }
  const reading = await readByAnyAccount(bench, old, stray);
  return { node, gtid: stray.gtid, ...reading };
}

async function readByAnyAccount(bench: Bench, { connection }: NodeConnection, stray: Stray): Promise<Reading> {
  const logs = (await may(binlogs(connection, ASK_MS))) ?? [];
  const deadline = new Deadline(bench.clock, READ_MS);
  const own = `${bench.pool.monitor.schema}.heartbeat`;
  const read = await byAnyAccount(bench, connection.node, (reader) => readBinlog(reader, logs, stray, own, deadline));
  return read ?? { transactions: [], complete: false };
}

/**
 * Binary logs are read with BINLOG MONITOR of MariaDB, which the control account has, and REPLICATION SLAVE of MySQL, as replicas have: the first
 * account that may. Null: none.
 */
export async function byAnyAccount<T>(
  { pool, clock }: Bench,
  name: string,
  read: (connection: ControlConnection) => Promise<T>,
): Promise<T | null> {
  const options = pool.nodes.find((node) => node.name === name);
  for (const account of [pool.control, pool.replication]) {
    if (account !== null && options !== undefined) {
      const node = await new NodeLink(options, account, clock).connect(ASK_MS).catch(() => null);
      try {
        if (node !== null) return await read(node.connection);
      } catch (error) {
        if (!(error instanceof ServerError)) break;
      } finally {
        node?.connection.destroy();
      }
    }
  }
  return null;
}
