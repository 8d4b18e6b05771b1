import { counted, type FlightRecord, type PoolRecord, type RejoinReport, type WriteFate } from '@myswitch/orchestrator';
import { indent, listed } from './lines';
import { ms } from './numbers';
import { describeLost, describeRejoin } from './rejoin';
import { table } from './table';

/** Refusals have changed nothing: unless `all`, they are only counted. */
export function describeHistory(records: readonly PoolRecord[], all: boolean): string {
  const shown = all ? records : records.filter(({ result }) => result !== 'refused');
  const hidden = records.length - shown.length;
  const left = hidden === 0 ? [] : [`${counted(hidden, 'refusal')} not shown: --all`];
  if (shown.length === 0) return ['nothing was done yet', ...left].join('; ');
  const told = table(
    ['id', 'started', 'pool', 'kind', 'from', 'to', 'result', 'hold', 'stall p99', 'moved', 'killed', 'by', 'reasons'],
    shown.map(rowOf),
  );
  return [told, ...left].join('\n');
}

function rowOf(record: PoolRecord): (string | number | null)[] {
  const { id, startedAt, pool, kind, result, by } = record;
  const reasons = record.reasons.map(({ code }) => code).join(',');
  // nobody waits for a rejoin
  if (record.kind === 'rejoin') {
    return [id, startedAt, pool, kind, record.node, record.active, result, null, null, null, null, by, reasons];
  }
  const { from, to, holdMs, stallMs, moved, killed } = record;
  return [id, startedAt, pool, kind, from, to, result, ms(holdMs), ms(stallMs.p99), moved, killed, by, reasons];
}

/** One record, all of it. */
export const describeRecord = (record: PoolRecord): string =>
  record.kind === 'rejoin' ? describeStoredRejoin(record) : describeFlight(record);

function describeStoredRejoin(report: RejoinReport): string {
  return [headOf(report), describeRejoin(report), ...stepsOf(report)].join('\n');
}

function describeFlight(record: FlightRecord): string {
  const { held, moved, pinned, killed, gtid } = record;
  return [
    headOf(record),
    describeOutcome(record),
    `  held ${held}  moved ${moved}  pinned ${pinned}  killed ${killed}`,
    `  GTID before ${gtid.before ?? '-'}, after ${gtid.after ?? '-'}`,
    ...stepsOf(record),
    ...describeUnknown(record),
    ...describeLost(record.lost ?? null),
  ].join('\n');
}

const FATES: Readonly<Record<WriteFate, string>> = {
  UNTOLD: 'told when the old primary is back',
  COMMITTED: 'committed',
  LOST: 'committed on the old primary alone',
  NOT_COMMITTED: 'not committed',
  UNDECIDED: 'can not be told',
};

/** Writes whose clients were told that nobody knows what became of them. */
function describeUnknown({ unknown }: FlightRecord): string[] {
  if (unknown === undefined) return [];
  const rows = unknown.writes.map(({ at, user, session, kind, fate, gtid }) => [
    at,
    user,
    session,
    kind,
    FATES[fate],
    gtid,
  ]);
  return ['writes of unknown outcome:', indent(table(['told', 'user', 'session', 'kind', 'fate', 'gtid'], rows))];
}

const headOf = ({ id, kind, startedAt, by }: PoolRecord): string => `${id}  ${kind} started ${startedAt} by ${by}`;

function stepsOf({ steps }: PoolRecord): string[] {
  if (steps.length === 0) return [];
  const rows = steps.map((step) => [step.name, Number(step.ms.toFixed(1)), step.ok ? 'ok' : 'FAILED']);
  return [indent(table(['step', 'ms', 'answer'], rows))];
}

/** What a switch came to, in one line; then why, and what is left to do. */
export function describeOutcome(record: FlightRecord): string {
  const { result, pool, holdMs, drainMs, stallMs, moved } = record;
  const direction = `${pool} from ${record.from ?? '?'} to ${record.to ?? '?'}`;
  const figures = `hold ${ms(holdMs)} (drain ${ms(drainMs)}), stall p99 ${ms(stallMs.p99)}`;
  const heads = HEADS[record.kind];
  return [
    heads[result](direction, figures, moved),
    ...listed('', record.reasons),
    ...listed('warning: ', record.warnings),
  ].join('\n');
}

type Head = (direction: string, figures: string, moved: number) => string;

const HEADS: Readonly<Record<FlightRecord['kind'], Readonly<Record<FlightRecord['result'], Head>>>> = {
  switch: {
    switched: (direction, figures, moved) => `switched ${direction}: ${figures}, ${counted(moved, 'client')} moved`,
    refused: (direction) => `refused to switch ${direction}: nothing was changed`,
    'rolled-back': (direction, figures) => `rolled back the switch of ${direction}: the old primary serves; ${figures}`,
    failed: (direction) => `FAILED to switch ${direction}: an operator is needed`,
  },
  failover: {
    switched: (direction, figures, moved) => `failed over ${direction}: ${figures}, ${counted(moved, 'client')} moved`,
    refused: (direction) => `refused to fail over ${direction}: nothing was changed`,
    'rolled-back': (direction) => `took back the failover of ${direction}: nobody was promoted`,
    failed: (direction) => `FAILED to fail over ${direction}: an operator is needed`,
  },
};
