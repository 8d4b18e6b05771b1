import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS, type Kind } from '@myswitch/testkit';
import { describeKinds } from '../support/kinds';
import { whyNoNamespaces } from '../support/namespaces';
import { play } from './play';
import type { Scenario } from './scenario';

const folders = readdirSync(__dirname).filter((name) => statSync(join(__dirname, name)).isDirectory());

/** A test for each folder with a scenario that is wanted. One kind a file: two of them run at a time. */
export function scenarios(kind: Kind, wanted: (scenario: Scenario) => boolean): void {
  const all = folders.map((folder) => [folder, load(folder)] as const).filter(([, scenario]) => wanted(scenario));
  const ours = all.filter(([, { kinds = KINDS }]) => kinds.includes(kind));
  const body = (): void => {
    for (const [folder, scenario] of ours) {
      const reason = (scenario.networked === true ? whyNoNamespaces() : scenario.whyNot?.(kind)) ?? null;
      const name = reason === null ? folder : `${folder} (${reason})`;
      (reason === null ? test : test.skip)(name, () => play(scenario, kind), 180_000);
    }
  };
  describeKinds('failures', body, undefined, [kind]);
}

const load = (folder: string): Scenario =>
  (require(join(__dirname, folder, 'scenario')) as { readonly scenario: Scenario }).scenario;
