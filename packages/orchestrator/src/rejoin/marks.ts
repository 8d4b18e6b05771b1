import type { Journal, Rebuild } from '../state/journal';

/** Copies that were begun and are not known to be whole. A node whose data may be half of each is nobody's candidate. */
export const markOf = ({ memory }: Journal, node: string): Rebuild | undefined =>
  memory.rebuilds?.find((each) => each.node === node);

/** On the disk before anything is destroyed. */
export const mark = (journal: Journal, rebuild: Rebuild): Promise<void> =>
  journal.write({ rebuilds: [...others(journal, rebuild.node), rebuild] });

export const unmark = (journal: Journal, node: string): Promise<void> =>
  journal.write({ rebuilds: others(journal, node) });

const others = ({ memory }: Journal, node: string): readonly Rebuild[] =>
  (memory.rebuilds ?? []).filter((each) => each.node !== node);

/** What a person has to know of it, and to do. */
export const cutShort = ({ node, donor }: Rebuild): string =>
  `the copy of ${donor} over ${node} did not come to its end: its data may be half of each; npx myswitch rejoin ${node} --rebuild`;
