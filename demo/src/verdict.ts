import { type Cluster, type Workload, type WorkloadReport, caughtUp, checkLedger, position } from '@myswitch/testkit';
import type { Screen } from './screen';
import { CLIENTS, node } from './stage';
import { count, ms } from './words';

/** A switch, and the slowest statement of all clients meanwhile as they saw it. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly holdMs: number | null;
  readonly pauseMs: number;
}

export interface Verdict {
  readonly report: WorkloadReport;
  readonly lost: number;
  readonly duplicated: number;
  /** What is wrong, each in a sentence; empty when nobody noticed anything. */
  readonly problems: readonly string[];
}

/** Ends the workload and compares what its clients know with what each server has. */
export async function judge(cluster: Cluster, active: string, workload: Workload): Promise<Verdict> {
  const report = await workload.stop();
  const primary = node(cluster, active);
  const replicas = cluster.nodes.filter((server) => server !== primary);
  await caughtUp(primary, replicas);
  const problems: string[] = [...report.sessionErrors];
  if (report.failed > 0) problems.push(`failed by error number: ${JSON.stringify(report.failedBy)}`);
  problems.push(...report.messages);
  let [lost, duplicated] = [0, 0];
  for (const server of [primary, ...replicas]) {
    const found = await checkLedger(server, workload);
    if (found.problem !== null) problems.push(found.problem);
    lost = Math.max(lost, found.lost.length);
    duplicated = Math.max(duplicated, found.duplicated.length);
  }
  const positions = new Set(await Promise.all(cluster.nodes.map(position)));
  if (positions.size !== 1) problems.push(`the servers end at different positions: ${[...positions].join(' / ')}`);
  if (report.unknown > 0) problems.push(`${report.unknown} statements never got a reply`);
  if (report.dropped > 0) problems.push(`${report.dropped} connections were dropped`);
  if (report.acknowledged === 0) problems.push('nothing was written');
  return { report, lost, duplicated, problems };
}

/** The table at the end, and one sentence. */
export function print(screen: Screen, { report, lost, duplicated, problems }: Verdict, moves: readonly Move[]): void {
  const rows: (readonly [name: string, value: string, note: string])[] = [
    ['statements', count(report.statements), `of ${CLIENTS} clients in ${report.seconds.toFixed(0)} s`],
    ['failed', count(report.failed + report.unknown), ''],
    ['lost', count(lost), `of ${count(report.acknowledged)} acknowledged writes`],
    ['duplicated', count(duplicated), ''],
    ['dropped connections', count(report.dropped), ''],
    ['longest pause', ms(report.latency.max), 'slowest statement of the whole run'],
    ...moves.map(
      ({ from, to, holdMs, pauseMs }) =>
        [`hold ${from} -> ${to}`, ms(holdMs), `longest pause meanwhile ${ms(pauseMs)}`] as const,
    ),
  ];
  const width = Math.max(...rows.map(([, value]) => value.length));
  screen.line();
  for (const [name, value, note] of rows) {
    screen.line(`  ${name.padEnd(20)} ${value.padStart(width)}  ${screen.color('dim', note)}`.trimEnd());
  }
  screen.line();
  for (const problem of new Set(problems)) screen.line(`  ${screen.color('red', problem)}`);
  const [verdict, color] =
    problems.length === 0
      ? ([
          'PASSED: every client stayed connected, every statement was answered, every write is there once',
          'green',
        ] as const)
      : (['FAILED', 'red'] as const);
  screen.line(screen.color(color, verdict));
}
