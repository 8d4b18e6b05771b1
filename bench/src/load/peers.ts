import { resolve } from 'node:path';
import { type Cluster, fetchTool, poolConfig, startMySwitch } from '@myswitch/testkit';
import { childrenOf } from './cpu';
import { startHAProxy } from './haproxy';

/** A way to the primary. */
export interface Peer {
  readonly name: string;
  readonly port: number;
  /** The processes that carry the bytes. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/**
 * MySwitch with one worker, HAProxy with one thread, and the server itself: in the order in which they take turns.
 * @param against a built checkout of another state, which takes turns too
 */
export async function startPeers(cluster: Cluster, against: string | null): Promise<Peer[]> {
  const [primary] = cluster.nodes;
  if (primary === undefined) throw new RangeError('a cluster has a primary');
  const peers = [await startOne('myswitch', cluster, undefined)];
  if (against !== null) peers.push(await startOne('against', cluster, resolve(against)));
  const haproxy = await startHAProxy(await fetchTool('haproxy', console.error), primary.port);
  return [
    ...peers,
    { name: 'haproxy', port: haproxy.port, pids: [haproxy.pid], stop: () => haproxy.stop() },
    { name: 'direct', port: primary.port, pids: [], stop: async () => {} },
  ];
}

async function startOne(name: string, cluster: Cluster, checkout: string | undefined): Promise<Peer> {
  const { config, ports } = await poolConfig(cluster, {}, 1);
  const mySwitch = await startMySwitch({ config, ...(checkout !== undefined && { checkout }) });
  const workers = childrenOf(mySwitch.pid ?? 0);
  if (workers.length !== 1) throw new Error(`MySwitch has ${workers.length} workers, not 1`);
  return { name, port: ports.pool, pids: workers, stop: async () => void (await mySwitch.stop()) };
}
