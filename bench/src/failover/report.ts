import type { Kind } from '@myswitch/testkit';
import { type Goal, fixed, table } from '../output';
import { median, quantile } from '../statistics';
import { FAULTS, type Fault } from './fault';
import { type Flight, type Setting, nameOf } from './flights';
import { LISTEN_MS } from './floor';

/** Those before the first write. */
const STEPS = ['lock', 'confirm', 'elect', 'detach', 'hold', 'fence', 'apply', 'promote', 'release'] as const;

const DETECTION_SHARE = 0.1;
const FLOOR_FACTOR = 3;

/** Of one fault. Durations in ms. */
export interface Summary {
  readonly kind: Kind;
  readonly version: string;
  readonly fault: Fault;
  readonly floor: number | null;
  readonly detection: readonly Detection[];
  /** From the decision on, of all settings together. */
  readonly firstWrite: { readonly p50: number | null; readonly max: number | null };
  /** p50 of each step, by name. */
  readonly steps: Readonly<Record<string, number | null>>;
  /** What clients were told while they waited for their first write. */
  readonly told: readonly string[];
}

interface Detection {
  readonly setting: string;
  readonly expected: number;
  readonly p50: number | null;
  readonly max: number | null;
  /** The one that is furthest from what was expected, as a share of it. */
  readonly off: number | null;
}

export function summarize(
  server: { readonly kind: Kind; readonly version: string },
  floors: Readonly<Record<Fault, readonly number[]>>,
  flown: readonly { readonly setting: Setting; readonly flights: readonly Flight[] }[],
): Summary[] {
  return FAULTS.map((fault) => {
    const ofFault = flown.map(({ setting, flights }) => ({
      setting,
      flights: flights.filter((flight) => flight.fault === fault),
    }));
    const all = ofFault.flatMap(({ flights }) => flights);
    const firstWrites = all.map(({ firstWriteMs }) => firstWriteMs);
    const { kind, version } = server;
    const stepOf = (name: string) =>
      all.flatMap(({ record }) => record.steps.find((step) => step.name === name)?.ms ?? []);
    return {
      kind,
      version,
      fault,
      floor: median(floors[fault]),
      detection: ofFault.map(({ setting, flights }) => detectionOf(setting, flights)),
      firstWrite: { p50: median(firstWrites), max: quantile(firstWrites, 1) },
      steps: Object.fromEntries(STEPS.map((name) => [name, median(stepOf(name))])),
      told: [...new Set(all.flatMap(({ told }) => told))],
    };
  });
}

function detectionOf(setting: Setting, flights: readonly Flight[]): Detection {
  const detected = flights.map(({ detectedMs }) => detectedMs);
  const offs = flights.map(({ detectedMs, expectedMs }) => detectedMs / expectedMs - 1);
  return {
    setting: nameOf(setting),
    expected: flights[0]?.expectedMs ?? setting.intervalMs * setting.failures,
    p50: median(detected),
    max: quantile(detected, 1),
    off: offs.sort((a, b) => Math.abs(b) - Math.abs(a))[0] ?? null,
  };
}

export function goals({ kind, fault, floor, detection, firstWrite }: Summary): Goal[] {
  const limit = floor === null ? null : FLOOR_FACTOR * floor;
  const ratio = floor === null || firstWrite.p50 === null ? null : firstWrite.p50 / floor;
  const within = detection.map(({ setting, expected, p50, max, off }) => ({
    text:
      `${kind} ${fault}: detected after p50 ${fixed(p50, 0)} ms, max ${fixed(max, 0)} ms; ${setting} = ${expected} ms, ` +
      `off by ${percent(off)} at most (10 %)`,
    reached: off === null ? null : Math.abs(off) <= DETECTION_SHARE,
  }));
  const write = {
    text:
      `${kind} ${fault}: first write p50 ${fixed(firstWrite.p50, 1)} ms after the decision = ${fixed(ratio, 2)} x floor ` +
      `<= ${FLOOR_FACTOR} x ${fixed(floor, 1)} ms`,
    reached: limit === null || firstWrite.p50 === null ? null : firstWrite.p50 <= limit,
  };
  return [...within, write];
}

const percent = (share: number | null): string =>
  share === null ? '-' : `${share < 0 ? '-' : '+'}${Math.abs(100 * share).toFixed(1)} %`;

export function describe(summaries: readonly Summary[]): string {
  const row = (name: string, pick: (summary: Summary) => string): string[] => [name, ...summaries.map(pick)];
  const settings = summaries[0]?.detection ?? [];
  return `${table(
    ['ms', ...summaries.map(({ kind, version, fault }) => `${kind} ${version} ${fault}`)],
    [
      ...settings.flatMap(({ setting, expected }, index) => [
        row(`detected p50, ${setting} = ${expected}`, ({ detection }) => fixed(detection[index]?.p50 ?? null, 0)),
        row('  max', ({ detection }) => fixed(detection[index]?.max ?? null, 0)),
        row('  furthest off', ({ detection }) => percent(detection[index]?.off ?? null)),
      ]),
      row('floor p50', ({ floor }) => fixed(floor, 2)),
      row('first write p50', ({ firstWrite }) => fixed(firstWrite.p50, 2)),
      row('first write max', ({ firstWrite }) => fixed(firstWrite.max, 2)),
      ...STEPS.map((name) => row(`  ${name} p50`, ({ steps }) => fixed(steps[name] ?? null, 2))),
    ],
  )}\n  the floor of one that hangs: its replicas are given ${LISTEN_MS} ms to hear it, and may be slow to stop trying`;
}
