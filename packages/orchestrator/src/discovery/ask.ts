import { formatAddress, type Address } from '../address';
import type { Clock } from '../clock';
import { ControlConnection } from '../control-connection';
import type { Dialect, RegisteredReplica } from '../dialect';
import { dialectOf } from '../dialects';
import type { Credentials } from '../options';
import type { Server } from './answer';
import type { Lacking } from './errant';
import type { Ask } from './walk';

/** Over one connection of the account, which ends with the question. */
async function withServer<T>(
  address: Address,
  account: Credentials,
  timeoutMs: number,
  clock: Clock,
  work: (c: ControlConnection, dialect: Dialect) => Promise<T>,
): Promise<T> {
  const options = {
    name: formatAddress(address),
    ...address,
    type: 'SECONDARY',
    replication: address,
    tls: null,
  } as const;
  const connection = await ControlConnection.connect(options, account, timeoutMs, clock);
  try {
    return await work(connection, await dialectOf(connection, timeoutMs));
  } finally {
    connection.destroy();
  }
}

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
