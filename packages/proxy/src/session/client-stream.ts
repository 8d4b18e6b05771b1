import { Capability, FileUpload, ProtocolError } from '@myswitch/protocol';
import type { Timer } from '../clock';
import type { ClientLink } from './client-link';
import type { Session } from './session';
import { networkMs } from './time-limits';

/**
 * What a client sends that is no command: a file that the server asked for (LOAD DATA LOCAL), or what a replica says to its source. It goes
 * straight to the session's backend, as it comes.
 */
export class ClientStream {
  readonly #session: Session;
  readonly #link: ClientLink;
  #upload: FileUpload | null = null;
  /** The backend was sent bytes of the client's that nobody here has read. */
  #relayed = false;

  constructor(session: Session, link: ClientLink) {
    this.#session = session;
    this.#link = link;
  }

  /** What follows from the client is the file. Throws when the client offered none. */
  fileRequested(request: number, shift: number): void {
    const session = this.#session;
    if ((session.capabilities & Capability.LOCAL_FILES) === 0 || session.work?.mayLoadFile?.(session) !== true) {
      throw new ProtocolError('UNSUPPORTED', 'the server asks for a file that the client did not offer');
    }
    const upload = new FileUpload(request, shift, !this.#link.isCompressed);
    this.#upload = upload;
    this.#link.divert((chunk) => {
      const taken = upload.push(chunk);
      this.#relay(taken === chunk.length ? chunk : chunk.subarray(0, taken));
      if (upload.done) this.#link.endDiversion();
      return taken;
    });
  }

  /**
   * The backend that a file goes to is gone: what is left of the file goes nowhere, and then `answer` gets the sequence id
   * that is due. A client that sends no more of it is ended, as the server would have done. False: no file is under way.
   */
  swallowFile(answer: (sequence: number) => void): boolean {
    const upload = this.#upload;
    if (upload === null) return false;
    this.#upload = null;
    if (upload.done) {
      answer(upload.expected);
      return true;
    }
    const session = this.#session;
    const { clock, baseline } = session.pool;
    const patience = (): Timer =>
      clock.timer(() => session.end(null), networkMs(session.context, baseline!, 'net_read_timeout'));
    let timer = patience();
    this.#link.divert((chunk) => {
      const taken = upload.push(chunk);
      timer.cancel();
      if (upload.done) {
        this.#link.endDiversion();
        answer(upload.expected);
      } else {
        timer = patience();
      }
      return taken;
    });
    return true;
  }

  /** All that the client sends goes to the backend, until `stop`. */
  relay(): void {
    this.#link.divert((chunk) => {
      this.#relayed = true;
      this.#relay(chunk);
      return chunk.length;
    });
  }

  stop(): void {
    this.#link.endDiversion();
  }

  /** The reply is complete. False when what the client has sent, or sends yet, can't be told from commands any more. */
  replied(): boolean {
    const upload = this.#upload;
    this.#upload = null;
    // what is left of a file would be taken for commands; commands among what was relayed are answered next, and half of one
    // swallows the next that is sent there
    return (upload === null || upload.done) && !this.#relayed;
  }

  /** The client is in the middle of what has no place for an error. */
  get isReplication(): boolean {
    return this.#upload === null && this.#link.isDiverted;
  }

  /** Writes to the backend; the client is read on when that has room. */
  #relay(bytes: Buffer): void {
    const { backend } = this.#session;
    if (backend === null || bytes.length === 0 || backend.write(bytes)) return;
    this.#link.pause();
    backend.onceDrained(() => this.#link.resume());
  }
}
