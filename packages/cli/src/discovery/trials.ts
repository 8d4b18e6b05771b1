import {
  type AccountNames,
  type AccountTrial,
  AnswerState,
  createStatements,
  type Discovery,
  type Greeting,
  grantStatements,
  Kind,
  systemClock,
  termsOf,
  tryAccounts,
} from '@myswitch/orchestrator';
import { tcpEndpoint } from '../config';
import { table } from '../output/table';
import { primaryOf } from './propose';

/** What was found, and what came of the accounts there. */
export interface Trials {
  readonly found: Discovery;
  readonly accounts: readonly AccountTrial[];
}

/** On every server that answered. */
export function tryOn(found: Discovery, trying: Parameters<typeof tryAccounts>[1]): Promise<readonly AccountTrial[]> {
  const primary = primaryOf(found);
  const candidates = found.nodes.flatMap((node) => {
    const address = tcpEndpoint(node.address);
    if (node.answer !== AnswerState.ANSWERED || address === null) return [];
    return [{ name: node.name, address, primary: node === primary && node.readOnly === false }];
  });
  return tryAccounts(candidates, trying, systemClock);
}

/** The one server that was named refused the control account: as a trial that failed; `null`: it did not. */
export function refusedStart({ nodes }: Discovery): AccountTrial | null {
  const [only] = nodes;
  if (nodes.length !== 1 || only?.answer !== AnswerState.REFUSED) return null;
  return { node: only.name, account: 'control', ok: false, message: only.problems[0]?.message ?? '', grants: [] };
}

export const describeTrials = (trials: readonly AccountTrial[]): string =>
  table(
    ['node', 'account', 'answer'],
    trials.map(({ node, account, message }) => [node, account, message]),
  );

const PRODUCTS: Readonly<Record<Kind, string>> = { mariadb: 'MariaDB', mysql: 'MySQL' };

/** What makes the two accounts, to be run on the primary; for both kinds where it is not known which one it is. */
export function accountStatements(names: AccountNames, server: Greeting | null): string {
  const servers = server === null ? Object.values(Kind).map((kind) => ({ kind, version: '' })) : [server];
  const kinds = servers.map(
    ({ kind, version }) =>
      `${PRODUCTS[kind]}${version === '' ? '' : ` ${version}`}:\n${listed(grantStatements(kind, names, termsOf(version)))}`,
  );
  return [
    'MySwitch needs two accounts. Where they are not there yet, run this on the primary, with passwords of your own:',
    listed(createStatements(names)),
    ...kinds,
  ].join('\n');
}

const listed = (statements: readonly string[]): string => statements.map((each) => `  ${each};`).join('\n');
