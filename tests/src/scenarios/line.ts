import { createServer, connect, type Server, type Socket } from 'node:net';
import { freePort, type TestServer } from '@myswitch/testkit';

/** A line to a server that can be cut: what is open ends, and nothing new is accepted until it is mended. It may be a long one. */
export class Line {
  readonly port: number;
  readonly #target: TestServer;
  readonly #sockets = new Set<Socket>();
  /** One way. */
  #delayMs = 0;
  #server: Server | null = null;

  private constructor(target: TestServer, port: number) {
    this.#target = target;
    this.port = port;
  }

  static async to(target: TestServer): Promise<Line> {
    const line = new Line(target, await freePort());
    await line.mend();
    return line;
  }

  async mend(): Promise<void> {
    const server = createServer({ noDelay: true }, (near) => this.#join(near));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.#server = server;
  }

  /** What is said from now on arrives so much later, in each direction. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  cut(): void {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket): void {
    const far = connect({ host: this.#target.host, port: this.#target.port, noDelay: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        setTimeout(() => other.destroy(), this.#delayMs);
      });
      one.on('data', (chunk: Buffer) => {
        if (this.#delayMs === 0) other.write(chunk);
        else setTimeout(() => other.write(chunk), this.#delayMs); // in order: timers of one length are
      });
    }
  }
}
