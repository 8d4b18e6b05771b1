import type { AccountsReport } from '../accounts/watch';
import type { Blocking, RefusedAccount } from '../data-plane';
import type { Inspection, SemiSync } from '../dialects/dialect';
import type { PoolOptions } from '../options';
import type { Plan } from '../switch/plan';
import type { ActiveDecision, NodeView, Topology } from '../watch/topology';

/** Something that was asked of a server: its answer, or why there is none. */
export type Fact<T> = { readonly value: T } | { readonly error: string };

/** What is known without asking any server anew. */
export interface PoolFacts {
  readonly pool: PoolOptions;
  readonly plan: Plan;
  readonly topology: Topology;
  readonly decision: ActiveDecision;
  readonly from: NodeView | null;
  readonly to: NodeView | null;
  /** Nodes that could be switched to, when the operator named none. */
  readonly fit: readonly string[];
  /** What has the pool to itself, as a sentence. */
  readonly running: string | null;
  /** Content of the freeze file. */
  readonly frozen: string | null;
  readonly otherProxy: string | null;
  /** Since the last switch ended; null: none yet. */
  readonly sinceLastSwitchMs: number | null;
  readonly accounts: AccountsReport;
  readonly refusedAccounts: Fact<readonly RefusedAccount[]>;
}

/** A session on the ACTIVE that did not come through MySwitch. */
export interface BypassingSession {
  readonly id: number;
  readonly user: string;
  readonly host: string;
  readonly command: string;
  readonly ageMs: number;
  /** It may stay: an `allow`ed account. */
  readonly allowed: boolean;
}

export interface OtherReplica {
  readonly name: string;
  readonly semiSync: Fact<SemiSync>;
}

/** What was asked of the two servers for this preflight. */
export interface ServerFacts extends PoolFacts {
  readonly from: NodeView;
  readonly to: NodeView;
  readonly inspection: { readonly from: Fact<Inspection>; readonly to: Fact<Inspection> };
  readonly errant: Fact<string>;
  /** What a node that would follow the candidate lacks and the candidate has purged. */
  readonly purged: Fact<readonly { readonly node: string; readonly gtid: string }[]>;
  /** How long the candidate took to apply the ACTIVE's position, ms; null: not within the time given. */
  readonly heartbeat: Fact<number | null>;
  /** Other nodes that have no heartbeat table yet. */
  readonly withoutHeartbeat: readonly string[];
  readonly replicationLogin: Fact<boolean>;
  readonly others: readonly OtherReplica[];
  readonly bypassing: Fact<readonly BypassingSession[]>;
  readonly blocking: Fact<readonly Blocking[]>;
}

const MAX_NAMED = 5;

/** The first few of a list, and how many more there are. */
export const some = (items: readonly string[]): string =>
  items.length <= MAX_NAMED
    ? items.join(', ')
    : `${items.slice(0, MAX_NAMED).join(', ')} and ${items.length - MAX_NAMED} more`;
