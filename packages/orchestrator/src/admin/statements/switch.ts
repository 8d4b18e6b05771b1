import type { FlightRecord } from '../../report';
import { requirePool, type AdminContext, type AdminSession } from '../context';
import type { Reply } from '../reply';
import type { Statement } from '../statement';

type SwitchStatement = Extract<Statement, { kind: 'check' | 'switch' }>;

/** CHECK SWITCH: a row for each guardrail; the last row is `answer` with the JSON of the check. */
export async function checkSwitch(
  context: AdminContext,
  session: AdminSession,
  { pool, options }: SwitchStatement,
  reply: Reply,
): Promise<void> {
  requirePool(context, pool);
  const report = await context.control.check(pool, { ...options, by: session.by });
  reply.table(
    ['code', { name: 'ok', type: 'integer' }, 'message'],
    [
      ...report.guardrails.map(({ code, ok, message }) => [code, ok, message]),
      ['answer', report.answer === 'go', JSON.stringify(report)],
    ],
  );
}

/** SWITCH: a row for each thing that happens, when it happens; the last row is `result` with the flight record as JSON. */
export async function runSwitch(
  context: AdminContext,
  session: AdminSession,
  { pool, options }: SwitchStatement,
  reply: Reply,
  abort: AbortSignal,
): Promise<void> {
  requirePool(context, pool);
  reply.columns(['step', 'state', { name: 'ms', type: 'number' }, 'detail']);
  const record: FlightRecord = await context.control.switch(
    pool,
    { ...options, by: session.by },
    ({ step, state, ms, detail }) => reply.row([step, state, ms, detail]),
    abort,
  );
  reply.row(['result', record.result, record.holdMs, JSON.stringify(record)]);
  reply.end();
}
