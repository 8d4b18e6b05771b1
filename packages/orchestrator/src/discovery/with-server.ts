import { formatAddress, type Address } from '../address';
import type { Clock } from '../clock';
import { ControlConnection } from '../control-connection';
import type { Dialect } from '../dialect';
import { dialectOf } from '../dialects';
import type { Credentials } from '../options';

/** Over one connection of the account, which ends with the question. */
export async function withServer<T>(
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
