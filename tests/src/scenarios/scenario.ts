import type { Cluster, ClusterOptions, Kind } from '@myswitch/testkit';
import type { Scene } from './scene';

/** What may become of writes that were acknowledged. */
export const Loss = Object.freeze({
  /** Each is on the new primary. */
  NONE: 'NONE',
  /** What only a dead server had is gone: at most the writes of its last moments. */
  ASYNCHRONOUS: 'ASYNCHRONOUS',
} as const);
export type Loss = (typeof Loss)[keyof typeof Loss];

type Keys = Readonly<Record<string, unknown>>;

/** One failure: where the pool stands, what happens to it, and what has to come of it. Each has a folder of its own. */
export interface Scenario {
  readonly title: string;
  /** Both, unless it says so. */
  readonly kinds?: readonly Kind[];
  /** Runs in `npm test` too. */
  readonly quick?: true;
  readonly topology: Omit<ClusterOptions, 'kind'>;
  /** Why it can't be played on this machine; null: it can. */
  whyNot?(kind: Kind): string | null;
  /** Before MySwitch starts: what replicates otherwise than `topology` says. */
  setUp?(cluster: Cluster): Promise<void>;
  /** When the servers are gone. */
  tearDown?(): Promise<void>;
  /** Keys of the pool in myswitch.yaml that differ from the defaults of the tests, or what makes the servers ready for them and tells them. */
  readonly pool?: Keys | ((cluster: Cluster) => Promise<Keys>);
  /** Keys of nodes, by their names. */
  readonly nodes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** MySwitch reaches the servers over lines that can be cut; the servers reach each other without them. */
  readonly overLines?: true;
  /** Each server is in a network namespace of its own, where cables can be pulled: see support/namespaces.ts. */
  readonly networked?: true;
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
    /** Who has all that the ACTIVE has, in the end. */
    readonly followers: readonly string[];
    /**
     * How often at most, asked every 10 ms, two servers take writes; default never. For what nothing can prevent: a person opens a second
     * one, or one that hung goes on before anybody can close it.
     */
    readonly twoWriters?: number;
    /** MySwitch itself is ended, and so are its clients' connections. */
    readonly drops?: true;
    /** So many ms at most until a client has a reply, or an error, to one of its forms (a transaction is one). */
    readonly within?: number;
    /** What the log has to say. */
    readonly log?: readonly string[];
  };
}
