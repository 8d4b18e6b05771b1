import { type Goal, fixed, table } from '../output';
import { median } from '../statistics';
import type { Sample } from './rounds';
import { PROTOCOLS, type Protocol, TESTS, type Test } from './sysbench';

const CPU_GOAL = 1.3;

/** Medians over the rounds. */
export interface Line {
  readonly test: Test;
  readonly protocol: Protocol;
  readonly peer: string;
  readonly queriesPerSecond: number | null;
  readonly p99: number | null;
  readonly cpuPerQuery: number | null;
  /** To HAProxy's: median of the rounds' own ratios. */
  readonly cpuRatio: number | null;
  readonly rateRatio: number | null;
}

export function summarize(samples: readonly Sample[]): Line[] {
  const lines: Line[] = [];
  for (const test of TESTS) {
    for (const protocol of PROTOCOLS) {
      const of = (peer: string): Sample[] =>
        samples.filter((sample) => sample.test === test && sample.protocol === protocol && sample.peer === peer);
      const reference = of('haproxy');
      for (const peer of new Set(samples.map((sample) => sample.peer))) {
        const own = of(peer);
        const ratios = (pick: (sample: Sample) => number | null): number[] =>
          own.flatMap((sample, round) => {
            const [value, other] = [pick(sample), reference[round] === undefined ? null : pick(reference[round])];
            return value === null || other === null || other === 0 ? [] : [value / other];
          });
        lines.push({
          test,
          protocol,
          peer,
          queriesPerSecond: median(own.map((sample) => sample.queriesPerSecond)),
          p99: median(own.map((sample) => sample.p99)),
          cpuPerQuery: median(own.flatMap((sample) => sample.cpuPerQuery ?? [])),
          cpuRatio: median(ratios((sample) => sample.cpuPerQuery)),
          rateRatio: median(ratios((sample) => sample.queriesPerSecond)),
        });
      }
    }
  }
  return lines;
}

export function goals(lines: readonly Line[]): Goal[] {
  return lines
    .filter(({ peer }) => peer === 'myswitch')
    .map(({ test, protocol, cpuRatio }) => ({
      text: `${test} ${protocol}: CPU per query ${fixed(cpuRatio, 2)} x HAProxy's (goal: <= ${CPU_GOAL})`,
      reached: cpuRatio === null ? null : cpuRatio <= CPU_GOAL,
    }));
}

export function describe(lines: readonly Line[]): string {
  const heading = ['', 'queries/s', 'p99 ms', 'CPU us/query', 'CPU : HAProxy', 'queries/s : HAProxy'];
  return TESTS.flatMap((test) => PROTOCOLS.map((protocol) => ({ test, protocol })))
    .map(({ test, protocol }) => {
      const rows = lines
        .filter((line) => line.test === test && line.protocol === protocol)
        .map((line) => [
          line.peer,
          fixed(line.queriesPerSecond, 0),
          fixed(line.p99, 2),
          fixed(line.cpuPerQuery, 1),
          fixed(line.cpuRatio, 2),
          fixed(line.rateRatio, 2),
        ]);
      return `${test}, ${protocol} protocol\n${table(heading, rows)}`;
    })
    .join('\n\n');
}
