import net from 'node:net';
import { freePort, type TestServer } from '@myswitch/testkit';

/** One connection through a relay. */
export interface RelayedConnection {
  /** Ends it on both sides, without a word. */
  cut(): void;
  /** Keeps what the server says; the returned function lets it through. */
  hold(): () => void;
  /** Changes what the server says, chunk by chunk. */
  rewrite: (chunk: Buffer) => Buffer;
}

/** Stands between the data plane and a server, and lets a test decide what arrives of an answer, and when. */
export class Relay {
  readonly port: number;
  readonly #server: net.Server;
  readonly #open = new Set<RelayedConnection>();
  /** The connection over which the server spoke last. */
  latest: RelayedConnection | null = null;
  /** How connections of the data plane ended that did not just close. */
  readonly errors: (string | undefined)[] = [];
  /** Sees what the data plane sends before the server does. */
  sent: (text: string, connection: RelayedConnection) => void = () => undefined;
  /** That of new connections. */
  rewrite: (chunk: Buffer) => Buffer = (chunk) => chunk;

  private constructor(server: net.Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async to(target: TestServer): Promise<Relay> {
    const port = await freePort();
    const server = net.createServer({ noDelay: true });
    const relay = new Relay(server, port);
    server.on('connection', (near) => relay.#connect(near, target));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return relay;
  }

  cut(): void {
    for (const connection of this.#open) connection.cut();
  }

  /** Keeps what the server says on any connection; the returned function lets it through. */
  hold(): () => void {
    const released = [...this.#open].map((connection) => connection.hold());
    return () => released.forEach((go) => go());
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #connect(near: net.Socket, { host, port }: TestServer): void {
    const far = net.connect({ host, port, noDelay: true });
    let held: Buffer[] | null = null;
    const connection: RelayedConnection = {
      cut: () => [near, far].forEach((socket) => socket.destroy()),
      hold: () => {
        held = [];
        return () => {
          for (const chunk of held ?? []) near.write(chunk);
          held = null;
        };
      },
      rewrite: this.rewrite,
    };
    this.#open.add(connection);
    near.on('data', (chunk: Buffer) => {
      this.sent(chunk.toString('latin1'), connection);
      far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => {
      this.latest = connection;
      const bytes = connection.rewrite(chunk);
      if (held === null) near.write(bytes);
      else held.push(bytes);
    });
    near.on('error', ({ code }: NodeJS.ErrnoException) => this.errors.push(code));
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#open.delete(connection);
        connection.cut();
      });
    }
  }
}
