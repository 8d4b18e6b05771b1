import type { TestServer } from '../server';
import { ACCOUNT_COUNT, OPENING_BALANCE } from './schema';
import type { Workload } from './workload';

/** `client/id` of writes. */
export interface LedgerCheck {
  /** Acknowledged, and not there. */
  readonly lost: readonly string[];
  /** There more than once. */
  readonly duplicated: readonly string[];
  /** There, and written by no client. */
  readonly strange: readonly string[];
  /** Accounts whose balance is not what the ledger's transfers make it. */
  readonly unbalanced: readonly number[];
  /** What is wrong, in one sentence; null when nothing is. */
  readonly problem: string | null;
}

/**
 * Compares what the clients know with what a server has: every acknowledged write exactly once, every other one at most
 * once, and money neither made nor lost.
 */
export async function checkLedger(server: TestServer, workload: Workload): Promise<LedgerCheck> {
  const lost: string[] = [];
  const duplicated: string[] = [];
  const strange: string[] = [];
  for (const { index, writes } of workload.clients) {
    const rows = await server.sql('SELECT id, COUNT(*) AS times FROM shop.ledger WHERE client = ? GROUP BY id', [
      index,
    ]);
    const times = new Map(rows.map((row) => [Number(row['id']), Number(row['times'])]));
    for (let id = 1; id <= writes.last; id += 1) {
      if (writes.isAcknowledged(id) && !times.has(id)) lost.push(`${index}/${id}`);
    }
    for (const [id, count] of times) {
      if (count > 1) duplicated.push(`${index}/${id}`);
      if (id < 1 || id > writes.last) strange.push(`${index}/${id}`);
    }
  }
  const unbalanced = await unbalancedAccounts(server);
  const counts = { lost, duplicated, strange, unbalanced };
  const wrong = Object.entries(counts).filter(([, found]) => found.length > 0);
  const sentences = wrong.map(([name, found]) => `${found.length} ${name} (${found.slice(0, 5).join(', ')})`);
  return { ...counts, problem: sentences.length === 0 ? null : `${server.name}: ${sentences.join('; ')}` };
}

async function unbalancedAccounts(server: TestServer): Promise<number[]> {
  const accounts = await server.sql('SELECT id, balance FROM shop.account');
  const moves = await server.sql(
    'SELECT source, target, SUM(amount) AS amount FROM shop.ledger WHERE source IS NOT NULL GROUP BY source, target',
  );
  const expected = new Map(Array.from({ length: ACCOUNT_COUNT }, (_, id) => [id, OPENING_BALANCE]));
  const change = (id: number, amount: number): void => void expected.set(id, (expected.get(id) ?? 0) + amount);
  for (const move of moves) {
    change(Number(move['source']), -Number(move['amount']));
    change(Number(move['target']), Number(move['amount']));
  }
  const balances = new Map(accounts.map((row) => [Number(row['id']), Number(row['balance'])]));
  return [...expected].filter(([id, balance]) => balances.get(id) !== balance).map(([id]) => id);
}
