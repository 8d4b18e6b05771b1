import type { CodedMessage, FailoverRequest } from '../report';
import { frozen } from '../state/frozen';
import type { Bench } from '../switch/context';

interface Situation {
  /** What has the pool to itself, as a sentence; null: nothing. */
  readonly busy: string | null;
  readonly stateDir: string;
  /** null: there was none. */
  readonly sinceLastMs: number | null;
}

/** Why nobody may move the pool by force now; null: nothing. */
export async function obstacle(
  { pool, journal }: Bench,
  { by, force }: FailoverRequest,
  { busy, stateDir, sinceLastMs }: Situation,
): Promise<CodedMessage | null> {
  if (busy !== null) {
    return { code: 'IN_PROGRESS', message: busy };
  }
  const { operation } = journal.memory;
  if (operation !== null) {
    return { code: 'IN_PROGRESS', message: `what ${operation.id} left could not be ended yet` };
  }
  const why = await frozen(stateDir, pool.name);
  if (why !== null) {
    return { code: 'FROZEN', message: `the pool is frozen: ${why}` };
  }
  if (by === AUTOMATIC && force !== true && sinceLastMs !== null && sinceLastMs < pool.failover.windowMs) {
    const seconds = Math.round(sinceLastMs / 1000);
    return { code: 'RECENT', message: `the last failover was ${seconds} s ago: a pool that flaps needs a person` };
  }
  return null;
}

/** Who asks when it is nobody but the ladder. */
export const AUTOMATIC = 'automatic';
