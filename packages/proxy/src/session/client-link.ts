import type { Socket } from 'node:net';
import { PacketFramer, ProtocolError } from '@myswitch/protocol';
import type { Packet } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import type { Clock } from '../clock';
import type { ClientError } from './client-error';

/** Same as the largest default of max_allowed_packet, MySQL's. */
const MAX_PAYLOAD = 64 << 20;
/** A client that sends more than this ahead of its replies is not read any further for now. */
const READ_AHEAD = 1 << 20;
/** For a client to take the last error before its connection is closed. */
const LINGER_MS = 1000;

export interface LinkEvents {
  /** Bytes came: `next` may have a packet. */
  arrived(): void;
  /** The client broke the protocol; the connection can't go on. */
  broken(error: ClientError): void;
  closed(): void;
}

/** Takes what a client sends in place of commands; returns how many bytes it took: fewer than all end it. */
export type Diversion = (chunk: Buffer) => number;

/** The socket of a client: packets in, bytes out, and backpressure both ways. */
export class ClientLink {
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  readonly #framer = new PacketFramer({ maxPayload: MAX_PAYLOAD });
  /** It is not read while the client does not take what it sent. */
  #pausedBackend: Backend | null = null;
  #diversion: Diversion | null = null;

  constructor(socket: Socket, events: LinkEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('drain', () => {
      this.letGo();
      events.arrived();
    });
    socket.on('error', () => events.closed());
    socket.on('close', () => events.closed());
  }

  receive(chunk: Buffer): void {
    const { length } = chunk;
    const taken = this.#diversion === null ? 0 : this.#diverted(this.#diversion, chunk);
    if (taken === length && length > 0) return;
    this.#framer.push(taken === 0 ? chunk : chunk.subarray(taken));
    this.#events.arrived();
  }

  /** What the client sends from now on goes to `diversion`, as it comes. */
  divert(diversion: Diversion): void {
    this.#diversion = diversion;
    const waiting = this.#framer.reset();
    if (waiting.length > 0) this.receive(waiting);
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Commands are read again. */
  endDiversion(): void {
    this.#diversion = null;
  }

  /** Reads no more until `resume`: where the bytes go there is no room. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #diverted(diversion: Diversion, chunk: Buffer): number {
    try {
      return diversion(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#events.broken(OUT_OF_ORDER);
      return chunk.length;
    }
  }

  /** The next whole packet; null when there is none, the client does not take its replies, or broke the protocol. */
  next(): Packet | null {
    if (this.#socket.writableNeedDrain) return null;
    try {
      return this.#framer.next();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#events.broken(error.code === 'TOO_LARGE' ? TOO_LARGE : OUT_OF_ORDER);
      return null;
    }
  }

  /** Sequence id that the next packet has to have. */
  expect(sequence: number): void {
    this.#framer.expect(sequence);
  }

  /** Reads on, or, with too much read ahead while a command is under way, not for now. */
  flow(idle: boolean): void {
    if (idle && !this.#socket.writableNeedDrain) {
      if (this.#socket.isPaused()) this.#socket.resume();
    } else if (this.#framer.buffered > READ_AHEAD) {
      this.#socket.pause();
    }
  }

  /** `source`: the backend that the bytes came from. */
  write(bytes: Buffer, source: Backend | null): void {
    const room = this.#socket.write(bytes);
    this.#written(room, source);
  }

  writeAll(parts: readonly Buffer[], source: Backend | null): void {
    let room = true;
    this.#socket.cork();
    for (const part of parts) room = this.#socket.write(part);
    this.#socket.uncork();
    this.#written(room, source);
  }

  /** Sends what is written, then closes. */
  end(clock: Clock): void {
    this.letGo();
    this.#socket.end();
    clock.timer(() => this.#socket.destroy(), LINGER_MS);
  }

  destroy(): void {
    this.letGo();
    if (!this.#socket.writableEnded) this.#socket.destroy();
  }

  #written(room: boolean, source: Backend | null): void {
    if (source === null) return;
    if (this.#socket.writableLength > 0) source.keepChunk(); // what is not sent yet may be a view of it
    if (room || this.#pausedBackend !== null) return;
    this.#pausedBackend = source;
    source.pause();
  }

  /** The backend is needed elsewhere: it has given all that the client has to take. */
  letGo(): void {
    this.#pausedBackend?.resume();
    this.#pausedBackend = null;
  }
}

const TOO_LARGE = { code: 1153, sqlState: '08S01', message: "Got a packet bigger than 'max_allowed_packet' bytes" };
const OUT_OF_ORDER = { code: 1156, sqlState: '08S01', message: 'Got packets out of order' };
