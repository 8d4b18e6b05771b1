import { writeFileSync } from 'node:fs';
import type { Kind } from '@myswitch/testkit';
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

/** What the file that `MYSWITCH_DRIVER_MATRIX` names gets: names with their versions, and the table. */
interface Matrix {
  readonly servers: Partial<Record<Kind, string>>;
  readonly drivers: Record<string, string | null>;
  readonly cells: Cell[];
}
const matrix: Matrix = { servers: {}, drivers: {}, cells: [] };

/** Every driver, direct and through MySwitch, with a switch before every phase. */
describeKinds('driver matrix', (kind) => {
  let stage: DriverStage;
  let report: MatrixReport;

  beforeAll(async () => {
    stage = await DriverStage.set(kind, drivers);
    report = await runMatrix(stage, drivers, { switchEvery: 1 });
    matrix.servers[kind] = await stage.version();
    for (const { driver, version, cells } of report.results) {
      matrix.drivers[driver] = version;
      matrix.cells.push(...cells);
    }
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
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(matrix, null, 2)}\n`);
});
