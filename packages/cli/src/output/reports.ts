import type {
  CheckReport,
  CodedMessage,
  FlightRecord,
  NodeReport,
  PoolEvent,
  PoolReport,
  WriteFate,
} from '@myswitch/orchestrator';
import { ms } from './numbers';
import { describeLost } from './rejoin';
import { printable } from './printable';
import { table } from './table';

export function describePools(pools: readonly PoolReport[]): string {
  return pools.map(describePool).join('\n\n');
}

function describePool(pool: PoolReport): string {
  const active = pool.active ?? 'none';
  const head = `${pool.name}  ${pool.status}  active ${active}  gate ${pool.gate}  clients ${pool.clients}  held ${pool.held}  epoch ${pool.epoch}`;
  const frozen = pool.frozen === null ? [] : [`  frozen: ${pool.frozen}`];
  const paused = pool.pausedUntil === null ? [] : [`  paused until ${pool.pausedUntil}`];
  return [head, ...frozen, ...paused, indent(describeNodes(pool.nodes))].join('\n');
}

export function describeNodes(nodes: readonly NodeReport[]): string {
  return table(
    ['node', 'address', 'type', 'state', 'status', 'role', 'read-only', 'lag', 'clients', 'idle backends', 'message'],
    nodes.map((node) => [
      node.name,
      node.address,
      node.type,
      node.state,
      node.status,
      node.role,
      node.readOnly === null ? null : node.readOnly ? 'yes' : 'no',
      node.lagSeconds === null ? null : `${node.lagSeconds} s`,
      node.clients,
      node.idleBackends,
      node.message,
    ]),
  );
}

export function describeEvents(events: readonly PoolEvent[]): string {
  if (events.length === 0) return 'nothing happened yet';
  return table(
    ['at', 'pool', 'kind', 'node', 'by', 'message'],
    events.map(({ at, pool, kind, node, by, message }) => [at, pool, kind, node, by, printable(message)]),
  );
}

export function describeCheck(report: CheckReport): string {
  const direction = `${report.pool}: ${report.from ?? '?'} -> ${report.to ?? '?'}`;
  const parts = [
    direction,
    indent(
      table(
        ['guardrail', 'answer', 'message'],
        report.guardrails.map(({ code, ok, message }) => [code, ok ? 'ok' : 'NO', message]),
      ),
    ),
  ];
  if (report.blocking.length > 0) {
    const rows = report.blocking.map(({ session, user, client, kind, reason, ageMs }) => [
      session,
      user,
      client,
      kind,
      reason,
      `${(ageMs / 1_000).toFixed(1)} s`,
    ]);
    parts.push('sessions to wait for:', indent(table(['session', 'user', 'client', 'kind', 'reason', 'age'], rows)));
  }
  parts.push(
    report.answer === 'go' ? `go: predicted hold ${ms(report.predictedHoldMs)}` : 'refuse:',
    ...listed('', report.answer === 'go' ? [] : report.guardrails.filter(({ ok }) => !ok)),
  );
  return parts.join('\n');
}

export function describeHistory(records: readonly FlightRecord[]): string {
  if (records.length === 0) return 'no switch yet';
  return table(
    ['id', 'started', 'pool', 'from', 'to', 'result', 'hold', 'stall p99', 'moved', 'killed', 'by', 'reasons'],
    records.map((record) => [
      record.id,
      record.startedAt,
      record.pool,
      record.from,
      record.to,
      record.result,
      ms(record.holdMs),
      ms(record.stallMs.p99),
      record.moved,
      record.killed,
      record.by,
      record.reasons.map(({ code }) => code).join(','),
    ]),
  );
}

/** One record, all of it. */
export function describeRecord(record: FlightRecord): string {
  const { id, by, startedAt, held, moved, pinned, killed, gtid, steps } = record;
  const parts = [
    `${id}  started ${startedAt} by ${by}`,
    describeOutcome(record),
    `  held ${held}  moved ${moved}  pinned ${pinned}  killed ${killed}`,
    `  GTID before ${gtid.before ?? '-'}, after ${gtid.after ?? '-'}`,
  ];
  if (steps.length > 0) {
    const rows = steps.map((step) => [step.name, Number(step.ms.toFixed(1)), step.ok ? 'ok' : 'FAILED']);
    parts.push(indent(table(['step', 'ms', 'answer'], rows)));
  }
  parts.push(...describeUnknown(record), ...describeLost(record.lost ?? null));
  return parts.join('\n');
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
    switched: (direction, figures, moved) => `switched ${direction}: ${figures}, ${moved} clients moved`,
    refused: (direction) => `refused to switch ${direction}: nothing was changed`,
    'rolled-back': (direction, figures) => `rolled back the switch of ${direction}: the old primary serves; ${figures}`,
    failed: (direction) => `FAILED to switch ${direction}: an operator is needed`,
  },
  failover: {
    switched: (direction, figures, moved) => `failed over ${direction}: ${figures}, ${moved} clients moved`,
    refused: (direction) => `refused to fail over ${direction}: nothing was changed`,
    'rolled-back': (direction) => `took back the failover of ${direction}: nobody was promoted`,
    failed: (direction) => `FAILED to fail over ${direction}: an operator is needed`,
  },
};

function listed(prefix: string, messages: readonly CodedMessage[]): string[] {
  return messages.map(({ code, message }) => `  ${prefix}${code}: ${message}`);
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
