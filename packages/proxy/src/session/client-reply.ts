import {
  Capability,
  decodeOk,
  decodeTrackers,
  encodeErr,
  encodeOk,
  encodePacket,
  encodeTrackers,
  ProtocolError,
  ServerStatus,
} from '@myswitch/protocol';
import type { ReplyTracker, Tracker } from '@myswitch/protocol';
import type { ReplyReceiver } from '../backend/reply';
import type { ClientError } from './client-error';

/** What backends negotiate (capabilities.ts), as far as the form of an OK packet depends on it. */
const BACKEND_FORM = Capability.SESSION_TRACK | Capability.DEPRECATE_EOF;
const NOTHING = Buffer.alloc(0);
const NOTHING_TOLD: readonly Tracker[] = [];
/** Parts up to this many bytes are copied into one write: cheaper than a gathering write of small pieces. */
const COPY_BELOW = 32 << 10;
/** Far more than a session has of variables, schema and the rest together. */
const MAX_TRACKERS = 4096;

/** Whose reply it is: a session, as far as this needs to know it. */
export interface ReplyTarget {
  readonly capabilities: number;
  readonly deprecateEof: boolean;
  /** The command asked for a cursor: then definitions may be all that comes. */
  readonly opensCursor: boolean;
  /** Status for packets of our own. */
  readonly plainStatus: number;
  /** Those that the client asked for. */
  shownTrackers(told: readonly Tracker[]): readonly Tracker[];
  /** What the client is told in place of an ERR of the server's; null: that. */
  errorInstead(errorCode: number): ClientError | null;
  /** Whether that ERR, as the whole reply, is to count as no reply at all. */
  isNoReply(errorCode: number): boolean;
  /** The server asks for a file; the client's next packets are the file. Throws when the client offered none. */
  fileRequested(sequence: number, shift: number): void;
  /** A PREPARE_OK, whose statement id it changes in place. */
  statementPrepared(payload: Buffer): void;
  write(bytes: Buffer): void;
  writeAll(parts: readonly Buffer[]): void;
  replyComplete(tracker: ReplyTracker): void;
  replyLost(reason: string): void;
}

/**
 * Passes a backend's reply on to the client, in the framing that the client negotiated: rows as they are; EOF packets put
 * in for clients without CLIENT_DEPRECATE_EOF; trackers taken out that the client did not ask for.
 */
export class ClientReply implements ReplyReceiver {
  readonly #session: ReplyTarget;
  readonly #trackers: Tracker[] = [];
  readonly #parts: Buffer[] = [];
  #bytes = 0;
  /** Sequence id of an EOF after column definitions that has not been written: an open cursor has just one. */
  #eofDue = -1;
  #started = false;
  #replaced = false;
  #refused = false;

  constructor(session: ReplyTarget) {
    this.#session = session;
  }

  /** A new reply begins. */
  start(): void {
    this.#started = false;
    this.#replaced = false;
    this.#refused = false;
    this.#eofDue = -1;
    this.#trackers.length = 0;
    // of a reply that broke off between two of its packets
    this.#parts.length = 0;
    this.#bytes = 0;
  }

  /** Whether the client has got bytes of this reply. */
  get started(): boolean {
    return this.#started;
  }

  /** Whether its ERR was another one than the server's. */
  get replaced(): boolean {
    return this.#replaced;
  }

  /** Whether all that the server said is that it will not answer. */
  get refused(): boolean {
    return this.#refused;
  }

  /** What the server told about the session with this reply. */
  get trackers(): readonly Tracker[] {
    return this.#trackers;
  }

  pass(bytes: Buffer): void {
    if (bytes.length === 0) return; // in place of an ERR
    if (this.#eofDue >= 0) this.#writeDueEof(this.#session.plainStatus);
    this.#add(bytes);
  }

  get eofs(): boolean {
    return !this.#session.deprecateEof;
  }

  definitionsEnd(sequence: number): void {
    if (this.#eofDue >= 0) this.#writeDueEof(this.#session.plainStatus); // of a block without definitions
    this.#eofDue = (sequence + 1) & 0xff;
  }

  ok(tracker: ReplyTracker, sequence: number, afterRows: boolean): Buffer | null {
    const { capabilities, deprecateEof } = this.#session;
    const tracks = (capabilities & Capability.SESSION_TRACK) !== 0;
    const changed = (tracker.status & ServerStatus.SESSION_STATE_CHANGED) !== 0;
    const asEof = afterRows && !deprecateEof;
    // nearly always: nothing is told of the session, and the client reads an OK as the server writes it
    if (!changed && !asEof && (tracks || tracker.payloadLength === tracker.okTail)) return null;
    const ok = changed || !asEof ? decodeOk(tracker.payload, BACKEND_FORM) : null;
    const told = ok?.trackers ? decodeTrackers(ok.trackers) : NOTHING_TOLD;
    if (told.length === 0 && tracks && !asEof) return null; // of a change that it tells nobody about
    for (const one of told) this.#trackers.push(one);
    if (this.#trackers.length > MAX_TRACKERS) this.#forgetEarlier();
    if (asEof || ok === null) return this.#okAsEof(tracker, sequence);
    const shown = tracks ? this.#session.shownTrackers(told) : NOTHING_TOLD;
    const trackers = shown.length === 0 ? null : encodeTrackers(shown);
    return encodePacket(encodeOk({ ...ok, trackers }, capabilities), sequence);
  }

  err(tracker: ReplyTracker, sequence: number): Buffer | null {
    if (!this.#started && this.#parts.length === 0 && this.#session.isNoReply(tracker.errorCode)) {
      this.#refused = true;
      return NOTHING;
    }
    const instead = this.#session.errorInstead(tracker.errorCode);
    if (instead === null) return null;
    this.#replaced = true;
    return encodePacket(encodeErr(instead), sequence);
  }

  localFile(sequence: number, shift: number): void {
    this.#session.fileRequested(sequence, shift);
  }

  prepared(payload: Buffer): void {
    this.#session.statementPrepared(payload);
  }

  flush(): void {
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#started = true;
    const session = this.#session;
    if (parts.length === 1) session.write(parts[0]!);
    else if (this.#bytes <= COPY_BELOW) session.write(Buffer.concat(parts, this.#bytes));
    else session.writeAll(parts);
    parts.length = 0;
    this.#bytes = 0;
  }

  complete(tracker: ReplyTracker): void {
    this.finishDefinitions(); // a PREPARE's last block has nothing after it
    this.#session.replyComplete(tracker);
  }

  /** Writes the EOF that is due. */
  finishDefinitions(): void {
    if (this.#eofDue < 0) return;
    this.#writeDueEof(this.#session.plainStatus);
    this.flush();
  }

  lost(reason: string): void {
    this.#session.replyLost(reason);
  }

  /** A procedure has any number of results: of each thing it is kept what was told last. */
  #forgetEarlier(): void {
    const last = new Map(
      this.#trackers.map((one) => [one.kind === 'systemVariable' ? `@@${one.name}` : one.kind, one]),
    );
    if (last.size > MAX_TRACKERS / 2)
      throw new ProtocolError('TOO_LARGE', 'more about a session than there is to tell');
    this.#trackers.splice(0, this.#trackers.length, ...last.values());
  }

  #okAsEof(tracker: ReplyTracker, sequence: number): Buffer {
    const status = tracker.status & ~ServerStatus.SESSION_STATE_CHANGED;
    const opened = this.#session.opensCursor && (status & ServerStatus.CURSOR_EXISTS) !== 0;
    const cursor = opened && tracker.rows === 0;
    if (!cursor || this.#eofDue < 0) return eofPacket(tracker.warnings, status, sequence);
    const due = this.#eofDue;
    this.#eofDue = -1;
    return eofPacket(tracker.warnings, status, due);
  }

  #writeDueEof(status: number): void {
    const sequence = this.#eofDue;
    this.#eofDue = -1;
    this.#add(eofPacket(0, status, sequence));
  }

  #add(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }
}

/** An EOF_Packet with its header: twice in each result set of a client without CLIENT_DEPRECATE_EOF, so made in one go. */
function eofPacket(warnings: number, status: number, sequence: number): Buffer {
  const packet = Buffer.allocUnsafe(9);
  packet[0] = 5;
  packet[1] = 0;
  packet[2] = 0;
  packet[3] = sequence;
  packet[4] = 0xfe;
  packet[5] = warnings & 0xff;
  packet[6] = warnings >> 8;
  packet[7] = status & 0xff;
  packet[8] = status >> 8;
  return packet;
}
