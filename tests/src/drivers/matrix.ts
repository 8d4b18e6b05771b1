import type { CheckReport } from '@myswitch/orchestrator';
import type { Kind } from '@myswitch/testkit';
import type { Driver } from './driver';
import { type Explained, explain } from './explained';
import { type Job, type Transcript, differences, runJobs } from './job';
import { STATE_REQUESTS } from './state';
import type { Step } from './step';
import { STEPS } from './steps';
import { type DriverStage, type Run, accountOf } from './stage';

/** `explained`: it differs, for a reason that is known. */
export type Compared = 'same' | 'explained' | 'differs';

/** A cell of the table driver x kind x feature. */
export interface Cell {
  readonly driver: string;
  readonly kind: Kind;
  readonly feature: string;
  /** Straight to the server: whether the driver has it, and it works. */
  readonly direct: 'works' | 'fails' | 'unsupported';
  /** Compared with that: through MySwitch, and with a switch between every two phases. */
  readonly through: Compared;
  readonly switched: Compared | 'pinned';
  /** Why it is pinned, and what explains a difference. */
  readonly notes: readonly string[];
  /** Autocommit is off by default: every SELECT opens a transaction. */
  readonly opensTransactions: boolean;
}

interface DriverResult {
  readonly driver: string;
  readonly version: string | null;
  readonly cells: readonly Cell[];
  readonly problems: readonly string[];
}

type Runs = Readonly<Record<Run, Job>>;

export interface MatrixOptions {
  /** A switch comes before every so manieth phase; 1: before each. */
  readonly switchEvery: number;
}

export interface MatrixReport {
  readonly results: readonly DriverResult[];
  readonly switches: number;
  /** Of switches that were not made, or were by the drivers not seen. */
  readonly problems: readonly string[];
}

/** Every driver: direct, through MySwitch, and side by side with switches between. */
export async function runMatrix(
  stage: DriverStage,
  drivers: readonly Driver[],
  { switchEvery }: MatrixOptions,
): Promise<MatrixReport> {
  const open = (run: Run): Promise<Job[]> => Promise.all(drivers.map((driver) => stage.job(driver, run)));
  const direct = await open('direct');
  const versions = await Promise.all(direct.map((job) => job.version()));
  await runJobs(direct);
  await endAll(direct); // else they would be sessions that bypass MySwitch
  const through = await open('through');
  await runJobs(through);
  await endAll(through);
  const switched = await open('switched');
  let phases = 0;
  let switches = 0;
  const problems: string[] = [];
  const between = async (jobs: readonly Job[], step: Step): Promise<void> => {
    phases += 1;
    if (phases % switchEvery !== 0) return;
    const record = await stage.switch();
    if (!('result' in record)) {
      await blame(record, jobs);
      return;
    }
    if (record.result !== 'switched') {
      problems.push(
        `before ${step.name}: ${record.result}: ${record.reasons.map(({ message }) => message).join('; ')}`,
      );
      return;
    }
    switches += 1;
    for (const job of jobs) {
      job.moved();
      const server = await job.serverId();
      if (server !== null && !server.includes(`${stage.primary.serverId}`)) {
        problems.push(`before ${step.name}: ${job.driver.name} is still elsewhere: ${server}`);
      }
    }
  };
  await runJobs(switched, between);
  await endAll(switched);
  const results = drivers.map((driver, index) =>
    resultOf(stage.kind, driver, versions[index]!, {
      direct: direct[index]!,
      through: through[index]!,
      switched: switched[index]!,
    }),
  );
  return { results, switches, problems };
}

/** The switch is left out; who goes on blocking is ended, so that the others get on. */
async function blame(blocking: CheckReport['blocking'], jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) {
    const own = blocking.filter(({ user }) => user === accountOf(job.driver));
    const reasons = [...new Set(own.map(({ kind, reason }) => `${kind}: ${reason}`))];
    if (reasons.length > 0) await job.blocks(reasons.join('; '));
  }
}

async function endAll(jobs: readonly Job[]): Promise<void> {
  await Promise.all(jobs.map((job) => job.end()));
}

function resultOf(kind: Kind, driver: Driver, version: string | null, runs: Runs): DriverResult {
  // Who can't log in to the server itself, but can to MySwitch, is compared with what comes of that.
  const baseline = (runs.direct.absent ? runs.through : runs.direct).transcript;
  const found = {
    through: differences(baseline, runs.through.transcript).map((one) => explain(kind, one)),
    switched: differences(baseline, runs.switched.transcript).map((one) => explain(kind, one)),
  };
  const cells = STEPS.map((step): Cell => {
    const pin = pinOf(step, runs.switched);
    const here = [...found.through, ...found.switched].filter((one) => one.step === step.name);
    return {
      driver: driver.name,
      kind,
      feature: step.name,
      direct: worked(step, runs.direct.transcript),
      through: compared(step, found.through),
      switched: pin === null ? compared(step, found.switched) : 'pinned',
      notes: [...(pin === null ? [] : [pin]), ...new Set(here.flatMap(({ reasons }) => reasons))],
      opensTransactions: driver.opensTransactions === true,
    };
  });
  const problems: string[] = [];
  for (const name of ['direct', 'through', 'switched'] as const) {
    const job = runs[name];
    problems.push(...job.blocked.map(({ after, why }) => `${name}: after ${after} it blocks the switch: ${why}`));
    if (job.broken !== null) problems.push(`${name} ended early: ${job.broken}`);
  }
  for (const [name, list] of Object.entries(found)) {
    for (const { step, asked, unexplained } of list) {
      if (unexplained.length > 0) problems.push([`${name}: ${step}: ${asked}`, ...unexplained].join('\n  '));
    }
  }
  return { driver: driver.name, version, cells, problems };
}

function compared(step: Step, found: readonly Explained[]): Compared {
  const here = found.filter((one) => one.step === step.name);
  if (here.length === 0) return 'same';
  return here.every(({ unexplained }) => unexplained.length === 0) ? 'explained' : 'differs';
}

const pinOf = (step: Step, job: Job): string | null =>
  job.blocked.find(({ after }) => after === step.name)?.why ?? null;

/** Only what the step is about counts: not the state that is read after each. */
function worked(step: Step, transcript: Transcript): Cell['direct'] {
  const entries = (transcript.get(step.name) ?? []).filter(({ asked }) => !STATE_REQUESTS.test(asked));
  const answers = entries.map(({ answer }) => answer);
  if (answers.length === 0 || answers.some((answer) => 'unsupported' in answer)) return 'unsupported';
  return step.errors !== true && answers.some((answer) => 'error' in answer) ? 'fails' : 'works';
}
