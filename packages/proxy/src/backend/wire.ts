import net from 'node:net';
import tls from 'node:tls';
import { KEEP_ALIVE } from '../keep-alive';
import type { NodeOptions } from '../options';

const READ_BUFFER = 64 << 10;

/**
 * A socket to a server. Without TLS, bytes are read into one buffer over and over: an allocation for each read is a good
 * part of what a proxied statement costs. So what `receive` gets is valid until it returns, unless `keep` is called.
 */
export class Wire {
  /** Gets the bytes that arrive. */
  receive: (chunk: Buffer) => void = () => undefined;
  #socket: net.Socket;
  readonly #raw: net.Socket;
  /** null: the next read takes a new one. */
  #buffer: Buffer | null = null;

  constructor(node: NodeOptions) {
    const { host, port } = node;
    const where = { host, port, noDelay: true, ...KEEP_ALIVE };
    if (node.tls !== null) {
      this.#raw = this.#socket = net.connect(where);
      this.#socket.on('data', this.#data);
      return;
    }
    this.#raw = this.#socket = net.connect({
      ...where,
      onread: {
        buffer: () => this.#nextBuffer(),
        callback: (length, buffer) => {
          this.receive(Buffer.from(buffer.buffer, buffer.byteOffset, length));
          return true;
        },
      },
    });
  }

  get socket(): net.Socket {
    return this.#socket;
  }

  /** The bytes of the present chunk are still needed after `receive` returned. */
  keep(): void {
    this.#buffer = null;
  }

  /**
   * Ends it at once, and what was written but has not arrived never will: after an ordinary end the system would go on
   * sending that for minutes, and a server that is plugged in again would run it.
   */
  reset(): void {
    if (!this.#raw.destroyed) this.#raw.resetAndDestroy();
    this.#socket.destroy();
  }

  /** Goes on over TLS, as its client. The events of `socket` are those of another object from now on. */
  startTls(node: NodeOptions): tls.TLSSocket {
    const raw = this.#raw.removeAllListeners('data');
    const { ca, cert, key } = node.tls!;
    const secured = tls.connect({
      socket: raw,
      servername: net.isIP(node.host) ? '' : node.host,
      ...(ca === null ? { rejectUnauthorized: false } : { ca }),
      ...(cert === null ? {} : { cert }),
      ...(key === null ? {} : { key }),
    });
    secured.on('data', this.#data);
    this.#socket = secured;
    return secured;
  }

  readonly #data = (chunk: Buffer): void => this.receive(chunk);

  /** Node asks before the first read and after each one; anything but a buffer means: the same again. */
  #nextBuffer(): Buffer {
    if (this.#buffer !== null) return SAME_AGAIN;
    this.#buffer = Buffer.allocUnsafeSlow(READ_BUFFER);
    return this.#buffer;
  }
}

const SAME_AGAIN = undefined as unknown as Buffer;
