import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS, type Kind } from '@myswitch/testkit';
import { describeKinds } from '../support/kinds';
import { whyNoNamespaces } from '../support/namespaces';
import { play } from './play';
import type { Scenario } from './scenario';

const folders = readdirSync(__dirname).filter((name) => statSync(join(__dirname, name)).isDirectory());

/** A test for each folder with a scenario that is wanted. */
export function scenarios(title: string, wanted: (scenario: Scenario) => boolean): void {
  const all = folders.map((folder) => [folder, load(folder)] as const).filter(([, scenario]) => wanted(scenario));
  describeKinds(title, (kind: Kind) => {
    const ours = all.filter(([, { kinds = KINDS }]) => kinds.includes(kind));
    for (const [folder, scenario] of ours) {
      const reason = (scenario.networked === true ? whyNoNamespaces() : scenario.whyNot?.(kind)) ?? null;
      const name = reason === null ? folder : `${folder} (${reason})`;
      (reason === null ? test : test.skip)(name, () => play(scenario, kind), 180_000);
    }
  });
}

const load = (folder: string): Scenario =>
  (require(join(__dirname, folder, 'scenario')) as { readonly scenario: Scenario }).scenario;
