import { join } from 'node:path';
import { dialectFor } from '../dialects';
import type { PoolOptions } from '../options';
import { channelFrom, roleOf, viewOf, type Topology } from '../topology';
import { fileName, writeAtomically } from './atomic-file';

interface Situation {
  readonly pool: PoolOptions;
  readonly active: string | null;
  readonly topology: Topology;
  /** The switch that led to it. */
  readonly switchId: string | null;
  readonly at: number;
}

/** stateDir/POOL.topology.json: who follows whom, and the exact SQL to make it so by hand. It holds no password. */
export async function writeTopologyRecord(stateDir: string, situation: Situation): Promise<void> {
  const { pool, topology, active, switchId, at } = situation;
  const primary = active === null ? undefined : viewOf(topology, active);
  const record = {
    pool: pool.name,
    at: new Date(at).toISOString(),
    switch: switchId,
    active,
    nodes: topology.nodes.map((node) => ({
      name: node.name,
      role: roleOf(topology, node),
      identity: node.observation?.identity ?? null,
      gtid: node.observation?.gtid ?? null,
      byHand: byHand(situation, node.name, primary === undefined ? '' : (channelFrom(node, primary)?.name ?? '')),
    })),
  };
  await writeAtomically(join(stateDir, `${fileName(pool.name)}.topology.json`), `${JSON.stringify(record, null, 2)}\n`);
}

function byHand({ pool, active, topology }: Situation, node: string, channel: string): readonly string[] {
  const source = pool.nodes.find(({ name }) => name === active);
  const kind = viewOf(topology, node)?.observation?.kind;
  if (source === undefined || node === active || kind === undefined) {
    return [];
  }
  return dialectFor(kind).followByHand(channel, source.replication, pool.replication?.user ?? '…');
}
