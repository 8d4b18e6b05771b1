import type { Socket } from 'node:net';
import { BlockList, isIPv6 } from 'node:net';
import { parseProxyHeader, ProtocolError } from '@myswitch/protocol';
import type { ProxyEndpoint } from '@myswitch/protocol';
import type { Clock } from '../clock';
import type { Log } from '../errors';
import { endWithError } from './end-with-error';

/** As long as a client has for its login. */
const DEADLINE_MS = 10_000;

/**
 * Load balancers that tell whose connection they pass on (PROXY protocol). Their connections must begin with a header: one
 * without would get the rights of the balancer's own address. From anybody else a header is a lie, and a protocol error.
 */
export class Balancers {
  readonly #networks = new BlockList();

  /** Addresses and networks such as 10.0.0.0/8. */
  constructor(trust: readonly string[]) {
    for (const network of trust) {
      const [address = '', prefix] = network.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#networks.addAddress(address, family);
      else this.#networks.addSubnet(address, Number(prefix), family);
    }
  }

  /** `address`: of a peer; undefined for a Unix-domain socket, which nobody balances. */
  has(address: string | undefined): boolean {
    return address !== undefined && this.#networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

/**
 * Waits for the header, then calls `told`: with the client that it names, or with null when the connection is the balancer's
 * own, such as a check of its health. What follows the header is left to the next listener. Without a header the connection is
 * ended with 1043; one that is closed without a byte is nothing to tell.
 */
export function readProxyHeader(
  socket: Socket,
  clock: Clock,
  log: Log,
  told: (client: ProxyEndpoint | null) => void,
): void {
  let received: Buffer = Buffer.alloc(0);
  const leave = (): void => {
    deadline.cancel();
    socket.removeListener('data', receive).removeListener('error', lost).removeListener('close', leave);
  };
  const lost = (): void => void socket.destroy();
  const fail = (reason: string): void => {
    leave();
    log('warn', 'a connection of a load balancer does not say whose it is', {
      balancer: socket.remoteAddress,
      reason,
    });
    socket.on('error', lost);
    endWithError(socket, { code: 1043, sqlState: '08S01', message: 'Bad handshake' }, 0, clock);
  };
  const receive = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    try {
      const header = parseProxyHeader(received);
      if (header === null) return;
      leave();
      told(header.source);
      const rest = received.subarray(header.length);
      if (rest.length > 0) socket.emit('data', rest);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      fail(error.message);
    }
  };
  const deadline = clock.timer(() => fail('PROXY protocol: no header in time'), DEADLINE_MS);
  socket.on('data', receive).on('error', lost).once('close', leave);
}
