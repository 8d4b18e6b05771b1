import type {
  CheckReport,
  FailoverCheck,
  FlightRecord,
  NodeReport,
  PoolEvent,
  PoolRecord,
  PoolReport,
  RejoinReport,
} from '@myswitch/orchestrator';
import type { RowDataPacket } from 'mysql2';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';

/** SHOW POOLS and SHOW NODES back to the shape of the contract. */
export function poolReports(pools: readonly RowDataPacket[], nodes: readonly RowDataPacket[]): PoolReport[] {
  return pools.map((pool) => ({
    name: pool['name'],
    epoch: pool['epoch'],
    active: pool['active'],
    gate: pool['gate'],
    status: pool['status'],
    clients: pool['clients'],
    held: pool['held'],
    frozen: pool['frozen'],
    pausedUntil: pool['paused_until'],
    nodes: nodes.filter((node) => node['pool'] === pool['name']).map(nodeReport),
  }));
}

export function nodeReport(node: RowDataPacket): NodeReport {
  return {
    name: node['name'],
    address: node['address'],
    type: node['type'],
    state: node['state'],
    status: node['status'],
    role: node['role'],
    readOnly: node['read_only'] === null ? null : node['read_only'] === 1,
    lagSeconds: node['lag_seconds'],
    heartbeatLagSeconds: node['heartbeat_lag_seconds'],
    gtid: node['gtid'],
    errors: node['errors'],
    lastPoll: node['last_poll'],
    latePolls: node['late_polls'],
    uptimeSeconds: node['uptime_seconds'],
    restarted: node['restarted'],
    message: node['message'],
    clients: node['clients'],
    idleBackends: node['idle_backends'],
    up: node['up'],
    weight: node['weight'],
    set: node['set'] === null ? null : JSON.parse(node['set']),
  };
}

/** A row of SHOW EVENTS. */
export function poolEvent(row: RowDataPacket): PoolEvent {
  return {
    at: row['at'],
    pool: row['pool'],
    kind: row['kind'],
    node: row['node'],
    by: row['by'],
    message: row['message'],
    facts: JSON.parse(row['facts']),
  };
}

/** The JSON in the last row of CHECK SWITCH. */
export function checkReport(rows: readonly RowDataPacket[]): CheckReport {
  return JSON.parse(lastCell(rows, 'code', 'answer', 'message'));
}

/** The JSON in the last row of CHECK FAILOVER. */
export function failoverCheck(rows: readonly RowDataPacket[]): FailoverCheck {
  return JSON.parse(lastCell(rows, 'code', 'answer', 'message'));
}

/** The JSON in the last row of SWITCH. */
export function switchRecord(rows: readonly RowDataPacket[]): FlightRecord {
  return JSON.parse(lastCell(rows, 'step', 'result', 'detail'));
}

/** The JSON in the last row of REJOIN. */
export function rejoinReport(rows: readonly RowDataPacket[]): RejoinReport {
  return JSON.parse(lastCell(rows, 'step', 'result', 'detail'));
}

/** The JSON in the last row of SHOW SWITCH. */
export function storedRecord(rows: readonly RowDataPacket[]): PoolRecord {
  return JSON.parse(lastCell(rows, 'item', 'record', 'value'));
}

function lastCell(rows: readonly RowDataPacket[], keyColumn: string, key: string, column: string): string {
  const last = rows.at(-1);
  if (last?.[keyColumn] !== key) {
    throw new CliError('SERVER_ERROR', ExitCode.INTERNAL, `the admin port's answer has no row "${key}" at its end`);
  }
  return String(last[column]);
}
