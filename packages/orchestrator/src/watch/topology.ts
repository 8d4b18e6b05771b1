import { NO_PULSE, type Pulse } from './beats';
import type { Channel, Observation } from '../dialects/dialect';
import type { Move } from '../ladder/moves';
import { overruled, type Override } from '../ladder/override';
import { FAILED_BEFORE, moved, noted, polled, UNSEEN, type Standing } from '../ladder/standing';
import { verdictOf, type Surroundings } from '../ladder/verdict';
import type { NodeType } from '../report';
import { ranOn, UNSEEN_RUNS, type Runs, type Since } from './runs';
import type { KnownIdentity } from '../state/journal';

/** What is known of a node: the last good observation, whether the last poll was good, and where it stands on the ladder. */
export interface NodeView {
  readonly name: string;
  readonly type: NodeType;
  readonly observation: Observation | null;
  /** Of the last good poll. */
  readonly pulse: Pulse;
  readonly runs: Runs;
  /** Its identity as it was before MySwitch was started again: counts until it is seen. */
  readonly remembered?: string;
  readonly reachable: boolean;
  /** Milliseconds since 1970; null before the first poll ended. */
  readonly lastPoll: number | null;
  /** Polls that were due while one still ran. */
  readonly latePolls: number;
  /** When it last answered; null: never. */
  readonly lastGood: number | null;
  /** Why the last poll was bad; null: it was good. */
  readonly error: string | null;
  /** As the ladder finds it. */
  readonly standing: Standing;
  /** What an operator says instead; null: nothing. */
  readonly override: Override | null;
}

export interface Topology {
  readonly nodes: readonly NodeView[];
}

/**
 * `at`: ms since 1970; `late`: polls that were due while one still ran; `met`: over a
 * connection that is new since the last good one, else null. `unresolved`: the name of the node could not be looked up, which says nothing of the node. `full`: it
 * answers, and has no connection left.
 */
export type PollResult = {
  readonly node: string;
  readonly at: number;
  readonly late: number;
} & (
  | {
      readonly observation: Observation;
      readonly pulse: Pulse;
      readonly twins: readonly string[];
      readonly met: Met | null;
    }
  | { readonly error: string }
  | { readonly unresolved: string }
  | { readonly full: string }
);

/** What a connection leads to. */
export interface Met {
  readonly place: string;
  readonly since: Since;
  readonly missingGrants: readonly string[];
}

/** What the pool's own state adds to a poll. */
export interface Rules extends Surroundings {
  /** Bad polls in a row that make FAIL. */
  readonly failures: number;
}

interface Member {
  readonly name: string;
  readonly type: NodeType;
}

export const neverSeen = ({ name, type }: Member): NodeView => ({
  name,
  type,
  observation: null,
  pulse: NO_PULSE,
  runs: UNSEEN_RUNS,
  reachable: false,
  lastPoll: null,
  latePolls: 0,
  lastGood: null,
  error: null,
  standing: UNSEEN,
  override: null,
});

/** What is remembered of earlier: whose identity the ACTIVE had, and who had failed and was not recovered. */
export interface Memory {
  readonly identity?: KnownIdentity | undefined;
  readonly failed?: readonly string[] | undefined;
}

export const emptyTopology = (nodes: readonly Member[], { identity, failed = [] }: Memory = {}): Topology => ({
  nodes: nodes.map((node) => ({
    ...neverSeen(node),
    ...(node.name === identity?.node && { remembered: identity.identity }),
    ...(failed.includes(node.name) && { standing: FAILED_BEFORE }),
  })),
});

/** A pure reducer: the same topology with one node seen anew. */
export const update = (topology: Topology, poll: PollResult, rules: Rules): Topology =>
  change(topology, poll.node, (node) => seen(node, poll, rules));

function seen(node: NodeView, poll: PollResult, { failures, ...surroundings }: Rules): NodeView {
  const polledAt = { lastPoll: poll.at, latePolls: poll.late };
  if ('unresolved' in poll) {
    return { ...node, ...polledAt, reachable: false, error: poll.unresolved };
  }
  if (!('observation' in poll)) {
    const [error, full] = 'full' in poll ? [poll.full, true] : [poll.error, false];
    const verdict = { fit: false, reachable: full, serves: full, reason: error } as const;
    const standing = polled(node.standing, typeOf(node), verdict, failures);
    return { ...node, ...polledAt, reachable: false, error, standing };
  }
  const { observation, pulse, met } = poll;
  const runs = met === null ? node.runs : ranOn(node.runs, met.since, poll.at);
  const verdict = verdictOf(node.name, poll, surroundings);
  const standing = polled(node.standing, typeOf(node), verdict, failures);
  return { ...node, ...polledAt, lastGood: poll.at, observation, pulse, runs, reachable: true, error: null, standing };
}

/** The same topology with one node's standing changed by something that is not a poll. */
export const move = (topology: Topology, name: string, how: Move, told: { readonly other?: string } = {}): Topology =>
  change(topology, name, (node) => ({ ...node, standing: moved(node.standing, how, { type: typeOf(node), ...told }) }));

export const note = (topology: Topology, name: string, message: string): Topology =>
  change(topology, name, (node) => ({ ...node, standing: noted(node.standing, message) }));

/** The same topology with what an operator says of one node; null: nothing any more. */
export const overrule = (topology: Topology, name: string, override: Override | null): Topology =>
  change(topology, name, (node) => ({ ...node, override }));

export const typeOf = ({ type, override }: NodeView): NodeType => override?.type ?? type;

/** What the pool takes the node for. */
export const standingOf = ({ standing, override }: NodeView): Standing => overruled(standing, override);

const change = (topology: Topology, name: string, how: (node: NodeView) => NodeView): Topology => ({
  nodes: topology.nodes.map((node) => (node.name === name ? how(node) : node)),
});

export const viewOf = (topology: Topology, name: string): NodeView | undefined =>
  topology.nodes.find((node) => node.name === name);

export const identityOf = ({ observation, remembered }: NodeView): string | undefined =>
  observation?.identity ?? remembered;

/** The channel through which `follower` replicates from `source`: told by the server's identity, not by how a host is spelled. */
export function channelFrom(follower: NodeView, source: NodeView): Channel | undefined {
  const identity = identityOf(source);
  return follower.observation?.channels.find(
    (channel) => identity !== undefined && channel.sourceIdentity === identity,
  );
}

export const followersOf = (topology: Topology, source: NodeView): readonly NodeView[] =>
  topology.nodes.filter((node) => node.name !== source.name && channelFrom(node, source) !== undefined);

export type Role = 'primary' | 'replica' | 'unknown';

export function roleOf(topology: Topology, node: NodeView): Role {
  if (node.observation === null) {
    return 'unknown';
  }
  if (!node.observation.readOnly && (followersOf(topology, node).length > 0 || topology.nodes.length === 1)) {
    return 'primary';
  }
  return topology.nodes.some((other) => other.name !== node.name && channelFrom(node, other) !== undefined)
    ? 'replica'
    : 'unknown';
}

export type ActiveDecision =
  | { readonly active: string }
  | { readonly active: null; readonly code: 'NO_ACTIVE' | 'TWO_WRITERS'; readonly reason: string };

/** What MySwitch remembers: who was ACTIVE last, and who was demoted and must not write. */
export interface Remembered {
  readonly active: string | null;
  readonly demoted: readonly string[];
}

/**
 * ACTIVE is the one writable node that the others follow. A node that nobody is seen to follow counts only when it is alone in the pool, or
 * when the record says that it was ACTIVE and nobody else claims to be: its replicas may just be down.
 */
export function decideActive(topology: Topology, remembered: Remembered): ActiveDecision {
  const open = topology.nodes.filter((node) => node.reachable && node.observation?.readOnly === false);
  const trusted = open.filter((node) => !remembered.demoted.includes(node.name));
  // a demoted node counts only when no other writes and it is followed: then a person promoted it again
  const writable = trusted.length > 0 ? trusted : open;
  const followed = writable.filter((node) => topology.nodes.length === 1 || followersOf(topology, node).length > 0);
  const [first, second] = followed;
  if (first !== undefined && second !== undefined) {
    return {
      active: null,
      code: 'TWO_WRITERS',
      reason: `${names(followed)} are writable and each is followed by a replica`,
    };
  }
  if (first !== undefined) {
    return { active: first.name };
  }
  if (writable.length === 1 && writable[0]?.name === remembered.active) {
    return { active: remembered.active };
  }
  if (writable.length > 1) {
    return { active: null, code: 'TWO_WRITERS', reason: `${names(writable)} are writable and nobody follows either` };
  }
  return { active: null, code: 'NO_ACTIVE', reason: topology.nodes.map(explain).join('; ') };
}

const names = (nodes: readonly NodeView[]): string => nodes.map((node) => node.name).join(' and ');

function explain(node: NodeView): string {
  if (!node.reachable) {
    return `${node.name} is not reachable${node.error === null ? '' : ` (${node.error})`}`;
  }
  return node.observation?.readOnly === true
    ? `${node.name} is read-only`
    : `${node.name} is writable, but nobody follows it`;
}
