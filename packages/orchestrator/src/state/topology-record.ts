import { join } from 'node:path';
import { formatAddress } from '../link/address';
import { dialectFor } from '../dialects';
import type { PoolOptions } from '../options';
import { channelFrom, roleOf, viewOf, type NodeView, type Topology } from '../watch/topology';
import { describeNode, describeSource, type NodeDocument, type SourceDocument } from '../watch/topology-document';
import { fileName, writeAtomically } from './atomic-file';

/** As in a discovered tree, and the statements that make it follow ACTIVE. */
interface NodeRecord extends NodeDocument {
  readonly byHand: readonly string[];
}

interface Situation {
  readonly pool: PoolOptions;
  readonly active: string | null;
  readonly topology: Topology;
  /** The switch that led to it. */
  readonly switchId: string | null;
  readonly at: number;
}

/** stateDir/POOL.topology.json: who follows whom, as `discover --json` tells it, and the exact SQL to make it so by hand. It holds no password. */
export async function writeTopologyRecord(stateDir: string, situation: Situation): Promise<void> {
  const { pool, topology, active, switchId, at } = situation;
  const primary = active === null ? undefined : viewOf(topology, active);
  const record = {
    pool: pool.name,
    at: new Date(at).toISOString(),
    switch: switchId,
    active,
    nodes: pool.nodes.map((options): NodeRecord => {
      const node = viewOf(topology, options.name);
      const channel = node === undefined || primary === undefined ? undefined : channelFrom(node, primary);
      const named = {
        name: options.name,
        address: formatAddress(options),
        role: node === undefined ? ('unknown' as const) : roleOf(topology, node),
      };
      return {
        ...describeNode(named, node?.observation ?? null, sourcesOf(topology, node)),
        byHand: byHand(situation, options.name, channel?.name ?? ''),
      };
    }),
  };
  await writeAtomically(join(stateDir, `${fileName(pool.name)}.topology.json`), `${JSON.stringify(record, null, 2)}\n`);
}

const sourcesOf = (topology: Topology, node: NodeView | undefined): readonly SourceDocument[] =>
  (node?.observation?.channels ?? []).map((channel) => {
    const source = topology.nodes.find(({ observation }) => observation?.identity === channel.sourceIdentity);
    const address = formatAddress({ host: channel.sourceHost, port: channel.sourcePort });
    return describeSource(channel, source?.name ?? null, address);
  });

function byHand({ pool, active, topology }: Situation, node: string, channel: string): readonly string[] {
  const source = pool.nodes.find(({ name }) => name === active);
  const kind = viewOf(topology, node)?.observation?.kind;
  if (source === undefined || node === active || kind === undefined) {
    return [];
  }
  return dialectFor(kind).followByHand(channel, source.replication, pool.replication?.user ?? '…');
}
