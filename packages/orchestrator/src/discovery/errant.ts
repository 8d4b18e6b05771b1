import type { Address } from '../link/address';
import type { Logged } from '../dialects/dialect';
import { AnswerState, type Server } from './answer';
import { sourcesOf } from './order';
import type { TreeNode } from './tree';

/** What of `theirs` the server at `address` lacks now. */
export type Lacking = (address: Address, theirs: Logged, timeoutMs: number) => Promise<string>;

const serverOf = ({ answer }: TreeNode): Server | null =>
  answer.state === AnswerState.ANSWERED ? answer.server : null;

/**
 * Transactions that a replica has and its sources lack. The sources are asked after everything else, so that what a replica had was there
 * before. Not for nodes of a circle, where a source may yet get what it lacks. Null: not every source could be asked.
 */
export async function errantOf(node: TreeNode, lacking: Lacking, timeoutMs: number): Promise<string | null> {
  const server = serverOf(node);
  const sources = sourcesOf(node);
  if (server === null || sources.length === 0) {
    return null;
  }
  const { serverId } = server.survey.logged;
  let { transactions } = server.survey.logged;
  for (const source of sources) {
    if (transactions !== '') {
      if (serverOf(source)?.observation.kind !== server.observation.kind) {
        return null;
      }
      try {
        transactions = await lacking(source.address, { transactions, serverId }, timeoutMs);
      } catch {
        return null; // it went away since it answered
      }
    }
  }
  return transactions;
}
