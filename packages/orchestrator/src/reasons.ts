import { codeOf, messageOf } from './errors';
import type { CodedMessage } from './report';

/** As one sentence: `CODE: message; CODE: message`. Empty without any. */
export const sentenceOf = (reasons: readonly CodedMessage[]): string =>
  reasons.map(({ code, message }) => `${code}: ${message}`).join('; ');

/** Why something failed. */
export const reasonOf = (error: unknown): CodedMessage => ({ code: codeOf(error), message: messageOf(error) });
