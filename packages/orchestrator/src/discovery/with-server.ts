import { formatAddress, type Address } from '../link/address';
import type { Clock } from '../clock';
import { ControlConnection } from '../link/control-connection';
import type { Dialect } from '../dialects/dialect';
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
  const server = { name: formatAddress(address), ...address, tls: null };
  const connection = await ControlConnection.connect(server, account, timeoutMs, clock);
  // each statement has a deadline of its own; a server that is slow with every one must not take their sum
  const cancel = clock.timer(timeoutMs, () => connection.destroy());
  try {
    return await work(connection, await dialectOf(connection, timeoutMs));
  } finally {
    cancel();
    connection.destroy();
  }
}
