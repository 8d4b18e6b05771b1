import type { GuardrailAnswer } from '../report';
import { forced } from './answer';
import type { PoolFacts, ServerFacts } from './facts';
import { poolGuardrails } from './pool';
import { replicationGuardrails } from './replication';
import { serverGuardrails } from './servers';
import { sessionGuardrails } from './sessions';

export const answerPool = (facts: PoolFacts): readonly GuardrailAnswer[] =>
  poolGuardrails.map((guardrail) => forced(guardrail(facts), facts.plan.force));

export const answerServers = (facts: ServerFacts): readonly GuardrailAnswer[] =>
  [...replicationGuardrails, ...serverGuardrails, ...sessionGuardrails].map((guardrail) =>
    forced(guardrail(facts), facts.plan.force),
  );
