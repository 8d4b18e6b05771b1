import type { Caveat } from '../accounts/caveats';
import { counted } from '../counted';
import type { GuardrailAnswer } from '../report';
import { pass } from './answer';
import { some, type PoolFacts } from './facts';

const MAX_REASONS = 20;

/** Information: an account that MySwitch can't serve is no reason to stay. */
export function accounts({ accounts: report, refusedAccounts, pool }: PoolFacts): GuardrailAnswer {
  const { node, learned, more, error } = report;
  const refused = 'value' in refusedAccounts ? refusedAccounts.value : [];
  const caveats = [
    ...report.caveats,
    ...refused.map(({ row, client, reason }) => ({ account: `${row} for ${client}`, reason })),
  ];
  return pass(
    'ACCOUNTS',
    [
      (node === null ? 'none learned yet' : `${learned} learned from ${node}`) +
        (pool.users.length === 0 ? '' : `, ${pool.users.length} given in users`),
      ...(more ? ['there are more, which cannot log in'] : []),
      ...(error === null ? [] : [`could not be read: ${error}`]),
      ...byReason(caveats),
    ].join('; '),
  );
}

function byReason(caveats: readonly Caveat[]): readonly string[] {
  const reasons = new Map<string, Set<string>>();
  for (const { account, reason } of caveats) {
    reasons.set(reason, (reasons.get(reason) ?? new Set()).add(account));
  }
  const told = [...reasons].slice(0, MAX_REASONS).map(([reason, who]) => `${some([...who])}: ${reason}`);
  return reasons.size > told.length ? [...told, `and ${counted(reasons.size - told.length, 'more reason')}`] : told;
}
