import type { CheckReport } from '@myswitch/orchestrator';
import type { Kind } from '@myswitch/testkit';
import type { Outcome } from '../compatibility/results';
import type { Driver } from './driver';
import { unexplained } from './explained';
import { type Difference, type Job, type Transcript, differences, runJobs } from './job';
import { STATE_REQUESTS } from './state';
import type { Step } from './step';
import { STEPS } from './steps';
import { type DriverStage, type Run, accountOf } from './stage';

/** `explained`: nothing differs but what is known and stays. */
type Likeness = 'same' | 'explained' | 'differs';

/** A cell of the table driver x kind x feature. */
export interface Cell {
  readonly driver: string;
  readonly kind: Kind;
  readonly feature: string;
  /** Straight to the server, or through MySwitch where it can log in only there: whether the driver has it, and it works. */
  readonly direct: 'works' | 'fails' | 'unsupported';
  /** Compared with that: through MySwitch, and with a switch between every two phases. */
  readonly through: Likeness;
  readonly switched: Likeness | 'pinned';
  /** Why it is pinned, or what MySwitch does not have yet. */
  readonly note: string | null;
  /** Autocommit is off by default: every SELECT opens a transaction. */
  readonly opensTransactions: boolean;
}

interface DriverResult {
  readonly driver: string;
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
    resultOf(stage.kind, driver, { direct: direct[index]!, through: through[index]!, switched: switched[index]! }),
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

function resultOf(kind: Kind, driver: Driver, runs: Runs): DriverResult {
  // Who can't log in to the server itself, but can to MySwitch, is compared with what comes of that.
  const only = runs.direct.absent && !runs.through.absent;
  const baseline = (only ? runs.through : runs.direct).transcript;
  const found = {
    through: differences(baseline, runs.through.transcript),
    switched: differences(baseline, runs.switched.transcript),
  };
  const cells = STEPS.map((step) => ({
    driver: driver.name,
    kind,
    feature: step.name,
    direct: worked(step, baseline),
    through: only && step === STEPS[0] ? ('explained' as const) : likeness(kind, step, found.through),
    switched: pinOf(step, runs.switched) === null ? likeness(kind, step, found.switched) : ('pinned' as const),
    note: pinOf(step, runs.switched),
    opensTransactions: driver.opensTransactions === true,
  }));
  const problems: string[] = [];
  for (const name of ['direct', 'through', 'switched'] as const) {
    const job = runs[name];
    problems.push(...job.blocked.map(({ after, why }) => `${name}: after ${after} it blocks the switch: ${why}`));
    if (job.broken !== null) problems.push(`${name} ended early: ${job.broken}`);
  }
  for (const [name, list] of Object.entries(found)) {
    for (const one of list) {
      const lines = unexplained(kind, one);
      if (lines.length > 0) problems.push([`${name}: ${one.step}: ${one.asked}`, ...lines].join('\n  '));
    }
  }
  return { driver: driver.name, cells, problems };
}

function likeness(kind: Kind, step: Step, found: readonly Difference[]): Likeness {
  const own = found.filter((one) => one.step === step.name);
  if (own.some((one) => unexplained(kind, one).length > 0)) return 'differs';
  return own.length > 0 ? 'explained' : 'same';
}

const pinOf = (step: Step, job: Job): string | null =>
  job.blocked.find(({ after }) => after === step.name)?.why ?? null;

/** One word for a cell. */
export function outcomeOf({ direct, through, switched, note }: Cell): Outcome {
  if (direct === 'unsupported') return direct;
  if (through === 'differs' || switched === 'differs') return 'differs';
  if (direct === 'fails') return 'fails';
  if (switched === 'pinned') return `pinned: ${pinsIn(note ?? '')}`;
  return through === 'explained' || switched === 'explained' ? 'explained' : 'same';
}

/** What `check` said blocks, without what kind of blocking it is. */
const pinsIn = (note: string): string =>
  [...new Set(note.split('; ').map((one) => one.replace(/^\w+: /, '')))].join(', ');

/** Only what the step is about counts: not the state that is read after each. */
function worked(step: Step, transcript: Transcript): Cell['direct'] {
  const entries = (transcript.get(step.name) ?? []).filter(({ asked }) => !STATE_REQUESTS.test(asked));
  const answers = entries.map(({ answer }) => answer);
  if (answers.length === 0 || answers.some((answer) => 'unsupported' in answer)) return 'unsupported';
  return step.errors !== true && answers.some((answer) => 'error' in answer) ? 'fails' : 'works';
}
