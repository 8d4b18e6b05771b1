import { Histogram } from '../histogram';

/** At most this many messages are kept of a kind. */
const MESSAGES = 20;

/** What the clients of a workload have seen so far. */
export class Statistics {
  statements = 0;
  /** Of one form, in ms, whether it came to a reply or to an error. */
  longest = 0;
  /** Statements (or logins) that the server refused, by error number. */
  readonly failed = new Map<number, number>();
  /** Statements whose reply never came. */
  unknown = 0;
  /** Connections that ended without being asked to. */
  dropped = 0;
  readonly sessionErrors: string[] = [];
  readonly messages: string[] = [];
  private readonly all = new Histogram();
  private recent = new Histogram();

  answered(ms: number): void {
    this.statements += 1;
    this.recent.record(ms);
  }

  took(ms: number): void {
    this.longest = Math.max(this.longest, ms);
  }

  refused(errno: number, message: string): void {
    this.failed.set(errno, (this.failed.get(errno) ?? 0) + 1);
    this.note(`${errno} ${message}`);
  }

  note(message: string): void {
    if (this.messages.length < MESSAGES) this.messages.push(message);
  }

  sessionError(message: string): void {
    if (this.sessionErrors.length < MESSAGES) this.sessionErrors.push(message);
  }

  /** Latencies in ms since the last call. */
  takeRecent(): Histogram {
    const { recent } = this;
    this.all.add(recent);
    this.recent = new Histogram();
    return recent;
  }

  /** Latencies in ms from the beginning. */
  latency(): Histogram {
    this.takeRecent();
    return this.all;
  }
}
