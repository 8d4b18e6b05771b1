import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/clock';
import { discoverWith, WALK_LIMITS } from '../src/discovery/discover';
import type { PoolOptions } from '../src/options';
import { writeTopologyRecord } from '../src/state/topology-record';
import { node, topology } from './support/nodes';
import { at, fake, World } from './support/world';

const OF_DISCOVERY = ['answer', 'hostname', 'uptimeSeconds', 'replicationUsers', 'problems'];

test('a node of a running pool is told as one of a discovered tree', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'myswitch-record-'));
  try {
    const nodes = ['db1', 'db2'].map((name) => ({
      name,
      host: name,
      port: 3306,
      replication: { host: name, port: 3306 },
    }));
    const pool = { name: 'shop', nodes, replication: { user: 'repl', password: 'secret' } } as unknown as PoolOptions;
    const seen = topology(node('db1', false), node('db2', true, ['db1']));
    await writeTopologyRecord(folder, { pool, active: 'db1', topology: seen, switchId: null, at: 0 });
    const text = readFileSync(join(folder, 'shop.topology.json'), 'utf8');
    expect(text).not.toContain('secret');
    const record = JSON.parse(text) as { nodes: { sources: object[] }[] };
    const world = new World([fake(1), fake(2, [1])]);
    const lacking = (): Promise<string> => Promise.resolve('');
    const found = await discoverWith(at(1), { ask: world.ask, lacking }, WALK_LIMITS, systemClock);
    const keys = (each: object | undefined, without: readonly string[]): string[] =>
      Object.keys(each ?? {}).filter((key) => !without.includes(key));
    expect(keys(record.nodes[1], ['byHand'])).toEqual(keys(found.nodes[1], OF_DISCOVERY));
    const source = record.nodes[1]?.sources[0];
    expect(source).toMatchObject({ node: 'db1', receiving: true });
    expect(keys(source, [])).toEqual(keys(found.nodes[1]?.sources[0], []));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
