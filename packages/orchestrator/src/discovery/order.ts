import { compareAddresses } from './addresses';
import { AnswerState } from './answer';
import type { TreeNode } from './tree';

/** Those that it follows; never itself. */
export const sourcesOf = (node: TreeNode): readonly TreeNode[] => [
  ...new Set(node.links.map(({ source }) => source).filter((source) => source !== node)),
];

/** How the nodes of a tree hang together. */
export interface Shape {
  readonly nodes: readonly TreeNode[];
  readonly followers: ReadonlyMap<TreeNode, readonly TreeNode[]>;
  /** For each node of a circle all nodes of it: those that follow each other, directly or not. */
  readonly circles: ReadonlyMap<TreeNode, readonly TreeNode[]>;
}

export function shapeOf(nodes: readonly TreeNode[]): Shape {
  const followers = new Map<TreeNode, TreeNode[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) {
    for (const source of sourcesOf(node)) {
      followers.get(source)?.push(node);
    }
  }
  const up = new Map(nodes.map((node) => [node, above(node)]));
  const circles = new Map<TreeNode, readonly TreeNode[]>();
  for (const [node, ancestors] of up) {
    if (ancestors.has(node)) {
      circles.set(
        node,
        [...ancestors].filter((other) => up.get(other)?.has(node) === true),
      );
    }
  }
  return { nodes: inOrder(nodes, followers), followers, circles };
}

/** Everything that it follows, and what those follow; itself too when it is part of a circle. */
function above(node: TreeNode): ReadonlySet<TreeNode> {
  const found = new Set(sourcesOf(node));
  for (const each of found) {
    for (const source of sourcesOf(each)) {
      found.add(source);
    }
  }
  return found;
}

export const isWritable = ({ answer }: TreeNode): boolean =>
  answer.state === AnswerState.ANSWERED && !answer.server.observation.readOnly;

const byAddress = (a: TreeNode, b: TreeNode): number => compareAddresses(a.address, b.address);

/** Each source before its replicas, siblings by address. A circle begins with its writable node. */
function inOrder(nodes: readonly TreeNode[], followers: Shape['followers']): readonly TreeNode[] {
  const sorted = [...nodes].sort(byAddress);
  const done = new Set<TreeNode>();
  const visit = (from: TreeNode): void => {
    const waiting = [from];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (!done.has(node)) {
        done.add(node);
        waiting.push(...[...(followers.get(node) ?? [])].sort((a, b) => byAddress(b, a)));
      }
    }
  };
  for (const root of sorted.filter((node) => sourcesOf(node).length === 0)) {
    visit(root);
  }
  for (const node of sorted) {
    if (!done.has(node)) {
      visit(headOf(circleAbove(node)));
    }
  }
  return [...done];
}

/** What is left hangs below a circle: going up ends in one. */
function circleAbove(node: TreeNode): readonly TreeNode[] {
  const path: TreeNode[] = [];
  let at: TreeNode | undefined = node;
  while (at !== undefined && !path.includes(at)) {
    path.push(at);
    at = [...sourcesOf(at)].sort(byAddress)[0];
  }
  return at === undefined ? path : path.slice(path.indexOf(at));
}

function headOf(circle: readonly TreeNode[]): TreeNode {
  const sorted = [...circle].sort(byAddress);
  const head = sorted.find(isWritable) ?? sorted[0];
  if (head === undefined) {
    throw new RangeError('a circle has nodes');
  }
  return head;
}
