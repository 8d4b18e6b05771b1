import type { FlightRecord } from '../../report';
import { requirePool, type AdminContext } from '../context';
import { codedError } from '../errors';
import type { Cell, Reply } from '../reply';

/** SHOW SWITCHES: a row for each flight record, the oldest first as the control plane has them. */
export async function showSwitches(context: AdminContext, pool: string | null, reply: Reply): Promise<void> {
  if (pool !== null) requirePool(context, pool);
  const records = await context.control.history(pool ?? undefined);
  reply.table(
    [
      'id',
      'pool',
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
    records.map((record) => [
      record.id,
      record.pool,
      record.from,
      record.to,
      record.by,
      record.startedAt,
      record.result,
      record.holdMs,
      record.stallMs.p99,
      record.moved,
      record.killed,
      record.reasons.map(({ code }) => code).join(','),
    ]),
  );
}

/** SHOW SWITCH 'id': one record, a row for each figure; the last row is `record` with its JSON. */
export async function showSwitch({ control }: AdminContext, id: string, reply: Reply): Promise<void> {
  const record = await control.show(id);
  if (record === null) throw codedError('UNKNOWN_SWITCH', `there is no record of a switch "${id}"`);
  reply.table(['item', 'value'], [...figures(record), ['record', JSON.stringify(record)]]);
}

function figures(record: FlightRecord): Cell[][] {
  return [
    ['id', record.id],
    ['pool', record.pool],
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
    ...record.steps.map(({ name, ms, ok }): Cell[] => [`step ${name}`, `${ms} ms${ok ? '' : ', failed'}`]),
    ...record.reasons.map(({ code, message }): Cell[] => ['reason', `${code}: ${message}`]),
    ...record.warnings.map(({ code, message }): Cell[] => ['warning', `${code}: ${message}`]),
    ...(record.unknown?.writes ?? []).map(({ at, user, session, kind, fate, gtid }): Cell[] => [
      'unknown',
      `${at} ${user} ${session} ${kind}: ${fate}${gtid === null ? '' : ` ${gtid}`}`,
    ]),
    ['gtid_before', record.gtid.before],
    ['gtid_after', record.gtid.after],
  ];
}
