import { formatAddress } from './address';
import type { PlaneStats } from './data-plane';
import type { NodeOptions, PoolOptions } from './options';
import type { NodeReport, PoolReport } from './report';
import { channelFrom, neverSeen, roleOf, viewOf, type NodeView, type Topology } from './topology';

export interface Situation {
  readonly pool: PoolOptions;
  readonly topology: Topology;
  readonly active: string | null;
  readonly epoch: number;
  readonly stats: PlaneStats;
}

/** `status --json` of one pool. */
export function reportPool(situation: Situation): PoolReport {
  const { pool, topology, active, epoch, stats } = situation;
  const primary = active === null ? undefined : viewOf(topology, active);
  return {
    name: pool.name,
    epoch,
    active,
    gate: stats.gate,
    status: primary?.standing.status ?? 'FAIL',
    clients: stats.clients,
    held: stats.held,
    nodes: pool.nodes.map((options) => reportNode(situation, options, primary)),
  };
}

const readOnlyActive = (node: NodeView, active: string | null): string | null =>
  node.name === active && node.observation?.readOnly === true ? 'it is ACTIVE but read-only' : null;

function reportNode(
  { topology, active, stats }: Situation,
  options: NodeOptions,
  primary: NodeView | undefined,
): NodeReport {
  const node = viewOf(topology, options.name) ?? neverSeen(options);
  const { standing } = node;
  const channel = primary === undefined || primary.name === node.name ? undefined : channelFrom(node, primary);
  const plane = stats.nodes[node.name];
  return {
    name: node.name,
    address: formatAddress(options),
    type: options.type,
    state: standing.state,
    status: standing.status,
    role: roleOf(topology, node),
    readOnly: node.observation?.readOnly ?? null,
    lagSeconds: channel?.lagSeconds ?? null,
    gtid: node.observation?.gtid ?? null,
    errors: standing.errors,
    lastPoll: node.lastPoll === null ? null : new Date(node.lastPoll).toISOString(),
    message: standing.message ?? node.error ?? channel?.lastError ?? readOnlyActive(node, active),
    clients: plane?.clients ?? 0,
    idleBackends: plane?.idleBackends ?? 0,
  };
}
