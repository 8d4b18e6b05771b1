import type { ReleaseReport } from '../data-plane';
import type { MoveFacts } from '../hooks/hooks';
import type { NodeConnection, NodeLink } from '../link/node-link';
import type { CodedMessage, FailoverRequest, LostTransactions, UnknownOutcomes } from '../report';
import type { Operation } from '../state/journal';
import type { Bench } from '../switch/context';
import type { Facts, Scouted } from './scout';
import type { Timeline } from '../switch/timeline';
import type { Topology } from '../watch/topology';

/** What the pool knows when it begins. */
export interface Known {
  readonly topology: Topology;
  readonly active: string | null;
  /** What the ACTIVE had at the poll before its last good one: whoever has not received that by now was not following. Empty: not known. */
  readonly had: string;
  /** Where the ACTIVE was at a poll before that moment of the monotonic clock; empty: not known. */
  readonly positionBefore: (at: number) => string;
  /** Why nobody may move the pool now; null: nothing. */
  readonly obstacle: CodedMessage | null;
  /** What was found out about the others while the ACTIVE was only suspected. */
  readonly scouted: ReadonlyMap<string, Promise<Scouted | null>>;
}

export interface Crew {
  /** Nodes that answer, but for the dead primary. */
  readonly others: ReadonlyMap<string, NodeConnection>;
  /** Of those of whom it was known before. */
  readonly facts: ReadonlyMap<string, Facts>;
  /** The dead primary, should it answer after all: one that hangs takes its time. */
  readonly trying: Promise<NodeConnection | null>;
  /** The same, once it is known. */
  readonly old: NodeConnection | null;
}

/** A failover under way. Filled in the order of the steps. */
export interface FailoverContext {
  readonly id: string;
  readonly bench: Bench;
  readonly request: FailoverRequest;
  readonly known: Known;
  readonly timeline: Timeline;
  readonly startedAt: string;
  readonly warnings: CodedMessage[];
  from: string;
  crew: Crew;
  /** The old primary answers, and nobody can write to it. */
  unable: boolean;
  to: { readonly link: NodeLink; readonly node: NodeConnection } | null;
  operation: Operation | null;
  heldAt: number | null;
  releasedAt: number | null;
  /** Connections to the old primary that were ended there. */
  ended: number;
  /** Everything that the candidate had received, which it applies before it is opened. */
  position: string | null;
  /** Of the candidate, just before it was opened. */
  openedAt: string | null;
  /** An old primary that answers may have been made read-only. */
  fencing: boolean;
  after: string | null;
  release: ReleaseReport | null;
  /** What only the old primary has; null: it could not be asked. */
  lost: LostTransactions | null;
  /** Writes whose clients were told that their outcome is unknown; null: there were none. */
  unknown: UnknownOutcomes | null;
}

/** For the hooks. */
export const factsOf = ({ id, from, to, request }: FailoverContext): MoveFacts => ({
  id,
  kind: 'failover',
  from,
  to: to?.link.name ?? null,
  by: request.by,
});

/** Those who were found before anybody was assembled, too. */
export function dismiss({ others, trying }: Crew, { scouted }: Known): void {
  for (const { connection } of others.values()) {
    connection.destroy();
  }
  void trying.then((old) => old?.connection.destroy());
  for (const found of scouted.values()) {
    void found.then((one) => one?.node.connection.destroy());
  }
}
