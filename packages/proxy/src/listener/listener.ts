import { rmSync } from 'node:fs';
import net from 'node:net';
import { KEEP_ALIVE } from '../keep-alive';
import { adopt } from './adopt';
import type { ListenAddress } from '../options';
import type { ProxyEndpoint } from '@myswitch/protocol';
import type { Pool } from '../pool/pool';
import { ClientConnection } from './client-connection';
import { listenerTls } from './client-tls';
import type { ListenerTls } from './client-tls';
import { Balancers, readProxyHeader } from './proxy-header';

/** Accepts the clients of one pool on all its addresses. */
export class Listener {
  readonly #pool: Pool;
  readonly #nextId: () => number;
  readonly #tls: ListenerTls | null;
  readonly #balancers: Balancers;
  readonly #servers: net.Server[] = [];
  readonly #sockets = new Set<net.Socket>();

  constructor(pool: Pool, nextId: () => number) {
    this.#pool = pool;
    this.#nextId = nextId;
    const { tls, proxyProtocol } = pool.options;
    this.#tls = tls === null ? null : listenerTls(tls);
    this.#balancers = new Balancers(proxyProtocol?.trust ?? []);
  }

  /** Rejects with the operating system's error, its address in the message. */
  async listen(): Promise<void> {
    for (const address of this.#pool.options.listen) {
      try {
        await this.#listenOn(address);
      } catch (error) {
        const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (!inUse || !('path' in address) || !(await removeStaleSocket(address.path))) throw error;
        await this.#listenOn(address);
      }
    }
  }

  /** No new clients; those that are there stay. */
  stopAccepting(): void {
    for (const server of this.#servers) server.close();
  }

  closeAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #listenOn(address: ListenAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = { noDelay: true, ...KEEP_ALIVE, pauseOnConnect: true };
      const server = net.createServer(options, (socket) => this.#accept(socket));
      server.once('error', (error) => reject(error));
      server.listen('path' in address ? { path: address.path } : { host: address.host, port: address.port }, () => {
        this.#servers.push(server);
        server.removeAllListeners('error');
        server.on('error', (error) => this.#pool.log('error', 'a listener failed', { error: error.message }));
        resolve();
      });
    });
  }

  #accept(accepted: net.Socket): void {
    // TLS takes the handle of the socket that it is put on
    const socket = this.#tls === null ? adopt(accepted) : accepted;
    socket.resume();
    if (this.#sockets.size >= this.#pool.options.maxClients) return ClientConnection.refuse(socket);
    this.#sockets.add(socket);
    if (!this.#balancers.has(socket.remoteAddress)) return this.#meet(socket, null);
    socket.once('close', () => this.#sockets.delete(socket));
    readProxyHeader(socket, this.#pool.clock, this.#pool.log, (client) => this.#meet(socket, client));
  }

  /** `client`: who a load balancer says that it is. */
  #meet(socket: net.Socket, client: ProxyEndpoint | null): void {
    const connection = new ClientConnection(this.#nextId(), this.#pool, socket, this.#tls, client, () =>
      this.#sockets.delete(socket),
    );
    void connection;
  }
}

/** A socket file that a dead process left behind would keep its successor from listening. True if there was one. */
function removeStaleSocket(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNREFUSED') return resolve(false);
      rmSync(path, { force: true });
      resolve(true);
    });
  });
}
