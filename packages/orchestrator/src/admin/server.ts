import { createServer, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net';
import { encodeErr, encodePacket } from '@myswitch/protocol';
import { systemClock, type Clock } from '../clock';
import type { Log } from '../log';
import { AdminConnection } from './connection';
import type { AdminContext } from './context';
import { DEFAULT_LIMITS, type AdminLimits } from './limits';

export interface AdminServerOptions extends Omit<AdminContext, 'kill'> {
  readonly user: string;
  readonly password: string;
  readonly log: Log;
  readonly clock?: Clock;
  readonly limits?: AdminLimits;
}

/** The admin port: MySQL protocol, so that any MySQL client is the console. */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #server: Server;
  readonly #connections = new Map<number, AdminConnection>();
  readonly #context: AdminContext;
  #lastId = 0;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#context = {
      control: options.control,
      plane: options.plane,
      pools: options.pools,
      variables: options.variables,
      kill: (what, id, by) => this.#kill(what, id, by),
    };
    this.#server = createServer((socket) => this.#onSocket(socket));
  }

  /** Resolves with the address once it accepts; rejects with the system's error (EADDRINUSE …). */
  listen(where: ListenOptions): Promise<AddressInfo | string | null> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(where, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (err) => this.#options.log('error', 'the admin port has an error', { err }));
        resolve(this.#server.address());
      });
    });
  }

  /** Accepts nobody any more, aborts what runs (a switch rolls back while it can) and hangs up after its reply. */
  async close(): Promise<void> {
    const closed = this.#server.listening ? new Promise((resolve) => this.#server.close(resolve)) : null;
    await Promise.all(
      [...this.#connections.values()].map((connection) => connection.close('MySwitch is being stopped')),
    );
    await closed;
  }

  #onSocket(socket: Socket): void {
    const { user, password, log, limits = DEFAULT_LIMITS, clock = systemClock } = this.#options;
    if (this.#connections.size >= limits.connections) {
      socket.on('error', () => undefined);
      socket.write(encodePacket(encodeErr({ code: 1040, sqlState: '08004', message: 'Too many connections' }), 0));
      socket.destroySoon();
      return;
    }
    const id = ++this.#lastId;
    const credentials = { user, password };
    const context = this.#context;
    this.#connections.set(id, new AdminConnection({ id, socket, context, credentials, limits, clock, log }));
    socket.on('close', () => this.#connections.delete(id));
  }

  #kill(what: 'query' | 'connection', id: number, by: string): boolean {
    const connection = this.#connections.get(id);
    if (connection === undefined) return false;
    const reason = `killed by ${by}`;
    if (what === 'query') connection.killQuery(reason);
    else void connection.close(reason);
    return true;
  }
}
