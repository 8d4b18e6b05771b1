import type { CodedMessage } from '@myswitch/orchestrator';

/** Each on a line of its own. */
export function listed(prefix: string, messages: readonly CodedMessage[]): string[] {
  return messages.map(({ code, message }) => `  ${prefix}${code}: ${message}`);
}

export function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
