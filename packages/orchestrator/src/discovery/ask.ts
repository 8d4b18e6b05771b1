import type { Address } from '../link/address';
import type { Clock } from '../clock';
import type { RegisteredReplica } from '../dialects/dialect';
import type { Credentials } from '../options';
import type { Server } from './answer';
import type { Lacking } from './errant';
import type { Ask } from './walk';
import { withServer } from './with-server';

/** Asks real servers. `second` is tried for the list of replicas where the first account may not see it. */
export const askWith =
  (account: Credentials, second: Credentials | null, clock: Clock): Ask =>
  (address, timeoutMs) =>
    withServer(address, account, timeoutMs, clock, async (c, dialect): Promise<Server> => {
      const observation = await dialect.observe(c, timeoutMs);
      const survey = await dialect.survey(c, timeoutMs);
      if (survey.replicas !== null || second === null) {
        return { observation, survey };
      }
      const replicas = await registeredBy(address, second, timeoutMs, clock);
      return { observation, survey: replicas === null ? survey : { ...survey, replicas, missingGrants: [] } };
    });

async function registeredBy(
  address: Address,
  account: Credentials,
  timeoutMs: number,
  clock: Clock,
): Promise<readonly RegisteredReplica[] | null> {
  try {
    return await withServer(address, account, timeoutMs, clock, (c, dialect) => dialect.replicas(c, timeoutMs));
  } catch {
    return null; // the first account's answer stands, and says which GRANT is missing
  }
}

export const lackingWith =
  (account: Credentials, clock: Clock): Lacking =>
  (address, theirs, timeoutMs) =>
    withServer(address, account, timeoutMs, clock, (c, dialect) => dialect.lacking(c, theirs, timeoutMs));
