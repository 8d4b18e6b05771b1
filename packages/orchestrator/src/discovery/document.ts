import { formatAddress, type Address } from '../link/address';
import type { CodedMessage } from '../report';
import type { Role } from '../watch/topology';
import { describeNode, describeSource, type NodeDocument, type SourceDocument } from '../watch/topology-document';
import { AnswerState } from './answer';
import { isWritable, type Shape } from './order';
import { problemsOf } from './problems';
import type { Link, TreeNode } from './tree';

/** One server of a discovered tree; its name is its address. */
export interface DiscoveredNode extends NodeDocument {
  readonly answer: AnswerState;
  readonly hostname: string | null;
  readonly uptimeSeconds: number | null;
  /** Accounts that its channels log in with. */
  readonly replicationUsers: readonly string[];
  readonly problems: readonly CodedMessage[];
}

/** `discover --json`; docs/discovery.md explains it. Sources come before their replicas, siblings by address. */
export interface Discovery {
  /** ISO 8601. */
  readonly at: string;
  /** Where the walk began. */
  readonly start: string;
  /** Every server answered and told who follows it. Else there may be more. */
  readonly complete: boolean;
  readonly nodes: readonly DiscoveredNode[];
}

export function describeTree(
  shape: Shape,
  start: Address,
  at: number,
  errant: ReadonlyMap<TreeNode, string>,
): Discovery {
  return {
    at: new Date(at).toISOString(),
    start: formatAddress(start),
    complete: shape.nodes.every(
      ({ answer }) => answer.state === AnswerState.ANSWERED && answer.server.survey.replicas !== null,
    ),
    nodes: shape.nodes.map((node) => describe(node, shape, problemsOf(node, shape, errant.get(node) ?? null))),
  };
}

function describe(node: TreeNode, shape: Shape, problems: readonly CodedMessage[]): DiscoveredNode {
  const name = formatAddress(node.address);
  const server = node.answer.state === AnswerState.ANSWERED ? node.answer.server : null;
  return {
    ...describeNode({ name, address: name, role: roleOf(node, shape) }, server?.observation ?? null, sources(node)),
    answer: node.answer.state,
    hostname: server?.survey.hostname ?? null,
    uptimeSeconds: server?.survey.uptimeSeconds ?? null,
    replicationUsers: server === null ? [] : [...new Set(server.survey.replicationUsers)].sort(),
    problems,
  };
}

function sources(node: TreeNode): readonly SourceDocument[] {
  return [...node.links]
    .sort((a, b) => (a.channel?.name ?? '').localeCompare(b.channel?.name ?? '', 'en'))
    .map((link) => describeLink(link));
}

function describeLink({ channel, source, target }: Link): SourceDocument {
  const node = formatAddress(source.address);
  if (channel === null) {
    return {
      channel: '',
      node,
      address: formatAddress(target),
      receiving: null,
      applying: null,
      lagSeconds: null,
      delaySeconds: 0,
      autoPosition: null,
      filters: [],
      lastError: null,
    };
  }
  return describeSource(channel, node, formatAddress({ host: channel.sourceHost, port: channel.sourcePort }));
}

function roleOf(node: TreeNode, { followers, circles }: Shape): Role {
  if (node.answer.state !== AnswerState.ANSWERED) {
    return 'unknown';
  }
  if (node.links.length > 0) {
    return isWritable(node) && circles.has(node) ? 'primary' : 'replica';
  }
  return isWritable(node) || (followers.get(node) ?? []).length > 0 ? 'primary' : 'unknown';
}
