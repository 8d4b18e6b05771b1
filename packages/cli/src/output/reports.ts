import type { CheckReport, NodeReport, PoolEvent, PoolReport } from '@myswitch/orchestrator';
import { ms } from './numbers';
import { indent, listed } from './lines';
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
