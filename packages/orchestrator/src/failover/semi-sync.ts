import { Deadline, sleep, type Clock } from '../clock';
import type { NodeConnection } from '../link/node-link';
import type { CodedMessage } from '../report';
import type { Operation } from '../state/journal';

const STATEMENT_MS = 5000;

const NONE = { source: false, replica: false } as const;

/** The parts are not swapped as in a switch: it was put aside on the new primary, and is put back there once replicas follow. */
export const withoutSemiSync = (operation: Operation): Operation => ({
  ...operation,
  semiSync: { from: NONE, to: NONE },
});

/** Semi-sync as the new primary had it, if it has its ackers again within 5 s. */
export async function restoreSemiSync(
  clock: Clock,
  { connection, dialect }: NodeConnection,
  { semiSync }: Operation,
): Promise<readonly CodedMessage[]> {
  if (!semiSync.to.source) {
    return [];
  }
  const deadline = new Deadline(clock, STATEMENT_MS);
  for (;;) {
    await dialect.setSemiSync(connection, 'source', true, STATEMENT_MS);
    const { ackers, waitFor } = await dialect.semiSync(connection, STATEMENT_MS);
    if (ackers >= waitFor) {
      return [];
    }
    await dialect.setSemiSync(connection, 'source', false, STATEMENT_MS);
    if (deadline.passed) {
      const message = `${ackers} of ${waitFor} ackers follow ${connection.node}: semi-sync stays off there until you turn it on`;
      return [{ code: 'SEMI_SYNC', message }];
    }
    await sleep(clock, 50);
  }
}
