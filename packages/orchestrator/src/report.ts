import type { NodeState, NodeStatus, NodeType } from './ladder/words';
import type { Override } from './ladder/override';
import type { Order } from './operate/order';

/** The JSON shapes of the contract: `status --json`, `check --json`, `switch --json`, `history --json`. Durations in ms; unknown is null. */

export type { NodeState, NodeStatus, NodeType };
export type GateState = 'OPEN' | 'HOLDING' | 'HELD' | 'RELEASING';

export interface NodeReport {
  readonly name: string;
  readonly address: string;
  readonly type: NodeType;
  readonly state: NodeState;
  readonly status: NodeStatus;
  readonly role: 'primary' | 'replica' | 'unknown';
  readonly readOnly: boolean | null;
  /** As the server itself reckons it. */
  readonly lagSeconds: number | null;
  /** Behind the ACTIVE by MySwitch's own heartbeat, at least; with fractions. */
  readonly heartbeatLagSeconds: number | null;
  readonly gtid: string | null;
  /** consecutive bad polls */
  readonly errors: number;
  /** ISO 8601 */
  readonly lastPoll: string | null;
  /** Polls that were due while one still ran. */
  readonly latePolls: number;
  readonly uptimeSeconds: number | null;
  /** When it was found that the server had been started again, ISO 8601; null: not since MySwitch looks at it. */
  readonly restarted: string | null;
  readonly message: string | null;
  readonly clients: number;
  readonly idleBackends: number;
  /** What a load balancer may send there; null: nothing. */
  readonly up: 'rw' | 'ro' | null;
  /** Among the candidates of a failover; 0: never. */
  readonly weight: number;
  /** What an operator set, until it is released. */
  readonly set: Override | null;
}

export interface PoolReport {
  readonly name: string;
  readonly epoch: number;
  readonly active: string | null;
  readonly gate: GateState;
  readonly status: NodeStatus;
  readonly clients: number;
  readonly held: number;
  /** Why nothing may move the pool; null: it may. */
  readonly frozen: string | null;
  /** ISO 8601; null: new work does not wait for an operator. */
  readonly pausedUntil: string | null;
  readonly nodes: readonly NodeReport[];
}

export interface GuardrailAnswer {
  readonly code: string;
  readonly ok: boolean;
  readonly message: string;
}

export interface BlockingReport {
  readonly session: number;
  readonly user: string;
  readonly client: string;
  readonly kind: 'busy' | 'pinned' | 'bypass';
  readonly reason: string;
  readonly ageMs: number;
}

export interface CheckReport {
  readonly pool: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly answer: 'go' | 'refuse';
  readonly predictedHoldMs: number | null;
  readonly guardrails: readonly GuardrailAnswer[];
  readonly blocking: readonly BlockingReport[];
}

export interface CodedMessage {
  readonly code: string;
  readonly message: string;
}

/** A transaction as a binary log has it. */
export interface LoggedTransaction {
  readonly gtid: string;
  /** As they were written, or which tables rows were changed of. */
  readonly statements: readonly string[];
}

/** What only a dead primary had. */
export interface LostTransactions {
  readonly node: string;
  /** Empty: nothing was lost. MySQL: a set; MariaDB: GTIDs, or the first and the last of a server with `..` between. */
  readonly gtid: string;
  /** In their order; at most 1000, and without MySwitch's own heartbeats. */
  readonly transactions: readonly LoggedTransaction[];
  /** `transactions` are all. False with an empty `gtid`: nobody could look any more. */
  readonly complete: boolean;
}

/** What became of a write whose client was told that nobody knows. */
export const WriteFate = Object.freeze({
  /** The old primary was not asked yet. */
  UNTOLD: 'UNTOLD',
  /** It is on the new primary too. */
  COMMITTED: 'COMMITTED',
  /** It was committed on the old primary, and is nowhere else: it is among `lost`. */
  LOST: 'LOST',
  NOT_COMMITTED: 'NOT_COMMITTED',
  /** The old primary's binary log does not tell. */
  UNDECIDED: 'UNDECIDED',
} as const);
export type WriteFate = (typeof WriteFate)[keyof typeof WriteFate];

export interface ToldWrite {
  /** When its client was told; ISO 8601 */
  readonly at: string;
  readonly user: string;
  /** What the client sees as CONNECTION_ID(), and the old primary's id of the connection. */
  readonly session: number;
  readonly connection: number;
  /** INSERT, COMMIT …: nothing of what it said. */
  readonly kind: string;
  readonly fate: WriteFate;
  /** Null: it has none, or which one it has is not known. */
  readonly gtid: string | null;
}

export interface UnknownOutcomes {
  /** Of the pool before the failover. */
  readonly epoch: number;
  /** A position of the old primary that all of them come after; empty: not known. */
  readonly since: string;
  readonly writes: readonly ToldWrite[];
}

export type SwitchResult = 'switched' | 'refused' | 'rolled-back' | 'failed';

export interface FlightRecord {
  readonly id: string;
  /** The planned move or the forced one. */
  readonly kind: 'switch' | 'failover';
  readonly pool: string;
  readonly from: string | null;
  readonly to: string | null;
  /** who asked: admin user and client address */
  readonly by: string;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly result: SwitchResult;
  readonly holdMs: number | null;
  readonly drainMs: number | null;
  readonly stallMs: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
  readonly held: number;
  readonly moved: number;
  readonly pinned: number;
  readonly killed: number;
  readonly steps: readonly { readonly name: string; readonly ms: number; readonly ok: boolean }[];
  readonly reasons: readonly CodedMessage[];
  readonly warnings: readonly CodedMessage[];
  readonly gtid: { readonly before: string | null; readonly after: string | null };
  /** Of a failover, once the old primary has returned and was asked. */
  readonly lost?: LostTransactions;
  /** Of a failover, where there were such writes. */
  readonly unknown?: UnknownOutcomes;
}

/** What an operator asks of a switch; what is undefined comes from the pool's options. */
export interface SwitchRequest {
  readonly to?: string;
  readonly maxLagMs?: number;
  readonly drainMs?: number;
  readonly onBusy?: 'abort' | 'kill';
  readonly onPinned?: 'abort' | 'kill';
  readonly bypass?: 'refuse' | 'kill' | 'ignore';
  readonly semiSync?: 'refuse' | 'suspend';
  readonly force?: boolean;
  readonly by: string;
}

/** What an operator, or the ladder, asks of a failover. */
export interface FailoverRequest {
  readonly to?: string;
  /** Also where transactions would be lost, or too few nodes could be asked whether the primary is dead. */
  readonly force?: boolean;
  /** Reads are answered by the new node while it applies what it has received; writes wait. */
  readonly serveReads?: boolean;
  /** Who asked, or who decided. */
  readonly by: string;
}

/** `failover --dry-run --json`. */
export interface FailoverCheck {
  readonly pool: string;
  readonly from: string | null;
  /** Who would take over. */
  readonly to: string | null;
  readonly answer: 'go' | 'refuse';
  /** ISO 8601: when `from` last answered a poll; null: it has not since MySwitch was started. */
  readonly lastAnswer: string | null;
  readonly guardrails: readonly GuardrailAnswer[];
  /** What would be lost, as far as it is known. */
  readonly warnings: readonly CodedMessage[];
}

/** What a checkpoint of a pool answered. */
export interface CheckpointReport {
  readonly place: 'inside' | 'edge' | 'outside';
  /** As in `tcp 192.0.2.1:443`. */
  readonly what: string;
  readonly ok: boolean;
  readonly message: string;
}

/** What an operator asks of a rejoin. */
export interface RejoinRequest {
  readonly node: string;
  /** A healthy node is copied over it first. `confirm` has to be its name; null: what would be destroyed is shown, and nothing is done. */
  readonly rebuild?: { readonly confirm: string | null };
  readonly by: string;
}

/** `rejoined`: it replicates, has caught up, and climbs the ladder. `failed`: begun, and may be asked again. */
export type RejoinResult = 'rejoined' | 'refused' | 'failed';

/** `rejoin --json`. */
export interface RejoinReport {
  readonly id: string;
  readonly kind: 'rejoin';
  readonly pool: string;
  readonly node: string;
  readonly active: string | null;
  /** Whom it was, or would be, copied from; null: nothing is copied. */
  readonly donor: string | null;
  readonly by: string;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly result: RejoinResult;
  readonly steps: readonly { readonly name: string; readonly ms: number; readonly ok: boolean }[];
  readonly reasons: readonly CodedMessage[];
  readonly warnings: readonly CodedMessage[];
  /** Null: it was not asked. */
  readonly lost: LostTransactions | null;
  /** Where it was refused for what only it has. */
  readonly waysOut: readonly { readonly what: string; readonly statements: readonly string[] }[];
}

/** What is kept of what was done to a pool. */
export type PoolRecord = FlightRecord | RejoinReport;

/** One line of a switch as it runs. */
export interface StepEvent {
  readonly step: string;
  readonly state: 'start' | 'ok' | 'failed' | 'info';
  readonly ms: number | null;
  readonly detail: string;
}

export const EventKind = Object.freeze({
  /** A node's state has changed. */
  STATE: 'STATE',
  /** A node's state has changed to ACTIVE. */
  ACTIVE: 'ACTIVE',
  /** A node's status became FAIL, or is better again. */
  FAIL: 'FAIL',
  RECOVERING: 'RECOVERING',
  SWITCH: 'SWITCH',
  FAILOVER: 'FAILOVER',
  /** Something an operator asked for, and got. */
  ORDER: 'ORDER',
  /** A pause that nobody ended. */
  RESUMED: 'RESUMED',
  /** A node that wrote beside the ACTIVE was closed. */
  SECOND_WRITER: 'SECOND_WRITER',
  /** A node was started again between two polls. */
  RESTARTED: 'RESTARTED',
  /** A person was told what to do. */
  ADVICE: 'ADVICE',
} as const);
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** Something that happened to a pool: who decided what, why, and from which facts. */
export interface PoolEvent {
  /** ISO 8601 */
  readonly at: string;
  readonly pool: string;
  readonly kind: EventKind;
  readonly node: string | null;
  /** Admin user and client address, `automatic`, or `monitor`: a poll. */
  readonly by: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What admin port, HTTP and CLI see of the control plane. */
export interface ControlPlane {
  status(pool?: string): Promise<PoolReport[]>;
  check(pool: string, request: SwitchRequest): Promise<CheckReport>;
  /** Aborting rolls back as long as nothing was promoted; afterwards it has no effect. Never rejects for a refusal: that is a record. */
  switch(
    pool: string,
    request: SwitchRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<FlightRecord>;
  /** What `failover` would decide now. */
  checkFailover(pool: string, request: FailoverRequest): Promise<FailoverCheck>;
  /** Never rejects for a refusal: that is a record. */
  failover(pool: string, request: FailoverRequest, onStep: (event: StepEvent) => void): Promise<FlightRecord>;
  /**
   * Makes an old primary follow the ACTIVE. Aborting ends the wait for it to catch up. Never rejects for a refusal: that is a report.
   */
  rejoin(
    pool: string,
    request: RejoinRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<RejoinReport>;
  /** The last switch the other way round. Like `switch`; `to` is none of its request. */
  switchback(
    pool: string,
    request: SwitchRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<FlightRecord>;
  /** A switch to the node of type PRIMARY that stands by. Like `switch`. */
  activatePrimary(
    pool: string,
    request: SwitchRequest,
    onStep: (event: StepEvent) => void,
    abort: AbortSignal,
  ): Promise<FlightRecord>;
  /** Asks them now. */
  checkpoints(pool: string): Promise<readonly CheckpointReport[]>;
  /** Oldest first. */
  history(pool?: string): Promise<PoolRecord[]>;
  show(id: string): Promise<PoolRecord | null>;
  /** Resolves with what is true now, for a person; rejects with RefusedError when nothing was changed. */
  carryOut(pool: string, order: Order, by: string): Promise<string>;
  /** Names of nodes are unique in a configuration; null: there is no such node. */
  poolOf(node: string): string | null;
  /** By time, of one pool or of all. */
  events(pool?: string): Promise<PoolEvent[]>;
}
