import type { GuardrailAnswer } from '../report';
import type { Fact } from './facts';

export const pass = (code: string, message: string): GuardrailAnswer => ({ code, ok: true, message });
export const refuse = (code: string, message: string): GuardrailAnswer => ({ code, ok: false, message });

/** Refuses when the fact is missing: what could not be checked is not taken for granted. */
export function known<T>(code: string, fact: Fact<T>, answer: (value: T) => GuardrailAnswer): GuardrailAnswer {
  return 'value' in fact ? answer(fact.value) : refuse(code, `could not be checked: ${fact.error}`);
}

/** Of these an operator may say: I know. */
const OVERRIDABLE = new Set(['LAG', 'PARITY', 'SEMI_SYNC', 'RECENT']);

export const forced = (answer: GuardrailAnswer, force: boolean): GuardrailAnswer =>
  !answer.ok && force && OVERRIDABLE.has(answer.code)
    ? { ...answer, ok: true, message: `overridden by force: ${answer.message}` }
    : answer;
