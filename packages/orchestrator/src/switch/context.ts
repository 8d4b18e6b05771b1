import type { Log } from '../log';
import { Deadline, type Clock } from '../clock';
import type { DataPlane, ReleaseReport } from '../data-plane';
import type { Found } from '../dialects/dialect';
import { SwitchError } from '../errors';
import type { Heartbeat } from '../watch/heartbeat';
import type { NodeConnection, NodeLink } from '../link/node-link';
import type { NodeOptions, PoolOptions } from '../options';
import type { Plan } from './plan';
import type { Places } from '../watch/places';
import type { PoolLock } from '../pool/pool-lock';
import type { CodedMessage } from '../report';
import type { EventLog } from '../state/event-log';
import type { Journal, Operation } from '../state/journal';
import type { AtStep, Timeline } from './timeline';

/** One of the two nodes of a switch. */
export interface Seat {
  readonly options: NodeOptions;
  readonly link: NodeLink;
  readonly found: Found;
  /** Open and warm before the gate closes. */
  readonly main: NodeConnection;
  /** For what must not wait behind `main`: ending sessions, and ending `main` itself. */
  readonly aux: NodeConnection;
}

/** What the switch of one pool works with. */
export interface Bench {
  readonly pool: PoolOptions;
  readonly plane: DataPlane;
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly events: EventLog;
  readonly heartbeat: Heartbeat;
  readonly lock: PoolLock;
  readonly places: Places;
  readonly links: ReadonlyMap<string, NodeLink>;
  readonly atStep: AtStep;
}

/** A switch under way: what the steps share. Filled in the order of the steps. */
export interface SwitchContext {
  readonly id: string;
  readonly startedAt: string;
  readonly bench: Bench;
  readonly plan: Plan;
  readonly abort: AbortSignal;
  readonly timeline: Timeline;
  readonly from: Seat;
  readonly to: Seat;
  readonly others: ReadonlyMap<string, NodeConnection>;
  readonly warnings: CodedMessage[];
  /** The operation as the preflight found it, before it is in the journal. */
  readonly operation: Operation;
  readonly progress: Progress;
}

/** What has happened so far; an undo reads it to know what there is to undo. */
export interface Progress {
  /** Monotonic time at which the gate left OPEN. */
  heldAt: number | null;
  drainMs: number | null;
  /** Monotonic time at which the release began. */
  releasedAt: number | null;
  /** Sessions of the data plane; its release report has the same number. */
  killed: number;
  /** Sessions that bypassed it. */
  hunted: number;
  /** For fence and position together. */
  fenceBy: Deadline;
  /** For apply, promote and probe together. */
  applyBy: Deadline;
  position: string | null;
  /** The new primary's position once replication runs the other way round. */
  after: string | null;
  /** The statement that opens the candidate was sent. */
  opening: boolean;
  /** Ends the loop that kills bypassing sessions. */
  stopHunting: () => Promise<void>;
  release: ReleaseReport | null;
}

export const newProgress = (clock: Clock): Progress => ({
  hunted: 0,
  fenceBy: new Deadline(clock, 0),
  applyBy: new Deadline(clock, 0),
  heldAt: null,
  drainMs: null,
  releasedAt: null,
  killed: 0,
  position: null,
  after: null,
  opening: false,
  stopHunting: () => Promise.resolve(),
  release: null,
});

/** Waits for `work`, but not longer than until the operator says stop. */
export function unlessAborted<T>(abort: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(stopped());
    if (abort.aborted) {
      stop();
    }
    abort.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => abort.removeEventListener('abort', stop));
  });
}

const stopped = (): SwitchError => new SwitchError('ABORTED', 'stopped by the operator');

export function throwIfAborted(abort: AbortSignal): void {
  if (abort.aborted) {
    throw stopped();
  }
}
