import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS, type Kind } from '@myswitch/testkit';
import { describeKinds } from '../support/kinds';
import { play } from './play';
import type { Scenario } from './scenario';

const folders = readdirSync(__dirname).filter((name) => statSync(join(__dirname, name)).isDirectory());

/** A test for each folder with a scenario that is wanted. */
export function scenarios(title: string, wanted: (scenario: Scenario) => boolean): void {
  const all = folders.map((folder) => ({ folder, ...load(folder) })).filter(wanted);
  describeKinds(title, (kind: Kind) => {
    const ours = all.filter(({ kinds = KINDS }) => kinds.includes(kind));
    test.each(ours.map((one) => [one.folder, one] as const))('%s', (_folder, one) => play(one, kind), 180_000);
  });
}

// eslint-disable-next-line @typescript-eslint/no-require-imports
const load = (folder: string): Scenario =>
  (require(join(__dirname, folder, 'scenario')) as { scenario: Scenario }).scenario;
