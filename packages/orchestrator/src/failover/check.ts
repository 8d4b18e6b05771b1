import type { FailoverCheck, FailoverRequest, GuardrailAnswer } from '../report';
import type { Bench } from '../switch/context';
import { viewOf } from '../watch/topology';
import { dismiss, type Known } from './context';
import { contextOf, DECIDING } from './failover';
import { reasonOf } from '../reasons';

/**
 * What a failover would decide now, without doing it: the steps up to the election. A receiver that believes to be connected to a primary which
 * does not answer us is started again, as a failover does it.
 */
export async function checkFailover(
  bench: Bench,
  request: FailoverRequest,
  known: Known,
  id: string,
): Promise<FailoverCheck> {
  const context = contextOf(bench, request, known, id, () => undefined);
  const guardrails: GuardrailAnswer[] = [];
  try {
    for (const step of DECIDING) {
      guardrails.push({ code: step.name.toUpperCase(), ok: true, message: await step.run(context) });
    }
  } catch (error) {
    const { code, message } = reasonOf(error);
    guardrails.push({ code, ok: false, message });
  } finally {
    dismiss(context.crew, context.known);
  }
  const lastGood = (known.active === null ? null : viewOf(known.topology, known.active)?.lastGood) ?? null;
  return {
    pool: bench.pool.name,
    from: known.active,
    to: context.to?.link.name ?? request.to ?? null,
    answer: guardrails.every(({ ok }) => ok) ? 'go' : 'refuse',
    lastAnswer: lastGood === null ? null : new Date(lastGood).toISOString(),
    guardrails,
    warnings: context.warnings,
  };
}
