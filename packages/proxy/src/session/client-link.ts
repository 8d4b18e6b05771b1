import type { Socket } from 'node:net';
import { CompressedStream, PacketFramer, ProtocolError } from '@myswitch/protocol';
import type { Packet } from '@myswitch/protocol';
import type { Backend } from '../backend/backend';
import type { Clock } from '../clock';
import type { ClientError } from './client-error';
import { ClientWatch } from './client-watch';
import { SMALL_MESSAGE } from './message-budget';
import type { Claim, MessageBudget } from './message-budget';
import { READ_TIMEOUT } from './time-limits';

/** A client that sends more than this ahead of its replies is not read any further for now. */
const READ_AHEAD = 1 << 20;
/** For a client to take the last error before its connection is closed. */
const LINGER_MS = 1000;

export interface LinkEvents {
  /** Bytes came: `next` may have a packet. */
  arrived(): void;
  /** The client broke the protocol; the connection can't go on. `sequence`: id of the packet that tells it. */
  broken(error: ClientError, sequence: number): void;
  closed(): void;
}

/** Takes what a client sends in place of commands; returns how many bytes it took: fewer than all end it. */
export type Diversion = (chunk: Buffer) => number;

export interface LinkLimits {
  /** Negotiated with the client. */
  readonly capabilities: number;
  /** Bytes of the longest message that the servers take. */
  readonly maxPayload: number;
  readonly budget: MessageBudget;
}

/** The socket of a client: packets in, bytes out, compression, and backpressure both ways. */
export class ClientLink {
  readonly watch: ClientWatch;
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  readonly #framer: PacketFramer;
  /** null: the client does not compress. */
  readonly #compressed: CompressedStream | null;
  /** The reply to the login is the last one that is not compressed. */
  #isLoginAnswered = false;
  readonly #claim: Claim;
  /** For room for a long message. */
  #waitsForRoom = false;
  /** It is not read while the client does not take what it sent. */
  #pausedBackend: Backend | null = null;
  #diversion: Diversion | null = null;

  constructor(socket: Socket, { capabilities, maxPayload, budget }: LinkLimits, events: LinkEvents) {
    this.watch = new ClientWatch(socket);
    this.#socket = socket;
    this.#events = events;
    this.#framer = new PacketFramer({ maxPayload });
    this.#compressed = CompressedStream.of(capabilities, maxPayload);
    this.#claim = budget.claim({
      granted: () => {
        this.#waitsForRoom = false;
        this.#socket.resume();
        events.arrived();
      },
      expired: () => events.broken(READ_TIMEOUT, this.answerSequence),
    });
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('drain', () => {
      this.letGo();
      events.arrived();
    });
    socket.on('error', () => events.closed());
    socket.on('close', () => events.closed());
  }

  get isCompressed(): boolean {
    return this.#compressed !== null;
  }

  receive(chunk: Buffer): void {
    if (this.#socket.writableEnded) return; // it only has to take our last word
    if (this.#compressed === null) return this.#take(chunk);
    this.#compressed.push(chunk);
    if (this.#diversion === null) this.#events.arrived();
    else this.#divertCompressed(this.#compressed);
  }

  #take(chunk: Buffer): void {
    const { length } = chunk;
    const taken = this.#diversion === null ? 0 : this.#diverted(this.#diversion, chunk);
    if (taken === length && length > 0) return;
    this.#framer.push(taken === 0 ? chunk : chunk.subarray(taken));
    this.#events.arrived();
  }

  /** As long as there is room where it goes: little that came may be much. */
  #divertCompressed(compressed: CompressedStream): void {
    try {
      while (this.#diversion !== null && !this.#socket.isPaused()) {
        const bytes = compressed.read();
        if (bytes === null) return;
        compressed.answer();
        if (bytes.length > 0) this.#take(bytes);
      }
    } catch (error) {
      this.#broken(error);
    }
  }

  /** What the client sends from now on goes to `diversion`, as it comes. */
  divert(diversion: Diversion): void {
    this.#diversion = diversion;
    const waiting = this.#framer.reset();
    if (waiting.length > 0) this.#take(waiting);
    this.resume();
  }

  get isDiverted(): boolean {
    return this.#diversion !== null;
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
    if (this.#compressed !== null && this.#diversion !== null) this.#divertCompressed(this.#compressed);
  }

  #diverted(diversion: Diversion, chunk: Buffer): number {
    try {
      return diversion(chunk);
    } catch (error) {
      this.#broken(error);
      return chunk.length;
    }
  }

  /** The next whole packet; null when there is none, the client does not take its replies, or broke the protocol. */
  next(): Packet | null {
    if (this.#socket.writableNeedDrain || this.#waitsForRoom) return null;
    try {
      if (this.#claim.held > 0 && this.#longest() <= SMALL_MESSAGE) this.#claim.release();
      for (;;) {
        const packet = this.#framer.next();
        if (packet !== null) {
          this.#compressed?.answer();
          if (packet.length > SMALL_MESSAGE) this.#claim.completed(packet.length);
          return packet;
        }
        if (!this.#hasRoom(this.#framer.promised) || this.#compressed === null) return null;
        if (!this.#hasRoom(this.#compressed.promised)) return null;
        const bytes = this.#compressed.read();
        if (bytes === null) return null;
        this.#framer.push(bytes);
      }
    } catch (error) {
      this.#broken(error);
      return null;
    }
  }

  /** Of all that is there in part. */
  #longest(): number {
    return Math.max(this.#framer.buffered, this.#framer.promised, this.#compressed?.promised ?? 0);
  }

  /** Whether a message of so many bytes may be read to its end; if not, nothing is read until it may. */
  #hasRoom(bytes: number): boolean {
    if (bytes <= SMALL_MESSAGE || this.#claim.want(bytes)) return true;
    this.#waitsForRoom = true;
    this.#socket.pause();
    return false;
  }

  #broken(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error;
    this.#events.broken(error.code === 'TOO_LARGE' ? TOO_LARGE : OUT_OF_ORDER, this.answerSequence);
  }

  /** Sequence id of an answer to the message that has begun. */
  get answerSequence(): number {
    return (this.#framer.expected + 1) & 0xff;
  }

  /** It is the client's turn: nothing is left for it to take, and none of what it sends waits for room. */
  get isAwaited(): boolean {
    return this.#socket.writableLength === 0 && !this.#waitsForRoom;
  }

  /** The header of its next message is there. */
  get hasBegun(): boolean {
    return this.#framer.promised > 0;
  }

  /** Sequence id that the next packet has to have. */
  expect(sequence: number): void {
    this.#framer.expect(sequence);
  }

  /** Reads on, or, with too much read ahead while a command is under way, not for now. */
  flow(idle: boolean): void {
    if (idle && !this.#socket.writableNeedDrain) {
      if (this.#socket.isPaused() && !this.#waitsForRoom) this.#socket.resume();
    } else if (this.#framer.buffered + (this.#compressed?.buffered ?? 0) > READ_AHEAD) {
      this.#socket.pause();
    }
  }

  /** `source`: the backend that the bytes came from. */
  write(bytes: Buffer, source: Backend | null): void {
    const room = this.#socket.write(this.#compressed === null ? bytes : this.#compress(this.#compressed, bytes));
    this.#written(room, source);
  }

  #compress(compressed: CompressedStream, bytes: Buffer): Buffer {
    if (this.#isLoginAnswered) return compressed.write(bytes);
    this.#isLoginAnswered = true;
    return bytes;
  }

  writeAll(parts: readonly Buffer[], source: Backend | null): void {
    if (this.#compressed !== null) return this.write(Buffer.concat(parts), source);
    let room = true;
    this.#socket.cork();
    for (const part of parts) room = this.#socket.write(part);
    this.#socket.uncork();
    this.#written(room, source);
  }

  /** Sends what is written, then closes. */
  end(clock: Clock): void {
    this.letGo();
    this.#socket.resume(); // what is not read would take our last word with it
    this.#socket.end();
    clock.timer(() => this.#socket.destroy(), LINGER_MS);
  }

  destroy(): void {
    this.letGo();
    this.#claim.release();
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
