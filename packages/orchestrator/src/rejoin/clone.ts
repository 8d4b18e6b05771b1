import { Deadline, sleep } from '../clock';
import type { Copier, CopyOutcome } from '../dialects/dialect';
import { codeOf, messageOf, SwitchError } from '../errors';
import type { NodeConnection } from '../link/node-link';
import { viewOf } from '../watch/topology';
import type { RejoinContext } from './context';
import { markOf } from './marks';

const CONNECT_MS = 3000;
const ASK_MS = 5000;
const LOOK_MS = 1000;
/** Without a byte from a donor that does not answer either. */
const STALL_MS = 15_000;
/** For a copy that was ended to be over. */
const END_MS = 60_000;

/** The outcome of the copy before, to tell the next one by; null: there was none. */
export const lastCopy = async (copier: Copier, { connection }: NodeConnection): Promise<string | null> =>
  (await copier.outcome(connection, ASK_MS))?.begun ?? null;

/** Resolves when the server has the copy, and starts again or has to be started. */
export async function clone(context: RejoinContext, copier: Copier, node: NodeConnection): Promise<string> {
  const { desk, name, abort } = context;
  const { pool, links, clock } = desk.bench;
  const copy = context.copy!;
  const from = pool.nodes.find((options) => options.name === copy.donor)!.replication;
  const runner = await links.get(name)!.connect(CONNECT_MS);
  const stop = new Stop(abort, () => copier.stop(node.connection, runner.connection.id, ASK_MS));
  const cancelTimer = clock.timer(pool.rebuild.timeoutMs, () => stop.now('it took too long'));
  try {
    await copier.allow(node.connection, from, ASK_MS);
    if (stop.reason !== null) {
      await node.dialect.close(node.connection, ASK_MS);
      throw new SwitchError('COPY_FAILED', stop.reason);
    }
    copy.begun = true;
    const ended = copier.copy(runner.connection, from, pool.control, pool.rebuild.timeoutMs + END_MS).then(
      () => null,
      (error: unknown) => error,
    );
    const error = await watched(context, copier, node, ended, stop);
    // where the server starts itself again the connection is just lost: its own word is read when it is back
    if (error !== null && (codeOf(error) !== 'UNKNOWN_OUTCOME' || stop.reason !== null)) {
      await afterFailure(context, copier, node);
      throw new SwitchError('COPY_FAILED', stop.reason ?? messageOf(error));
    }
    return `${name} has the data of ${copy.donor}`;
  } finally {
    cancelTimer();
    stop.done();
    runner.connection.destroy();
  }
}

const NOT_YET = Symbol('the copy is being made');

/** Tells how it gets on, and ends it when nothing more can come. Resolves with what `ended` does. */
async function watched(
  context: RejoinContext,
  copier: Copier,
  node: NodeConnection,
  ended: Promise<unknown>,
  stop: Stop,
): Promise<unknown> {
  const { clock } = context.desk.bench;
  let patience = new Deadline(clock, STALL_MS);
  let told = '';
  for (;;) {
    const over = await Promise.race([ended, sleep(clock, LOOK_MS).then(() => NOT_YET)]);
    if (over !== NOT_YET) return over;
    const now = await progressOf(copier, node);
    if (now !== '' && now !== told) {
      context.timeline.info('copy', now);
      patience = new Deadline(clock, STALL_MS);
      told = now;
    }
    // left alone, the server would try for minutes
    if (patience.passed && donorIsAway(context)) {
      stop.now(`${context.copy?.donor} does not answer, and nothing more comes`);
    }
    // it may have come before the statement that it was to end
    stop.again();
  }
}

function donorIsAway({ desk, copy }: RejoinContext): boolean {
  const view = viewOf(desk.topology(), copy?.donor ?? '');
  return view !== undefined && !view.reachable && view.standing.errors >= desk.bench.pool.monitor.failures;
}

/** Ends what runs, once, for the first reason. */
class Stop {
  reason: string | null = null;
  readonly #abort: AbortSignal;
  readonly #kill: () => Promise<void>;
  readonly #onAbort = (): void => this.now('stopped by the operator');

  constructor(abort: AbortSignal, kill: () => Promise<void>) {
    this.#abort = abort;
    this.#kill = kill;
    abort.addEventListener('abort', this.#onAbort);
    if (abort.aborted) this.#onAbort();
  }

  now(reason: string): void {
    if (this.reason !== null) return;
    this.reason = reason;
    this.again();
  }

  /** One that can't be ended ends at the statement's own deadline. */
  again(): void {
    if (this.reason !== null) this.#kill().catch(() => undefined);
  }

  done(): void {
    this.#abort.removeEventListener('abort', this.#onAbort);
  }
}

async function progressOf(copier: Copier, { connection }: NodeConnection): Promise<string> {
  try {
    const { stage, estimate, done } = await copier.progress(connection, ASK_MS);
    if (estimate === 0) return stage;
    return `${stage}: ${mib(done)} of ${mib(estimate)} MiB, ${Math.floor((100 * done) / estimate)} %`;
  } catch {
    return '';
  }
}

const mib = (bytes: number): string => (bytes / (1 << 20)).toFixed(1);

/** Fenced again, and it is found out whether the former data are still there. */
async function afterFailure(context: RejoinContext, copier: Copier, node: NodeConnection): Promise<void> {
  try {
    await node.dialect.close(node.connection, ASK_MS);
    const previous = markOf(context.desk.bench.journal, context.name)?.previous ?? null;
    // what is told of the progress may be of the copy before
    const hasBegun = (await lastCopy(copier, node)) !== previous;
    context.copy!.begun = hasBegun && (await copier.progress(node.connection, ASK_MS)).destroyed;
  } catch {
    // then nobody knows: what is destroyed for all that is known stays so
  }
}

/** Until the server answers again and says that the copy is whole. Rejects with NOT_BACK, COPY_FAILED. */
export async function cameBack(
  context: RejoinContext,
  copier: Copier,
  previous: string | null,
): Promise<NodeConnection> {
  return answers(context, async (node) => {
    const outcome = await copier.outcome(node.connection, ASK_MS);
    if (!isNew(outcome, previous) || outcome.state === 'running') return false;
    if (outcome.state === 'failed') throw new SwitchError('COPY_FAILED', outcome.error);
    return true;
  });
}

/** It was this copy, not one before. */
const isNew = (outcome: CopyOutcome | null, previous: string | null): outcome is CopyOutcome =>
  outcome !== null && outcome.begun !== previous;

/** Whether the last copy over it is whole by its own account, and is not the one before. */
export async function isWhole(
  copier: Copier,
  { connection }: NodeConnection,
  previous: string | null,
): Promise<boolean> {
  const outcome = await copier.outcome(connection, ASK_MS);
  return isNew(outcome, previous) && outcome.state === 'completed';
}

const KNOCK_MS = 250;

/** Until it can be connected to and is what is wanted. Rejects with NOT_BACK when `rebuild.restart` is over. */
export async function answers(
  { desk, name, abort, timeline }: RejoinContext,
  isWanted: (node: NodeConnection) => Promise<boolean>,
): Promise<NodeConnection> {
  const { clock, links, pool } = desk.bench;
  const deadline = new Deadline(clock, pool.rebuild.restartMs);
  let told = false;
  for (;;) {
    if (abort.aborted) throw new SwitchError('ABORTED', 'stopped by the operator');
    const node = await links
      .get(name)!
      .connect(CONNECT_MS)
      .catch(() => null);
    if (node !== null) {
      let keep = false;
      try {
        keep = await isWanted(node);
        if (keep) return node;
      } catch (error) {
        if (codeOf(error) === 'COPY_FAILED') throw error;
      } finally {
        if (!keep) node.connection.destroy();
      }
    } else if (!told) {
      told = true;
      timeline.info('restart', `${name} is down: where nothing starts it again by itself, start it now`);
    }
    if (deadline.passed) {
      const message = `${name} did not come back within ${Math.round(pool.rebuild.restartMs / 1000)} s: start it, then npx myswitch rejoin ${name}`;
      throw new SwitchError('NOT_BACK', message);
    }
    await sleep(clock, KNOCK_MS);
  }
}
