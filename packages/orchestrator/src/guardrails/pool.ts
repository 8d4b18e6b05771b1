import { isSetAside } from '../ladder/override';
import type { GuardrailAnswer } from '../report';
import { accounts } from './accounts';
import { pass, refuse } from './answer';
import { some, type PoolFacts } from './facts';

/** Two switches this close to each other are more likely a mistake or a loop than a wish. */
const RECENT_MS = 1000;

type Guardrail = (facts: PoolFacts) => GuardrailAnswer;

const inProgress: Guardrail = ({ running }) =>
  running === null ? pass('IN_PROGRESS', 'no other operation runs') : refuse('IN_PROGRESS', running);

const frozen: Guardrail = (facts) =>
  facts.frozen === null
    ? pass('FROZEN', 'not frozen')
    : refuse('FROZEN', `an operator froze the pool${facts.frozen === '' ? '' : `: ${facts.frozen}`}`);

const noActive: Guardrail = ({ decision, from, pool }) => {
  if (decision.active === null && decision.code === 'NO_ACTIVE') {
    return refuse('NO_ACTIVE', decision.reason);
  }
  if (from === null) {
    return refuse('NO_ACTIVE', 'no node is ACTIVE');
  }
  return from.reachable
    ? pass('NO_ACTIVE', `${from.name} is ACTIVE`)
    : refuse(
        'NO_ACTIVE',
        `${from.name} is ACTIVE but does not answer: ${from.error ?? 'not polled yet'}${wayOut(pool)}`,
      );
};

/** Where there is somebody else to promote. */
const wayOut = ({ name, nodes }: PoolFacts['pool']): string =>
  nodes.length > 1 ? `; if it is dead, promote another node: npx myswitch failover ${name}` : '';

const twoWriters: Guardrail = ({ decision, topology, from, to }) => {
  if (decision.active === null && decision.code === 'TWO_WRITERS') {
    return refuse('TWO_WRITERS', decision.reason);
  }
  const writable = topology.nodes
    .filter((node) => node.reachable && node.observation?.readOnly === false)
    .map((node) => node.name)
    .filter((name) => name !== from?.name && name !== to?.name);
  return from === null || writable.length === 0
    ? pass('TWO_WRITERS', 'no other node is writable')
    : refuse('TWO_WRITERS', `writable besides the ACTIVE: ${some(writable)}`);
};

const notANode: Guardrail = ({ plan, to, fit, pool, topology }) => {
  if (to !== null) {
    return pass('NOT_A_NODE', `${to.name} is a node of ${pool.name}`);
  }
  if (plan.to !== null) {
    return refuse(
      'NOT_A_NODE',
      `${plan.to} is not a node of ${pool.name}: ${some(pool.nodes.map((node) => node.name))}`,
    );
  }
  const aside = topology.nodes.filter(({ override }) => isSetAside(override)).map(({ name }) => name);
  const set = aside.length === 0 ? '' : `; set aside by an operator: ${some(aside)}`;
  return fit.length === 0
    ? refuse('NOT_A_NODE', `no node is fit to take over${set}`)
    : refuse('NOT_A_NODE', `say to which node: ${some(fit)} are fit`);
};

const alreadyActive: Guardrail = ({ to, from }) =>
  to !== null && to.name === from?.name
    ? refuse('ALREADY_ACTIVE', `${to.name} is the ACTIVE already`)
    : pass('ALREADY_ACTIVE', 'the candidate is not the ACTIVE');

const otherProxy: Guardrail = (facts) =>
  facts.otherProxy === null
    ? pass('OTHER_PROXY', "the pool's lock on the ACTIVE is ours")
    : refuse('OTHER_PROXY', `the pool's lock on the ACTIVE is not ours: ${facts.otherProxy}`);

const recent: Guardrail = ({ sinceLastSwitchMs }) =>
  sinceLastSwitchMs === null || sinceLastSwitchMs >= RECENT_MS
    ? pass('RECENT', 'no switch just before')
    : refuse('RECENT', `the last switch ended ${Math.round(sinceLastSwitchMs)} ms ago, less than ${RECENT_MS} ms`);

/** Answered from what is known; when one refuses, no server is asked. */
export const poolGuardrails: readonly Guardrail[] = [
  inProgress,
  frozen,
  noActive,
  twoWriters,
  notANode,
  alreadyActive,
  otherProxy,
  recent,
  accounts,
];
