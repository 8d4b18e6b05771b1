import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXPLAINED } from '../differential/explained';
import { EXPLAINED as EXPLAINED_OF_DRIVERS } from '../drivers/explained';
import { STEPS } from '../drivers/steps';
import { DRIVERS } from '../drivers/roster';
import { compatibilityPage } from './page';
import { type Group, type Results, readResults } from './results';
import type { Kind } from '@myswitch/testkit';

const FILE = join(__dirname, '../../../docs/compatibility.md');

const both = (group: Group): Record<Kind, Results> => ({
  mariadb: readResults(group, 'mariadb'),
  mysql: readResults(group, 'mysql'),
});
const measured = { drivers: both('drivers'), tools: both('tools') };

test('docs/compatibility.md is what was found last; npm run docs:compatibility writes it', () => {
  const text = compatibilityPage({
    measured,
    explained: [...EXPLAINED, ...EXPLAINED_OF_DRIVERS],
  });
  if (process.env['MYSWITCH_COMPATIBILITY'] !== undefined) writeFileSync(FILE, text);
  expect(readFileSync(FILE, 'utf8')).toBe(text);
});

test.each(Object.entries(measured.drivers))(
  'what was found with %s is of the drivers and steps that there are',
  (_kind, results) => {
    const names = new Set(DRIVERS.map(({ name }) => name));
    expect(Object.keys(results).filter((name) => !names.has(name))).toEqual([]);
    const steps = STEPS.map(({ name }) => name);
    for (const { outcomes } of Object.values(results)) expect(Object.keys(outcomes)).toEqual(steps);
  },
);

test('nothing that was found last differs', () => {
  const wrong = Object.values(measured).flatMap((group) =>
    Object.values(group).flatMap((results) =>
      Object.entries(results).flatMap(([name, { outcomes }]) =>
        Object.entries(outcomes).flatMap(([step, outcome]) => (outcome === 'differs' ? [`${name}: ${step}`] : [])),
      ),
    ),
  );
  expect(wrong).toEqual([]);
});
