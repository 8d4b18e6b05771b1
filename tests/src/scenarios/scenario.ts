import type { ClusterOptions, Kind } from '@myswitch/testkit';
import type { Scene } from './scene';

/** What may become of writes that were acknowledged. */
export const Loss = Object.freeze({
  /** Each is on the new primary. */
  NONE: 'NONE',
  /** What only a dead server had is gone: at most the writes of its last moments. */
  ASYNCHRONOUS: 'ASYNCHRONOUS',
} as const);
export type Loss = (typeof Loss)[keyof typeof Loss];

/** One failure: where the pool stands, what happens to it, and what has to come of it. Each has a folder of its own. */
export interface Scenario {
  readonly title: string;
  /** Both, unless it says so. */
  readonly kinds?: readonly Kind[];
  /** Runs in `npm test` too. */
  readonly quick?: true;
  readonly topology: Omit<ClusterOptions, 'kind'>;
  /** Keys of the pool in myswitch.yaml that differ from the defaults of the tests. */
  readonly pool?: Readonly<Record<string, unknown>>;
  /** What goes wrong; resolves when that is over. Clients work meanwhile. */
  fault(scene: Scene): Promise<void>;
  readonly expect: {
    /** What `status` shows of a node over time, in this order; what stands between is not looked at. `NAME STATE STATUS`. */
    readonly states: readonly string[];
    /** Who is ACTIVE in the end. */
    readonly active: string | RegExp;
    /** Flights on record, the oldest first: `KIND RESULT CODE …`. */
    readonly flights: readonly string[];
    readonly loss: Loss;
    /** Errors that clients may get, by number; a connection that MySwitch ends is never among them. */
    readonly errors: readonly number[];
    /** Roles in the end: who follows the ACTIVE. */
    readonly followers: readonly string[];
  };
}
