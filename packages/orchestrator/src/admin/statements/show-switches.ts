import type { FlightRecord, PoolRecord, RejoinReport } from '../../report';
import { requirePool, type AdminContext } from '../context';
import { codedError } from '../errors';
import type { Cell, Reply } from '../reply';

/** SHOW SWITCHES: a row for each record, the oldest first as the control plane has them. */
export async function showSwitches(context: AdminContext, pool: string | null, reply: Reply): Promise<void> {
  if (pool !== null) requirePool(context, pool);
  const records = await context.control.history(pool ?? undefined);
  reply.table(
    [
      'id',
      'pool',
      'kind',
      'from',
      'to',
      'by',
      'started_at',
      'result',
      { name: 'hold_ms', type: 'number' },
      { name: 'stall_p99_ms', type: 'number' },
      { name: 'moved', type: 'integer' },
      { name: 'killed', type: 'integer' },
      'reasons',
    ],
    records.map(rowOf),
  );
}

function rowOf(record: PoolRecord): Cell[] {
  const { id, pool, kind, by, startedAt, result, reasons } = record;
  const [from, to] = kind === 'rejoin' ? [record.node, record.active] : [record.from, record.to];
  const figures = kind === 'rejoin' ? NO_FIGURES : [record.holdMs, record.stallMs.p99, record.moved, record.killed];
  return [id, pool, kind, from, to, by, startedAt, result, ...figures, reasons.map(({ code }) => code).join(',')];
}

/** Nobody waits for a rejoin. */
const NO_FIGURES: readonly Cell[] = [null, null, null, null];

/** SHOW SWITCH 'id': one record, a row for each figure; the last row is `record` with its JSON. */
export async function showSwitch({ control }: AdminContext, id: string, reply: Reply): Promise<void> {
  const record = await control.show(id);
  if (record === null) throw codedError('UNKNOWN_SWITCH', `there is no record "${id}"`);
  reply.table(['item', 'value'], [...tell(record), ['record', JSON.stringify(record)]]);
}

const tell = (record: PoolRecord): Cell[][] => (record.kind === 'rejoin' ? tellRejoin(record) : tellFlight(record));

function tellRejoin(report: RejoinReport): Cell[][] {
  return [
    ['id', report.id],
    ['pool', report.pool],
    ['kind', report.kind],
    ['node', report.node],
    ['active', report.active],
    ['by', report.by],
    ['started_at', report.startedAt],
    ['result', report.result],
    ...tellSteps(report),
    ['lost', report.lost?.gtid ?? null],
  ];
}

const tellSteps = ({ steps, reasons, warnings }: PoolRecord): Cell[][] => [
  ...steps.map(({ name, ms, ok }): Cell[] => [`step ${name}`, `${ms} ms${ok ? '' : ', failed'}`]),
  ...reasons.map(({ code, message }): Cell[] => ['reason', `${code}: ${message}`]),
  ...warnings.map(({ code, message }): Cell[] => ['warning', `${code}: ${message}`]),
];

function tellFlight(record: FlightRecord): Cell[][] {
  return [
    ['id', record.id],
    ['pool', record.pool],
    ['kind', record.kind],
    ['from', record.from],
    ['to', record.to],
    ['by', record.by],
    ['started_at', record.startedAt],
    ['result', record.result],
    ['hold_ms', record.holdMs],
    ['drain_ms', record.drainMs],
    ['stall_p50_ms', record.stallMs.p50],
    ['stall_p99_ms', record.stallMs.p99],
    ['stall_max_ms', record.stallMs.max],
    ['held', record.held],
    ['moved', record.moved],
    ['pinned', record.pinned],
    ['killed', record.killed],
    ...tellSteps(record),
    ...(record.unknown?.writes ?? []).map(({ at, user, session, kind, fate, gtid }): Cell[] => [
      'unknown',
      `${at} ${user} ${session} ${kind}: ${fate}${gtid === null ? '' : ` ${gtid}`}`,
    ]),
    ['gtid_before', record.gtid.before],
    ['gtid_after', record.gtid.after],
  ];
}
