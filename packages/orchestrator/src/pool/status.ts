import { formatAddress } from '../link/address';
import type { PlaneStats } from '../data-plane';
import type { NodeOptions, PoolOptions } from '../options';
import type { NodeReport, NodeStatus, PoolReport } from '../report';
import {
  channelFrom,
  neverSeen,
  roleOf,
  standingOf,
  typeOf,
  viewOf,
  type NodeView,
  type Topology,
} from '../watch/topology';

export interface Situation {
  readonly pool: PoolOptions;
  readonly topology: Topology;
  readonly active: string | null;
  readonly epoch: number;
  readonly stats: PlaneStats;
  readonly frozen: string | null;
  readonly pausedUntil: string | null;
  /** By the monotonic clock. */
  readonly now: number;
}

/** `status --json` of one pool. */
export function reportPool(situation: Situation): PoolReport {
  const { pool, topology, active, epoch, stats, frozen, pausedUntil } = situation;
  const primary = active === null ? undefined : viewOf(topology, active);
  return {
    name: pool.name,
    epoch,
    active,
    gate: stats.gate,
    status: primary === undefined ? 'FAIL' : standingOf(primary).status,
    clients: stats.clients,
    held: stats.held,
    frozen,
    pausedUntil,
    nodes: pool.nodes.map((options) => reportNode(situation, options, primary)),
  };
}

const readOnlyActive = (node: NodeView, active: string | null): string | null =>
  node.name === active && node.observation?.readOnly === true ? 'it is ACTIVE but read-only' : null;

function reportNode(
  { topology, active, stats, now }: Situation,
  options: NodeOptions,
  primary: NodeView | undefined,
): NodeReport {
  const node = viewOf(topology, options.name) ?? neverSeen(options);
  const standing = standingOf(node);
  // what a node was like when it was last seen says nothing of it now
  const seen = node.reachable ? node.observation : null;
  const channel =
    seen === null || primary === undefined || primary.name === node.name ? undefined : channelFrom(node, primary);
  const plane = stats.nodes[node.name];
  const { since } = node.runs;
  return {
    name: node.name,
    address: formatAddress(options),
    type: typeOf(node),
    state: standing.state,
    status: standing.status,
    role: seen === null ? 'unknown' : roleOf(topology, node),
    readOnly: seen?.readOnly ?? null,
    lagSeconds: channel?.lagSeconds ?? null,
    heartbeatLagSeconds: seen === null ? null : seconds(node.pulse.lagMs),
    gtid: seen?.gtid ?? null,
    errors: standing.errors,
    lastPoll: isoOf(node.lastPoll),
    latePolls: node.latePolls,
    uptimeSeconds: node.reachable && since !== null ? Math.floor((now - since.latest) / 1000) : null,
    restarted: isoOf(node.runs.restartedAt),
    message: standing.message ?? node.error ?? channel?.lastError ?? readOnlyActive(node, active),
    clients: plane?.clients ?? 0,
    idleBackends: plane?.idleBackends ?? 0,
    up: upOf(node),
    weight: node.override?.weight ?? options.weight,
    set: node.override,
  };
}

const isoOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** To the millisecond. */
const seconds = (ms: number | null): number | null => (ms === null ? null : Math.round(ms) / 1000);

const SERVING: ReadonlySet<NodeStatus> = new Set(['OK', 'OK_INFO', 'OK_WARN']);

/** An ACTIVE in good or fair health takes reads and writes; a STANDBY reads, as long as it receives and applies. */
function upOf(node: NodeView): NodeReport['up'] {
  const { state, status } = standingOf(node);
  if (!SERVING.has(status)) return null;
  if (state === 'ACTIVE') return 'rw';
  const channels = node.observation?.channels ?? [];
  const replicates = channels.length > 0 && channels.every(({ receiving, applying }) => receiving && applying);
  return state === 'STANDBY' && node.reachable && replicates ? 'ro' : null;
}
