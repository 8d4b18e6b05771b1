import type {
  CheckReport,
  FailoverCheck,
  GuardrailAnswer,
  NodeReport,
  PoolEvent,
  PoolReport,
} from '@myswitch/orchestrator';
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
      lagOf(node),
      node.clients,
      node.idleBackends,
      node.message,
    ]),
  );
}

/** The server's own figure, and the heartbeat's where it says more. */
function lagOf({ lagSeconds, heartbeatLagSeconds }: NodeReport): string | null {
  const own = lagSeconds === null ? null : `${lagSeconds} s`;
  const more = heartbeatLagSeconds !== null && heartbeatLagSeconds >= (lagSeconds ?? 0) + 1;
  return more ? `${own ?? '?'} (heartbeat ${heartbeatLagSeconds.toFixed(1)} s)` : own;
}

export function describeEvents(events: readonly PoolEvent[]): string {
  if (events.length === 0) return 'nothing happened yet';
  return table(
    ['at', 'pool', 'kind', 'node', 'by', 'message'],
    events.map(({ at, pool, kind, node, by, message }) => [at, pool, kind, node, by, printable(message)]),
  );
}

export function describeCheck(report: CheckReport): string {
  const parts = guardrailsOf(report);
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

/** What a failover would do. `now`: milliseconds since 1970 */
export function describeFailoverCheck(report: FailoverCheck, now: number): string {
  const { from, to, answer, guardrails, warnings, lastAnswer } = report;
  const parts = guardrailsOf(report);
  if (answer === 'refuse')
    return [
      ...parts,
      'refuse:',
      ...listed(
        '',
        guardrails.filter(({ ok }) => !ok),
      ),
    ].join('\n');
  const dead = from ?? '?';
  const since = lastAnswer === null ? '' : ` at ${lastAnswer}, ${ago(now - Date.parse(lastAnswer))}`;
  const answered =
    lastAnswer === null ? `${dead} has not answered since MySwitch was started` : `${dead} answered last${since}`;
  return [
    ...parts,
    `go: ${to ?? '?'} takes over; ${answered}`,
    ...listed('', warnings),
    `  lost: what ${dead} committed and nobody received${warnings.length === 0 ? '; nothing else that is known' : ', and the above'}`,
  ].join('\n');
}

const ago = (age: number): string => `${Math.max(0, Math.round(age / 1000))} s ago`;

interface Checked {
  readonly pool: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly guardrails: readonly GuardrailAnswer[];
}

const guardrailsOf = ({ pool, from, to, guardrails }: Checked): string[] => [
  `${pool}: ${from ?? '?'} -> ${to ?? '?'}`,
  indent(
    table(
      ['guardrail', 'answer', 'message'],
      guardrails.map(({ code, ok, message }) => [code, ok ? 'ok' : 'NO', message]),
    ),
  ),
];
