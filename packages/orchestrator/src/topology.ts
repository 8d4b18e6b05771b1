import type { Channel, Observation } from './dialect';

/** What is known of a node: the last good observation, and whether the last poll was good. */
export interface NodeView {
  readonly name: string;
  readonly observation: Observation | null;
  readonly reachable: boolean;
  /** Consecutive bad polls. */
  readonly errors: number;
  /** Milliseconds since 1970; null before the first poll ended. */
  readonly lastPoll: number | null;
  readonly message: string | null;
}

export interface Topology {
  readonly nodes: readonly NodeView[];
}

export type PollResult =
  | { readonly node: string; readonly at: number; readonly observation: Observation }
  | { readonly node: string; readonly at: number; readonly error: string };

export const emptyTopology = (names: readonly string[]): Topology => ({
  nodes: names.map((name) => ({
    name,
    observation: null,
    reachable: false,
    errors: 0,
    lastPoll: null,
    message: null,
  })),
});

/** A pure reducer: the same topology with one node seen anew. */
export function update(topology: Topology, poll: PollResult): Topology {
  return {
    nodes: topology.nodes.map((node) => {
      if (node.name !== poll.node) {
        return node;
      }
      return 'observation' in poll
        ? { ...node, observation: poll.observation, reachable: true, errors: 0, lastPoll: poll.at, message: null }
        : { ...node, reachable: false, errors: node.errors + 1, lastPoll: poll.at, message: poll.error };
    }),
  };
}

export const viewOf = (topology: Topology, name: string): NodeView | undefined =>
  topology.nodes.find((node) => node.name === name);

/** The channel through which `follower` replicates from `source`: told by the server's identity, not by how a host is spelled. */
export function channelFrom(follower: NodeView, source: NodeView): Channel | undefined {
  const identity = source.observation?.identity;
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
    return `${node.name} is not reachable${node.message === null ? '' : ` (${node.message})`}`;
  }
  return node.observation?.readOnly === true
    ? `${node.name} is read-only`
    : `${node.name} is writable, but nobody follows it`;
}
