import { EventKind } from '../report';
import type { Bench } from '../switch/context';
import type { Watch } from '../watch/watch';

/** What a person is told of a node: once for each thing to say. */
export class Advice {
  readonly #bench: Bench;
  readonly #watch: Watch;
  readonly #last = new Map<string, string>();

  constructor(bench: Bench, watch: Watch) {
    this.#bench = bench;
    this.#watch = watch;
  }

  give(node: string, message: string): void {
    const { events, log, pool } = this.#bench;
    this.#watch.note(node, message);
    if (message === this.#last.get(node)) return;
    this.#last.set(node, message);
    events.add({ kind: EventKind.ADVICE, node, by: 'monitor', message, facts: {} });
    log('error', message, { pool: pool.name });
  }

  /** All is different now: what was said before would be news again. */
  forget(): void {
    this.#last.clear();
  }
}
