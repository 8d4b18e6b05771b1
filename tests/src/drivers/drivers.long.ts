import { type Result, keepResults } from '../compatibility/results';
import { describeKinds } from '../support/kinds';
import { type MatrixReport, outcomeOf, runMatrix } from './matrix';
import { DRIVERS } from './roster';
import { DriverStage } from './stage';
import { versionOf } from './versions';

/** Why a driver's runtime is not on this machine, as scripts/jest/global-setup.js found; null when it is. */
const whyMissing = (runtime: string | undefined): string | null =>
  runtime === undefined ? null : (process.env[`MYSWITCH_MISSING_RUNTIME_${runtime.toUpperCase()}`] ?? null);

const only = process.env['MYSWITCH_DRIVERS'];
const chosen = DRIVERS.filter(({ name }) => only === undefined || new RegExp(only).test(name));
const drivers = chosen.filter(({ runtime }) => whyMissing(runtime) === null);

/** Every driver, direct and through MySwitch, with a switch before every phase. */
describeKinds('driver matrix', (kind) => {
  let stage: DriverStage;
  let report: MatrixReport;

  beforeAll(async () => {
    stage = await DriverStage.set(kind, drivers);
    report = await runMatrix(stage, drivers, { switchEvery: 1 });
    const found: Record<string, Result> = {};
    for (const { driver, cells } of report.results) {
      const outcomes = Object.fromEntries(cells.map((cell) => [cell.feature, outcomeOf(cell)]));
      found[driver] = { version: await versionOf(driver), server: stage.primary.version, outcomes };
    }
    const names = DRIVERS.map(({ name }) => name);
    keepResults('drivers', kind, found, names);
  }, 15 * 60_000);

  afterAll(() => stage.strike());

  test('every switch was made, and every driver moved with it', () => {
    expect(report.problems).toEqual([]);
  });

  for (const { name, runtime } of chosen) {
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
