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

/** MySwitch with one worker, HAProxy with one thread, and the server itself: in the order in which they take turns. */
export async function startPeers(cluster: Cluster): Promise<Peer[]> {
  const [primary] = cluster.nodes;
  if (primary === undefined) throw new RangeError('a cluster has a primary');
  const { config, ports } = await poolConfig(cluster, {}, 1);
  const mySwitch = await startMySwitch({ config });
  const workers = childrenOf(mySwitch.pid ?? 0);
  if (workers.length !== 1) throw new Error(`MySwitch has ${workers.length} workers, not 1`);
  const haproxy = await startHAProxy(await fetchTool('haproxy', console.error), primary.port);
  return [
    { name: 'myswitch', port: ports.pool, pids: workers, stop: async () => void (await mySwitch.stop()) },
    { name: 'haproxy', port: haproxy.port, pids: [haproxy.pid], stop: () => haproxy.stop() },
    { name: 'direct', port: primary.port, pids: [], stop: async () => {} },
  ];
}
