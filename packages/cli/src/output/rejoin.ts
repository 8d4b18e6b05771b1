import type { LostTransactions, RejoinReport } from '@myswitch/orchestrator';

const SHOWN = 20;

/** What a rejoin came to; then why, what only the node has, and what can be done about it. */
export function describeRejoin(report: RejoinReport): string {
  const { result, node, active, donor, reasons, warnings, lost, waysOut } = report;
  return [
    donor !== null && result !== 'refused' ? REBUILT[result](node, donor) : HEADS[result](node, active ?? 'nobody'),
    ...reasons.map(({ code, message }) => `  ${code}: ${message}`),
    ...warnings.map(({ code, message }) => `  warning: ${code}: ${message}`),
    ...describeLost(lost),
    ...waysOut.flatMap(({ what, statements }, index) => [
      `way ${index + 1}: ${what}`,
      ...statements.map((statement) => `  ${statement}`),
    ]),
    ...(waysOut.length === 0
      ? []
      : [`or copy a healthy node over it, which destroys them: myswitch rejoin ${node} --rebuild`]),
  ].join('\n');
}

/** Transactions that only one server has, with their statements. */
export function describeLost(lost: LostTransactions | null): string[] {
  if (lost === null || lost.gtid === '') return [];
  const { node, gtid, transactions, complete } = lost;
  const more = transactions.length - SHOWN;
  return [
    `only ${node} has: ${gtid}`,
    ...transactions
      .slice(0, SHOWN)
      .map((each) => [`  ${each.gtid}`].concat(each.statements.map((sql) => `    ${sql}`)).join('\n')),
    ...(more > 0 ? [`  and ${more} more: --json`] : []),
    ...(complete ? [] : ['  (its binary log could not be read to the end: not all statements are shown)']),
  ];
}

const HEADS: Readonly<Record<RejoinReport['result'], (node: string, active: string) => string>> = {
  rejoined: (node, active) => `rejoined: ${node} follows ${active} and climbs to STANDBY`,
  refused: (node) => `refused to rejoin ${node}: nothing was changed`,
  failed: (node) => `FAILED to rejoin ${node}: the same command goes on where this one ended`,
};

const REBUILT: Readonly<Record<'rejoined' | 'failed', (node: string, donor: string) => string>> = {
  rejoined: (node, donor) => `rebuilt: ${node} is a copy of ${donor}, follows the ACTIVE and climbs to STANDBY`,
  failed: (node, donor) => `FAILED to rebuild ${node} from ${donor}`,
};
