import { writeFileSync } from 'node:fs';
import { describeKinds } from '../support/kinds';
import { type Cell, type MatrixReport, runMatrix } from './matrix';
import { DRIVERS } from './roster';
import { DriverStage } from './stage';

/** Why a driver's runtime is not on this machine, as scripts/jest/global-setup.js found; null when it is. */
const whyMissing = (runtime: string | undefined): string | null =>
  runtime === undefined ? null : (process.env[`MYSWITCH_MISSING_RUNTIME_${runtime.toUpperCase()}`] ?? null);

const only = process.env['MYSWITCH_DRIVERS'];
const roster = DRIVERS.filter(({ name }) => only === undefined || new RegExp(only).test(name));
const drivers = roster.filter(({ runtime }) => whyMissing(runtime) === null);

/** Every driver, direct and through MySwitch, with a switch before every phase. `MYSWITCH_DRIVER_MATRIX` names a file for the table. */
const cells: Cell[] = [];

describeKinds('driver matrix', (kind) => {
  let stage: DriverStage;
  let report: MatrixReport;

  beforeAll(async () => {
    stage = await DriverStage.set(kind, drivers);
    report = await runMatrix(stage, drivers, { switchEvery: 1 });
    cells.push(...report.results.flatMap((result) => result.cells));
  }, 15 * 60_000);

  afterAll(() => stage.strike());

  test('every switch was made, and every driver moved with it', () => {
    expect(report.problems).toEqual([]);
  });

  for (const { name, runtime } of roster) {
    const reason = whyMissing(runtime);
    if (reason !== null) {
      test.skip(`${name}: ${reason}`, () => undefined);
      continue;
    }
    test(`${name} has the same answers`, () => {
      expect(report.results.find(({ driver }) => driver === name)?.problems).toEqual([]);
    });
  }
});

afterAll(() => {
  const file = process.env['MYSWITCH_DRIVER_MATRIX'];
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(cells, null, 2)}\n`);
});
