import type { WayOut } from '../dialects/dialect';
import type { NodeConnection } from '../link/node-link';
import type { CodedMessage, LostTransactions, RejoinReport, RejoinRequest } from '../report';
import type { Bench } from '../switch/context';
import type { Timeline } from '../switch/timeline';
import type { Topology } from '../watch/topology';

/** What the pool lends to a rejoin. */
export interface Desk {
  readonly bench: Bench;
  readonly topology: () => Topology;
  readonly active: () => string | null;
  /** Has the pool to itself until `letGo`; names who has it already, else null. */
  readonly claim: (id: string) => string | null;
  readonly letGo: (id: string) => void;
  /** Looks at every node. Why nothing may be begun beside an operation; null: it may. */
  readonly obstacle: () => Promise<CodedMessage | null>;
  /** Nodes that are copied over at present. */
  readonly copying: Set<string>;
  /** It counts as failed from now on. */
  readonly fail: (node: string, why: string, by: string) => void;
  /** A person is told. */
  readonly advise: (node: string, message: string) => void;
  /** What only `node` has is about to be destroyed, or could not be asked (null): the record of its failover keeps it. */
  readonly keepLost: (node: string, lost: LostTransactions | null) => Promise<void>;
  /** What is known before something is destroyed; on the disk when it resolves. */
  readonly keep: (report: RejoinReport) => Promise<void>;
  /** It replicates and has caught up: the ladder may take it from here. */
  readonly recovered: (node: string) => Promise<void>;
}

/** A copy over the node. */
interface Copy {
  readonly donor: string;
  /** The former data may be gone. */
  begun: boolean;
  /** What the copy holds, where a command told it. */
  position: string | null;
}

export type Outcome = Pick<RejoinReport, 'result' | 'reasons'>;

/** A rejoin under way. Filled in the order of the steps. */
export interface RejoinContext {
  readonly id: string;
  readonly desk: Desk;
  readonly name: string;
  readonly request: RejoinRequest;
  readonly startedAt: string;
  readonly abort: AbortSignal;
  readonly timeline: Timeline;
  readonly warnings: CodedMessage[];
  activeName: string;
  node: NodeConnection | null;
  active: NodeConnection | null;
  /** Null: nothing is copied over it. */
  copy: Copy | null;
  lost: LostTransactions | null;
  waysOut: readonly WayOut[];
}

/** As far as it has come. */
export const reportOf = (
  { id, desk, request, startedAt, timeline, warnings, copy, lost, waysOut }: RejoinContext,
  outcome: Outcome,
): RejoinReport => ({
  id,
  kind: 'rejoin',
  pool: desk.bench.pool.name,
  node: request.node,
  active: desk.active(),
  donor: copy?.donor ?? null,
  by: request.by,
  startedAt,
  ...outcome,
  steps: timeline.steps,
  warnings,
  lost,
  waysOut,
});
