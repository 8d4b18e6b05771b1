import type { Kind } from '@myswitch/testkit';
import { type Goal, fixed, table } from '../output';
import { median, quantile } from '../statistics';
import type { Flights } from './flights';

/** Steps while the gate is closed. */
const HOLD_STEPS = ['hold', 'drain', 'fence', 'position', 'apply', 'promote', 'probe'] as const;

const FLOOR_FACTOR = 2;
const STALL_LIMIT_MS = 100;
const PREDICTION_FACTOR = 2;

/** How long the critical statements took by hand, in ms: with the load of the switches held at that moment, and on idle servers. */
export interface Floor {
  readonly held: readonly number[];
  readonly idle: readonly number[];
}

/** Durations in ms. */
export interface Summary {
  readonly kind: Kind;
  readonly version: string;
  readonly switches: number;
  readonly switched: number;
  readonly rate: number;
  readonly floor: { readonly held: number | null; readonly idle: number | null };
  readonly hold: { readonly p50: number | null; readonly p99: number | null };
  readonly drain: { readonly p50: number | null };
  /** holdMs - drainMs of each switch */
  readonly holdWithoutDrain: { readonly p50: number | null };
  /** p50 of each step during the hold, by name */
  readonly steps: Readonly<Record<string, number | null>>;
  readonly predictedHold: { readonly p50: number | null };
  /** p50: the middle one of the switches' p50; p99 and max: the worst of the switches. */
  readonly stall: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
  /** Slowest statement of each switch as the clients saw it. */
  readonly slowest: { readonly p50: number | null; readonly max: number | null };
  readonly failed: number;
  readonly dropped: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly problems: readonly string[];
}

export function summarize(kind: Kind, version: string, floor: Floor, flown: Flights): Summary {
  const { flights, ...counts } = flown;
  const done = flights.filter(({ record }) => record.result === 'switched');
  const values = (pick: (flight: (typeof done)[number]) => number | null): number[] =>
    done.flatMap((f) => pick(f) ?? []);
  const hold = values(({ record }) => record.holdMs);
  const slowest = values(({ slowestMs }) => slowestMs);
  return {
    kind,
    version,
    switches: flights.length,
    switched: done.length,
    floor: { held: median(floor.held), idle: median(floor.idle) },
    hold: { p50: median(hold), p99: quantile(hold, 0.99) },
    drain: { p50: median(values(({ record }) => record.drainMs)) },
    holdWithoutDrain: {
      p50: median(
        values(({ record: { holdMs, drainMs } }) => (holdMs === null || drainMs === null ? null : holdMs - drainMs)),
      ),
    },
    steps: Object.fromEntries(
      HOLD_STEPS.map((name) => [
        name,
        median(values(({ record }) => record.steps.find((step) => step.name === name)?.ms ?? null)),
      ]),
    ),
    predictedHold: { p50: median(values(({ predictedHoldMs }) => predictedHoldMs)) },
    stall: {
      p50: median(values(({ record }) => record.stallMs.p50)),
      p99: quantile(
        values(({ record }) => record.stallMs.p99),
        1,
      ),
      max: quantile(
        values(({ record }) => record.stallMs.max),
        1,
      ),
    },
    slowest: { p50: median(slowest), max: quantile(slowest, 1) },
    ...counts,
  };
}

export function goals(summary: Summary): Goal[] {
  const { kind, hold, holdWithoutDrain, floor, stall, predictedHold, failed, dropped, lost, duplicated } = summary;
  const limit = floor.held === null ? null : FLOOR_FACTOR * floor.held;
  const ratio = predictedHold.p50 === null || hold.p50 === null ? null : predictedHold.p50 / hold.p50;
  const goal = (text: string, value: number | null, reached: (value: number) => boolean): Goal => ({
    text: `${kind}: ${text}`,
    reached: value === null ? null : reached(value),
  });
  return [
    goal(
      `p50(holdMs - drainMs) ${fixed(holdWithoutDrain.p50, 2)} ms <= ${FLOOR_FACTOR} x floor = ${fixed(limit, 2)} ms`,
      limit === null ? null : holdWithoutDrain.p50,
      (value) => value <= (limit ?? 0),
    ),
    goal(`stall p99 ${fixed(stall.p99, 1)} ms <= ${STALL_LIMIT_MS} ms`, stall.p99, (value) => value <= STALL_LIMIT_MS),
    goal(`failed ${failed}, dropped ${dropped}`, failed + dropped, (value) => value === 0),
    goal(`lost ${lost}, duplicated ${duplicated}`, lost + duplicated, (value) => value === 0),
    goal(
      `switched ${summary.switched} of ${summary.switches}`,
      summary.switches - summary.switched,
      (value) => value === 0,
    ),
    goal(
      `predicted hold ${fixed(predictedHold.p50, 1)} ms = ${fixed(ratio, 2)} x the actual p50 (0.5 to ${PREDICTION_FACTOR})`,
      ratio,
      (value) => value <= PREDICTION_FACTOR && value >= 1 / PREDICTION_FACTOR,
    ),
  ];
}

export function describe(summaries: readonly Summary[]): string {
  const row = (name: string, pick: (summary: Summary) => string): string[] => [name, ...summaries.map(pick)];
  return table(
    ['ms', ...summaries.map(({ kind, version }) => `${kind} ${version}`)],
    [
      row('floor p50', ({ floor }) => fixed(floor.held, 2)),
      row('floor p50, servers idle all along', ({ floor }) => fixed(floor.idle, 2)),
      row('hold p50', ({ hold }) => fixed(hold.p50, 2)),
      row('hold p99', ({ hold }) => fixed(hold.p99, 2)),
      row('drain p50', ({ drain }) => fixed(drain.p50, 2)),
      row('hold - drain p50', ({ holdWithoutDrain }) => fixed(holdWithoutDrain.p50, 2)),
      ...HOLD_STEPS.map((name) => row(`  ${name} p50`, ({ steps }) => fixed(steps[name] ?? null, 2))),
      row('predicted hold p50', ({ predictedHold }) => fixed(predictedHold.p50, 2)),
      row('stall p50', ({ stall }) => fixed(stall.p50, 2)),
      row('stall p99 (worst switch)', ({ stall }) => fixed(stall.p99, 2)),
      row('stall max', ({ stall }) => fixed(stall.max, 2)),
      row('slowest statement p50', ({ slowest }) => fixed(slowest.p50, 2)),
      row('slowest statement max', ({ slowest }) => fixed(slowest.max, 2)),
      row('statements/s answered', ({ rate }) => fixed(rate, 0)),
      row('failed', ({ failed }) => String(failed)),
      row('dropped connections', ({ dropped }) => String(dropped)),
      row('lost', ({ lost }) => String(lost)),
      row('duplicated', ({ duplicated }) => String(duplicated)),
    ],
  );
}
