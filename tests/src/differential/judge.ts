import type { Kind } from '@myswitch/testkit';
import type { Case } from './case';
import { explanationOf } from './explained';
import type { Difference, Outcome } from './runner';

/** Fails with what is neither explained nor a finding that is known. */
export function expectNoDifferences(cases: readonly Case[], outcomes: readonly Outcome[], kind: Kind): void {
  const known = new Set(cases.filter((one) => findingOf(one, kind) !== null).map(({ title }) => title));
  const unknown = outcomes
    .flatMap(({ differences }) => differences)
    .filter((one) => !known.has(one.title) && explanationOf(one, kind) === null);
  expect(unknown.map(described)).toEqual([]);
}

export function findingOf({ finding }: Case, kind: Kind): string | null {
  return (typeof finding === 'object' ? finding[kind] : finding) ?? null;
}

export function described({ title, profile, way, number, step, direct, got }: Difference): string {
  return `${title} [${profile}, ${way}] ${number}: ${step}\n  direct ${direct}\n  got    ${got}`;
}
