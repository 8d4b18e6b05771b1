import type { Clock } from '../clock';
import type { NotifyKind, NotifyOptions } from '../options';
import { EventKind, type PoolEvent } from '../report';
import type { Log } from '../log';
import { runCommand } from './run';

/** Events that wait for a command which takes its time; more are dropped, and the log says so. */
const WAITING = 100;

/** Tells people what happens, one event after the other, and lets nobody wait for it. */
export class Notifier {
  readonly #options: NotifyOptions | null;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting: PoolEvent[] = [];
  #running = false;

  constructor(options: NotifyOptions | null, clock: Clock, log: Log) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  tell(event: PoolEvent): void {
    const kind = kindOf(event);
    if (kind === null || this.#options?.on.includes(kind) !== true) {
      return;
    }
    if (this.#waiting.length >= WAITING) {
      this.#log('error', 'nobody is told: the command of notify is too slow', {
        pool: event.pool,
        message: event.message,
      });
      return;
    }
    this.#waiting.push(event);
    if (!this.#running) {
      this.#running = true;
      void this.#run(this.#options).finally(() => {
        this.#running = false;
      });
    }
  }

  async #run(options: NotifyOptions): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const { ok, told, output } = await runCommand(
        options,
        { ...event, event: kindOf(event) ?? event.kind },
        this.#clock,
      );
      if (!ok) this.#log('warn', `notify: ${told}`, { pool: event.pool, output });
    }
  }
}

/** What people call it; null: it is not for people who are not looking. */
function kindOf({ kind, message, facts }: PoolEvent): NotifyKind | null {
  switch (kind) {
    case EventKind.FAIL:
      return 'FAIL';
    case EventKind.STATE:
      return facts['status'] === 'FAIL' ? 'FAIL' : null;
    case EventKind.RECOVERING:
      return 'RECOVERED';
    case EventKind.SWITCH:
      return 'SWITCH';
    case EventKind.FAILOVER:
      return 'FAILOVER';
    case EventKind.SECOND_WRITER:
      return 'TWO_WRITERS';
    case EventKind.ADVICE:
      return message.startsWith('TWO_WRITERS') ? 'TWO_WRITERS' : 'ADVICE';
    case EventKind.ACTIVE:
    case EventKind.ORDER:
    case EventKind.RESUMED:
    case EventKind.RESTARTED:
      return null;
  }
  return kind satisfies never;
}
