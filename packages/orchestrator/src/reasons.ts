import type { CodedMessage } from './report';

/** As one sentence: `CODE: message; CODE: message`. Empty without any. */
export const sentenceOf = (reasons: readonly CodedMessage[]): string =>
  reasons.map(({ code, message }) => `${code}: ${message}`).join('; ');
