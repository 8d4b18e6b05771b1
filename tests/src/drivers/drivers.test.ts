import { describeKinds } from '../support/kinds';
import { type MatrixReport, runMatrix } from './matrix';
import { NPM_DRIVERS } from './roster';
import { DriverStage } from './stage';

jest.setTimeout(120_000);

/** The drivers that are always there, with a few switches: all drivers and a switch at each step are in drivers.long.ts. */
describeKinds('npm drivers, direct and through MySwitch', (kind) => {
  let stage: DriverStage;
  let report: MatrixReport;

  beforeAll(async () => {
    stage = await DriverStage.set(kind, NPM_DRIVERS, 1);
    report = await runMatrix(stage, NPM_DRIVERS, { switchEvery: 9 });
  });

  afterAll(() => stage.strike());

  test('every switch was made, and every driver moved with it', () => {
    expect(report.problems).toEqual([]);
    expect(report.switches).toBeGreaterThan(2);
  });

  test.each(NPM_DRIVERS.map(({ name }) => name))('%s has the same answers', (name) => {
    expect(report.results.find(({ driver }) => driver === name)?.problems).toEqual([]);
  });
});
