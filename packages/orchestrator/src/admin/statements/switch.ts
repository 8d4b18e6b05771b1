import type { CheckReport, FailoverCheck, FlightRecord, StepEvent } from '../../report';
import { requirePool, type AdminContext, type AdminSession } from '../context';
import type { Reply } from '../reply';
import type { MoveBack, Statement } from '../statement';

type SwitchStatement = Extract<Statement, { kind: 'check' | 'switch' }>;
type FailoverStatement = Extract<Statement, { kind: 'failover' | 'check-failover' }>;

/** CHECK SWITCH: a row for each guardrail; the last row is `answer` with the JSON of the check. */
export async function checkSwitch(
  context: AdminContext,
  session: AdminSession,
  { pool, options }: SwitchStatement,
  reply: Reply,
): Promise<void> {
  requirePool(context, pool);
  tellCheck(await context.control.check(pool, { ...options, by: session.by }), reply);
}

/** CHECK FAILOVER: the same, with a row for each step that decides. */
export async function checkFailover(
  context: AdminContext,
  session: AdminSession,
  { pool, options }: FailoverStatement,
  reply: Reply,
): Promise<void> {
  requirePool(context, pool);
  tellCheck(await context.control.checkFailover(pool, { ...options, by: session.by }), reply);
}

function tellCheck(report: CheckReport | FailoverCheck, reply: Reply): void {
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
  await fly(reply, (onStep) => context.control.switch(pool, { ...options, by: session.by }, onStep, abort));
}

/** FAILOVER: the same rows. Once it has begun nothing stops it: half of it would leave nobody who writes. */
export async function runFailover(
  context: AdminContext,
  session: AdminSession,
  { pool, options }: FailoverStatement,
  reply: Reply,
): Promise<void> {
  requirePool(context, pool);
  await fly(reply, (onStep) => context.control.failover(pool, { ...options, by: session.by }, onStep));
}

/** SWITCHBACK, ACTIVATE PRIMARY: the same rows. */
export async function runMoveBack(
  context: AdminContext,
  session: AdminSession,
  { kind, pool, options }: Extract<Statement, { kind: MoveBack }>,
  reply: Reply,
  abort: AbortSignal,
): Promise<void> {
  requirePool(context, pool);
  const request = { ...options, by: session.by };
  const { control } = context;
  await fly(reply, (onStep) =>
    kind === 'switchback'
      ? control.switchback(pool, request, onStep, abort)
      : control.activatePrimary(pool, request, onStep, abort),
  );
}

async function fly(reply: Reply, go: (onStep: (event: StepEvent) => void) => Promise<FlightRecord>): Promise<void> {
  reply.columns(['step', 'state', { name: 'ms', type: 'number' }, 'detail']);
  const record = await go(({ step, state, ms, detail }) => reply.row([step, state, ms, detail]));
  reply.row(['result', record.result, record.holdMs, JSON.stringify(record)]);
  reply.end();
}
