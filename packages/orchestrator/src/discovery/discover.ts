import type { Address } from '../link/address';
import type { Clock } from '../clock';
import type { Credentials } from '../options';
import { askWith, lackingWith } from './ask';
import { describeTree, type Discovery } from './document';
import { errantOf, type Lacking } from './errant';
import { inTurn } from './in-turn';
import { shapeOf } from './order';
import { findTree, type TreeNode } from './tree';
import { walk, type Ask, type WalkLimits } from './walk';

export const WALK_LIMITS: WalkLimits = Object.freeze({ addresses: 1000, concurrency: 16, timeoutMs: 5000 });

interface Questions {
  readonly ask: Ask;
  readonly lacking: Lacking;
}

/** The whole replication tree around the server at `start`, and what is wrong with it. Never rejects for what a server does. */
export async function discoverWith(
  start: Address,
  { ask, lacking }: Questions,
  limits: WalkLimits,
  clock: Clock,
): Promise<Discovery> {
  const at = clock.now();
  const tree = findTree(start, await walk(start, ask, limits, clock));
  const shape = shapeOf(tree.nodes);
  const errant = new Map<TreeNode, string>();
  const straight = shape.nodes.filter((node) => !shape.circles.has(node));
  await inTurn(straight, limits.concurrency, async (node) => {
    const transactions = await errantOf(node, lacking, limits.timeoutMs);
    if (transactions !== null) {
      errant.set(node, transactions);
    }
  });
  return describeTree(shape, start, at, errant);
}

/** `second`: an account that may see the list of replicas where the first may not. */
export const discover = (
  start: Address,
  account: Credentials,
  second: Credentials | null,
  clock: Clock,
): Promise<Discovery> =>
  discoverWith(
    start,
    { ask: askWith(account, second, clock), lacking: lackingWith(account, clock) },
    WALK_LIMITS,
    clock,
  );
